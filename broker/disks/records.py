"""One digest for each block of a disk, in a file, so that memory does not grow with the disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from broker.disks.descriptor import Descriptor
from broker.disks.os_errors import broker_error
from broker.errors import Invalid

RECORD = 32
"""Bytes of a BLAKE3 digest."""

ZERO = bytes(RECORD)
"""The record of a block that reads as zeroes; no digest is ever this."""

_BATCH = 32768
"""Records read at once: 1 MiB, which speaks of 16 GiB of disk."""
_ZEROES = bytearray(_BATCH * RECORD)


class Records:
    """``count`` records behind a header of ``start`` bytes. All are ZERO in a new file.

    Threads may set and get different records at once. What was set survives a killed process, but
    not a power cut.
    """

    def __init__(self, file: Descriptor, count: int, start: int = 0) -> None:
        self.count = count
        self._file: Descriptor | None = file
        self._start = start

    @classmethod
    def temporary(cls, count: int) -> Records:
        """Return records in a file without a name, gone when they are."""
        number, path = tempfile.mkstemp(prefix="interop-records-")
        file = Descriptor(number)
        Path(path).unlink()
        os.ftruncate(file.number, count * RECORD)
        return cls(file, count)

    def __getitem__(self, index: int) -> bytes:
        return self._read(index, 1)

    def __setitem__(self, index: int, record: bytes) -> None:
        file = self._opened()
        try:
            os.pwrite(file.number, record, self._start + index * RECORD)
        except OSError as error:
            raise broker_error(error, "cannot write the digests of a disk") from error

    def batches(self, first: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Yield the records of ``[first, stop)`` in order, many at once, and each batch's first."""
        for at in range(first, stop, _BATCH):
            yield at, self._read(at, min(_BATCH, stop - at))

    def marked(self, first: int, stop: int) -> Iterator[int]:
        """Yield each index in ``[first, stop)`` whose record is not ZERO."""
        for at, batch in self.batches(first, stop):
            if _ZEROES.startswith(batch):
                continue
            for place in range(0, len(batch), RECORD):
                if batch[place : place + RECORD] != ZERO:
                    yield at + place // RECORD

    def close(self) -> None:
        """Let go of the file. May be called twice."""
        self._file = None

    def _read(self, index: int, number: int) -> bytes:
        file = self._opened()
        return os.pread(file.number, number * RECORD, self._start + index * RECORD)

    def _opened(self) -> Descriptor:
        if self._file is None:
            raise Invalid("these digests were closed")
        return self._file
