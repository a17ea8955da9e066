"""The address at which a disk's bytes can be had for a while, asked for anew before it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

SECONDS = 4 * 3600
"""Addresses are secrets, so none is good for long; a copy that takes longer asks for the next."""

MARGIN_SECONDS = 300
"""Before the end: clocks differ, and a request under way must still be answered."""


class Access:
    """One such address at a time. Safe to use from many threads.

    The service's addresses do not tell when they end, so that is counted from when one was asked
    for.
    """

    def __init__(self, grant: Callable[[int], str]) -> None:
        self._grant = grant
        self._lock = threading.Lock()
        self._url: str | None = None
        self._ends = 0.0

    def url(self) -> str:
        """Return an address that is good for some minutes at least."""
        with self._lock:
            if self._url is None or time.monotonic() > self._ends - MARGIN_SECONDS:
                self._renew()
            assert self._url is not None
            return self._url

    @property
    def was_used(self) -> bool:
        """Whether an address was ever given out."""
        return self._url is not None

    def refused(self, url: str) -> None:
        """Be told that an address is no good any more: unless there is another, ask for one."""
        with self._lock:
            if self._url == url:
                self._renew()

    def _renew(self) -> None:
        asked = time.monotonic()
        self._url = self._grant(SECONDS)
        self._ends = asked + SECONDS
