"""Stay below the rate of calls an account may make."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from broker.adapter.contract import Adapter
from broker.adapter.wrap import Call, wrap

FREE = frozenset({"close", "extents", "pread_into", "pwrite"})
"""Calls that are not counted: providers count those that move a disk's bytes, if at all, against
another and far larger allowance than those that manage resources.
"""


class Rate:
    """A token bucket: ``burst`` calls at once, then ``per_second``.

    Providers count per account and region, which is what one Adapter is; adapters that share those
    share one Rate.
    """

    def __init__(
        self,
        per_second: float,
        burst: int = 1,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._sleep = sleep
        self._tokens = float(burst)
        self._filled_at = clock()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Return when one more call may be made; threads that wait are let through in order."""
        with self._lock:
            now = self._clock()
            earned = (now - self._filled_at) * self._per_second
            self._tokens = min(self._tokens + earned, self._burst) - 1
            self._filled_at = now
            wait = -self._tokens / self._per_second
        if wait > 0:
            self._sleep(wait)


def rate_limited(adapter: Adapter, rate: Rate) -> Adapter:
    """Return an adapter that waits for its turn before each call.

    Where calls are also repeated this one goes inside, ``retrying(rate_limited(adapter, rate))``,
    so that every try waits for its turn.
    """

    def in_turn(call: Call) -> Any:
        if call.name not in FREE:
            rate.take()
        return call()

    return wrap(adapter, in_turn)
