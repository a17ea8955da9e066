"""How far a copy is: facts given to a callback, never printed here."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from broker.disks.contract import Source
from broker.model.base import Bytes, Strict

INTERVAL_S = 0.2
"""Five events a second: enough for a moving bar, nothing for a log."""

_MEMORY_S = 5.0
"""The rate forgets what is older: it follows a link that slows down, without jumping."""


class Progress(Strict):
    """One moment of a copy, or of reading a disk back.

    ``total`` and ``seconds_left`` are None until the source's extents have been counted.
    """

    done: Bytes
    total: Bytes | None
    bytes_per_second: float
    seconds_left: float | None


Callback = Callable[[Progress], None]


@dataclass(slots=True)
class Tally:
    """What one thread has done. It alone writes it, so adding needs no lock."""

    blocks: int = 0
    read: int = 0
    sent: int = 0
    skipped: int = 0


class Meter:
    """Adds up the threads' tallies and tells ``callback``, from one thread, as time passes."""

    def __init__(self, callback: Callback, tallies: list[Tally]) -> None:
        self._callback = callback
        self._tallies = tallies
        self._total: int | None = None
        self._rate = 0.0
        self._done = 0
        self._told = time.monotonic()

    def count(self, source: Source, stopped: Callable[[], bool]) -> None:
        """Count the data in ``source`` while the threads are already at work."""
        total = 0
        for extent in source.extents():
            total += 0 if extent.zero else extent.length
            if stopped():
                return
            self.tick()
        self._total = total

    def tick(self) -> None:
        """Tell where we are, unless that was told a moment ago."""
        if time.monotonic() - self._told >= INTERVAL_S:
            self.tell()

    def tell(self) -> None:
        """Tell where we are now."""
        now = time.monotonic()
        done = sum(tally.read for tally in self._tallies)
        passed = max(now - self._told, 1e-6)
        latest = (done - self._done) / passed
        weight = min(1.0, passed / _MEMORY_S) if self._done else 1.0
        self._rate += weight * (latest - self._rate)
        self._told, self._done = now, done
        left = None
        if self._total is not None and self._rate > 0:
            left = max(self._total - done, 0) / self._rate
        self._callback(
            Progress(done=done, total=self._total, bytes_per_second=self._rate, seconds_left=left)
        )
