"""Try again what is worth it, within one budget for the whole account."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

from broker.adapter.contract import Adapter
from broker.adapter.wrap import Call, wrap
from broker.errors import BrokerError, Throttled

FIRST_WAIT = 0.5
"""Seconds the first wait is at most; each later one is at most twice the one before."""

LONGEST_WAIT = 20.0
"""Seconds after which waiting longer only delays noticing that the service is back: the cap that
the AWS SDKs have too.
"""


class Budget:
    """How much trying again one account can afford, for all its calls and threads together.

    ``tries`` is how many repeated calls may fail before the account counts as broken; every call
    that succeeds gives one back. ``seconds`` is how long one call may take, its waits included.
    """

    def __init__(
        self,
        *,
        tries: int = 100,
        seconds: float = 120.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.seconds = seconds
        self.clock = clock
        self.sleep = sleep
        self.jitter = jitter
        self._most = tries
        self._left = tries
        self._lock = threading.Lock()

    @property
    def left(self) -> int:
        """Tries that are left."""
        return self._left

    def spend(self) -> bool:
        """Take one try; False when none is left."""
        with self._lock:
            if not self._left:
                return False
            self._left -= 1
            return True

    def earn(self) -> None:
        """Give one try back."""
        with self._lock:
            self._left = min(self._left + 1, self._most)


def retrying(adapter: Adapter, budget: Budget | None = None) -> Adapter:
    """Return an adapter that repeats calls which failed with a retryable error.

    It waits for a random part of a time that doubles (full jitter: threads that failed together do
    not come back together), and never less than the provider asked for. When the budget is used up
    the last error is raised. Every call of the contract may be made twice, creates by their token.
    """
    shared = budget or Budget()
    return wrap(adapter, lambda call: _try(call, shared))


_inside = threading.local()


def _try(call: Call, budget: Budget) -> Any:
    """A call made inside another one is the outer one's to repeat: tries never multiply."""
    if getattr(_inside, "trying", False):
        return call()
    _inside.trying = True
    try:
        return _repeat(call, budget)
    finally:
        _inside.trying = False


def _repeat(call: Call, budget: Budget) -> Any:
    give_up = budget.clock() + budget.seconds
    longest = FIRST_WAIT
    while True:
        try:
            result = call()
        except BrokerError as error:
            if not error.retryable:
                raise
            wait = budget.jitter(0, longest)
            if isinstance(error, Throttled):
                wait += error.retry_after or 0
            if budget.clock() + wait > give_up or not budget.spend():
                raise
            budget.sleep(wait)
            longest = min(2 * longest, LONGEST_WAIT)
        else:
            budget.earn()
            return result
