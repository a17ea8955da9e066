"""The disk inside a stream-optimized VMDK."""

from __future__ import annotations

import struct
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock

from broker.disks.contract import Extent
from broker.disks.formats.ranged import Ranged, exactly, inside, joined
from broker.disks.formats.vmdk import (
    AT_THE_END,
    COMPRESSED,
    ENTRIES,
    GRAIN,
    HEADER,
    MAGIC,
    MARKER,
    SECTOR,
)
from broker.errors import Invalid, Unsupported

SLACK = 4096
"""What deflate and the marker add to a grain at most, rounded up."""

KEPT = 64
"""Tables kept in memory: each speaks of 32 MiB."""

MOST_DIRECTORY = 1 << 22
"""Entries: 128 TiB of disk. More is a broken or hostile file."""


class VmdkDisk:
    """Reads ``file``; Unsupported when it is another kind of VMDK, Invalid when it is broken."""

    def __init__(self, file: Ranged) -> None:
        self._file = file
        self._lock = Lock()
        self._tables: OrderedDict[int, tuple[int, ...]] = OrderedDict()
        header = HEADER.unpack_from(exactly(file, 0, SECTOR))
        if header[0] != MAGIC or not header[2] & COMPRESSED:
            raise Unsupported("this image is not a stream-optimized VMDK")
        if header[9] == AT_THE_END:
            header = HEADER.unpack_from(exactly(file, file.length - 2 * SECTOR, SECTOR))
        magic, _, _, sectors, grain, _, _, entries, _, directory_at, *_ = header
        if magic != MAGIC or grain * SECTOR != GRAIN or entries != ENTRIES:
            raise Invalid("the VMDK's end is missing: its upload was cut short")
        self.size = sectors * SECTOR
        count = -(-self.size // (GRAIN * ENTRIES))
        if count > MOST_DIRECTORY:
            raise Invalid(f"the VMDK says it is {self.size} bytes")
        told = exactly(file, directory_at * SECTOR, 4 * count)
        self._directory = struct.unpack(f"<{count}I", told)

    def extents(self) -> Iterator[Extent]:
        """Yield extents: ascending, touching, together exactly ``[0, size)``."""
        return joined(self._runs(), GRAIN, self.size)

    def pread_into(self, buffer: memoryview, offset: int) -> None:
        """Fill ``buffer`` with the disk's bytes at ``offset``; Invalid beyond the end."""
        inside(self.size, offset, len(buffer))
        if not buffer:
            return
        first, last = offset // GRAIN, (offset + len(buffer) - 1) // GRAIN
        places = [self._place(grain) for grain in range(first, last + 1)]
        for start, stop in _neighbours(places):
            for grain, data in self._grains(first + start, places[start:stop]):
                _lay(buffer, offset, grain * GRAIN, data)

    def _runs(self) -> Iterator[tuple[int, bool]]:
        for number, sector in enumerate(self._directory):
            if not sector:
                yield ENTRIES, True
            else:
                yield from ((1, place == 0) for place in self._table(number))

    def _place(self, grain: int) -> int:
        number, entry = divmod(grain, ENTRIES)
        return self._table(number)[entry] if self._directory[number] else 0

    def _table(self, number: int) -> tuple[int, ...]:
        with self._lock:
            if number in self._tables:
                self._tables.move_to_end(number)
                return self._tables[number]
        told = exactly(self._file, self._directory[number] * SECTOR, 4 * ENTRIES)
        table = struct.unpack(f"<{ENTRIES}I", told)
        with self._lock:
            self._tables[number] = table
            if len(self._tables) > KEPT:
                self._tables.popitem(last=False)
        return table

    def _grains(self, first: int, places: list[int]) -> Iterator[tuple[int, bytes]]:
        """Yield the grains that lie one behind the other in the file, or are zero together."""
        if not places[0]:
            yield from ((first + at, bytes(GRAIN)) for at in range(len(places)))
            return
        start = places[0] * SECTOR
        stop = min(places[-1] * SECTOR + GRAIN + SLACK, self._file.length)
        data = memoryview(exactly(self._file, start, stop - start))
        for at, place in enumerate(places):
            yield first + at, _unpacked(data[place * SECTOR - start :])


def _neighbours(places: list[int]) -> Iterator[tuple[int, int]]:
    """Cut into runs that are all zero, or ascend without a gap between them."""
    start = 0
    for at in range(1, len(places) + 1):
        if at == len(places) or not _touch(places[at - 1], places[at]):
            yield start, at
            start = at


def _touch(one: int, next_one: int) -> bool:
    if not one or not next_one:
        return one == next_one
    return 0 < (next_one - one) * SECTOR <= GRAIN + SLACK


def _unpacked(data: memoryview) -> bytes:
    _, length = MARKER.unpack_from(data)
    packed = data[MARKER.size : MARKER.size + length]
    try:
        grain = zlib.decompressobj().decompress(packed, GRAIN)
    except zlib.error as error:
        raise Invalid(f"the VMDK is broken: {error}") from error
    if len(packed) != length or len(grain) != GRAIN:
        raise Invalid("the VMDK is broken: a piece of it is cut short")
    return grain


def _lay(buffer: memoryview, offset: int, at: int, data: bytes) -> None:
    """Copy what of ``data``, which the disk has at ``at``, is in the buffer's window."""
    start, stop = max(at, offset), min(at + len(data), offset + len(buffer))
    buffer[start - offset : stop - offset] = memoryview(data)[start - at : stop - at]
