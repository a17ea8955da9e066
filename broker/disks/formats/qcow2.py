"""The disk inside a qcow2 image. Every number in the file is checked before it is used.

Described in qemu's docs/interop/qcow2.txt.
"""

from __future__ import annotations

import struct
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock
from typing import NamedTuple

from broker.disks.contract import Extent
from broker.disks.formats.ranged import Ranged, exactly, inside, joined
from broker.errors import Invalid, Unsupported

MAGIC = b"QFI\xfb"
HEADER = struct.Struct(">4sIQIIQIIQQIIQ")
FEATURES = struct.Struct(">QQQII")
DIRTY, COMPRESSION = 1 << 0, 1 << 3
"""Features that change nothing for a reader: reference counts to be repaired, and a method of
compression that is named in the header.
"""

MOST_TABLE = 32 * 1024 * 1024
"""Bytes of the first table: what qemu itself takes."""

KEPT_BYTES = 16 * 1024 * 1024
"""Second tables kept in memory: with the usual clusters they speak of 128 GiB."""

OFFSET = 0x00FF_FFFF_FFFF_FE00
COMPRESSED, ZERO = 1 << 62, 1 << 0


class Place(NamedTuple):
    """Where a cluster is in the file; ``packed`` bytes when it is compressed, at None when zero."""

    at: int | None
    packed: int = 0


class Qcow2:
    """Reads ``file``; Unsupported for what cannot be read alone, Invalid when it is broken."""

    def __init__(self, file: Ranged) -> None:
        self._file = file
        self._lock = Lock()
        self._tables: OrderedDict[int, tuple[int, ...]] = OrderedDict()
        told = exactly(file, 0, min(file.length, HEADER.size + FEATURES.size + 1))
        if len(told) < HEADER.size or told[:4] != MAGIC:
            raise Invalid("this image is not a qcow2")
        (_, version, backing, _, bits, size, encrypted, entries, table_at, *_) = HEADER.unpack_from(
            told
        )
        if version not in (2, 3) or not 9 <= bits <= 21:
            raise Unsupported(f"qcow2 version {version} with clusters of 2^{bits} bytes")
        if backing:
            raise Unsupported("the qcow2 needs a backing file", hint="Flatten it first")
        if encrypted:
            raise Unsupported("the qcow2 is encrypted")
        if version == 3:
            _refuse(told)
        self.size = size
        self._bits = bits
        self._cluster = 1 << bits
        self._per_table = self._cluster // 8
        needed = -(-size // (self._cluster * self._per_table))
        if entries * 8 > MOST_TABLE or entries < needed:
            raise Invalid(f"the qcow2's first table has {entries} entries")
        self._first = struct.unpack(f">{needed}Q", exactly(file, table_at, 8 * needed))

    def extents(self) -> Iterator[Extent]:
        """Yield extents: ascending, touching, together exactly ``[0, size)``."""
        return joined(self._runs(), self._cluster, self.size)

    def pread_into(self, buffer: memoryview, offset: int) -> None:
        """Fill ``buffer`` with the disk's bytes at ``offset``; Invalid beyond the end."""
        inside(self.size, offset, len(buffer))
        done = 0
        while done < len(buffer):
            at = offset + done
            within = at % self._cluster
            place = self._place(at >> self._bits)
            length = min(self._cluster - within, len(buffer) - done)
            if place.at is not None and not place.packed:
                length = self._stretch(at, place.at, length, len(buffer) - done)
                buffer[done : done + length] = exactly(self._file, place.at + within, length)
            elif place.at is not None:
                whole = self._unpacked(place.at, place.packed)
                buffer[done : done + length] = whole[within : within + length]
            else:
                buffer[done : done + length] = bytes(length)
            done += length

    def _stretch(self, at: int, place: int, length: int, most: int) -> int:
        """Return how many bytes from ``at`` on lie one behind the other in the file."""
        cluster = at >> self._bits
        while length < most:
            cluster += 1
            place += self._cluster
            if self._place(cluster) != Place(place):
                break
            length = min(length + self._cluster, most)
        return length

    def _runs(self) -> Iterator[tuple[int, bool]]:
        for number, entry in enumerate(self._first):
            if not entry & OFFSET:
                yield self._per_table, True
            else:
                yield from ((1, self._told(each).at is None) for each in self._table(number))

    def _place(self, cluster: int) -> Place:
        number, entry = divmod(cluster, self._per_table)
        if not self._first[number] & OFFSET:
            return Place(None)
        return self._told(self._table(number)[entry])

    def _told(self, entry: int) -> Place:
        if entry & COMPRESSED:
            width = 62 - (self._bits - 8)
            at = entry & ((1 << width) - 1)
            sectors = (entry >> width) & ((1 << (62 - width)) - 1)
            return Place(at, (sectors + 1) * 512 - at % 512)
        if entry & ZERO or not entry & OFFSET:
            return Place(None)
        return Place(entry & OFFSET)

    def _table(self, number: int) -> tuple[int, ...]:
        with self._lock:
            if number in self._tables:
                self._tables.move_to_end(number)
                return self._tables[number]
        told = exactly(self._file, self._first[number] & OFFSET, self._cluster)
        table = struct.unpack(f">{self._per_table}Q", told)
        with self._lock:
            self._tables[number] = table
            while len(self._tables) * self._cluster > max(KEPT_BYTES, self._cluster):
                self._tables.popitem(last=False)
        return table

    def _unpacked(self, at: int, length: int) -> bytes:
        length = min(length, self._file.length - at)  # the last one may end inside its sector
        try:
            packed = exactly(self._file, at, length)
            whole = zlib.decompressobj(-15).decompress(packed, self._cluster)
        except zlib.error as error:
            raise Invalid(f"the qcow2 is broken: {error}") from error
        if len(whole) != self._cluster:
            raise Invalid("the qcow2 is broken: a cluster of it is cut short")
        return whole


def _refuse(told: bytes) -> None:
    """Unsupported when the file has a feature without which it cannot be read right."""
    incompatible, _, _, _, header_length = FEATURES.unpack_from(told, HEADER.size)
    unknown = incompatible & ~(DIRTY | COMPRESSION)
    method = told[HEADER.size + FEATURES.size] if header_length > HEADER.size + FEATURES.size else 0
    if unknown or (incompatible & COMPRESSION and method):
        raise Unsupported(
            f"the qcow2 has features {incompatible:#x} that cannot be read here",
            hint="Convert it to one without them",
        )
