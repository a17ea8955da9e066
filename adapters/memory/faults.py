"""What goes wrong on request: the same things that real services do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from fnmatch import fnmatch
from itertools import count

from pydantic import Field, PositiveInt

from broker.errors import AccessDenied, BrokerError, Throttled, Transient
from broker.model import Strict


class FaultKind(StrEnum):
    """What a service can do wrong."""

    THROTTLE = "throttle"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    LOST_ANSWER = "lost_answer"  # it is done, but the caller is not told
    EXPIRED = "expired"
    WRONG_CREDENTIALS = "wrong_credentials"
    CORRUPT = "corrupt"  # bytes that are read are not those that were written


class Fault(Strict):
    """One thing that goes wrong, in the calls whose method's name fits the pattern ``calls``.

    The first ``skip`` of them pass, then ``times`` of them fail; None is all of them. Each page of
    a listing counts as a call.
    """

    kind: FaultKind
    calls: str = "*"
    skip: int = Field(default=0, ge=0)
    times: PositiveInt | None = None
    retry_after: float | None = None

    def error(self) -> BrokerError:
        """Return what the door of a real adapter would make of it."""
        match self.kind:
            case FaultKind.THROTTLE:
                return Throttled(
                    "too many calls", code="RateExceeded", retry_after=self.retry_after
                )
            case FaultKind.TIMEOUT | FaultKind.LOST_ANSWER:
                return Transient("no answer in time", code="Timeout")
            case FaultKind.EXPIRED:
                return AccessDenied("the token has expired", code="ExpiredToken")
            case FaultKind.WRONG_CREDENTIALS:
                return AccessDenied("nobody here has these credentials", code="AuthFailure")
            case _:
                return Transient("something broke inside the service", code="InternalError")


class Faults:
    """The faults of one adapter. Safe to use from many threads."""

    def __init__(self, faults: tuple[Fault, ...] = (), hidden_reads: int = 0) -> None:
        self._active = [(fault, count()) for fault in faults]
        self._hidden_reads = hidden_reads
        self._unseen: dict[str, int] = {}
        self._lock = threading.Lock()

    @contextmanager
    def inject(self, fault: Fault) -> Iterator[None]:
        """Let ``fault`` happen until the end of the block."""
        injected = (fault, count())
        with self._lock:
            self._active.append(injected)
        try:
            yield
        finally:
            with self._lock:
                self._active = [active for active in self._active if active is not injected]

    def before(self, call: str) -> None:
        """Raise what goes wrong before anything is done."""
        self._raise(call, set(FaultKind) - {FaultKind.LOST_ANSWER, FaultKind.CORRUPT})

    def after(self, call: str) -> None:
        """Raise what goes wrong after all is done."""
        self._raise(call, {FaultKind.LOST_ANSWER})

    def corrupts(self, call: str) -> bool:
        """Tell whether this call gives back other bytes than it should."""
        return self._due(call, {FaultKind.CORRUPT}) is not None

    def hide(self, made: str) -> None:
        """Keep a thing that was just made from being seen for a while."""
        if self._hidden_reads:
            with self._lock:
                self._unseen[made] = self._hidden_reads

    def sees(self, thing: str) -> bool:
        """Tell whether a read finds the thing; a hidden one is a read closer to being seen."""
        with self._lock:
            left = self._unseen.get(thing, 0)
            if left:
                self._unseen[thing] = left - 1
            return not left

    def _raise(self, call: str, kinds: set[FaultKind]) -> None:
        if fault := self._due(call, kinds):
            raise fault.error()

    def _due(self, call: str, kinds: set[FaultKind]) -> Fault | None:
        with self._lock:
            for fault, calls in self._active:
                if fault.kind in kinds and fnmatch(call, fault.calls):
                    number = next(calls) - fault.skip
                    if number >= 0 and (fault.times is None or number < fault.times):
                        return fault
        return None
