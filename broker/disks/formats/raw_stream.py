"""A raw image written in a single pass: its pieces in order, and every zero in between."""

from __future__ import annotations

import threading
from collections.abc import Callable

from broker.errors import Conflict

Emit = Callable[[bytes], None]

ZEROES = bytes(1024 * 1024)
"""Emitted at a time where nothing was written."""


class RawStream:
    """Emits a disk of ``size`` bytes. ``emit`` is called by one thread at a time."""

    def __init__(self, size: int, emit: Emit) -> None:
        self._size = size
        self._emit = emit
        self._lock = threading.Lock()
        self._at = 0

    def write(self, data: memoryview, offset: int) -> None:
        """Emit what lies before, and the piece; Conflict for one behind what was emitted."""
        with self._lock:
            if offset < self._at:
                raise Conflict(f"a stream at {self._at} cannot go back to {offset}")
            self._skip(offset)
            self._emit(bytes(data))
            self._at += len(data)

    def finish(self) -> int:
        """Emit what is left of the disk, and return its length."""
        with self._lock:
            self._skip(self._size)
            return self._at

    def _skip(self, offset: int) -> None:
        while self._at < offset:
            step = min(len(ZEROES), offset - self._at)
            self._emit(ZEROES[:step])
            self._at += step
