"""A qcow2 image written in a single pass, its pieces in any order.

The header comes first and must tell where the tables are, which come last; so what is needed
beforehand is how many pieces there will be at most. Holes take no room. Described in qemu's
docs/interop/qcow2.txt.
"""

from __future__ import annotations

import struct
import threading
from array import array
from collections.abc import Callable

from broker.errors import Conflict, Invalid

BITS = 16
CLUSTER = 1 << BITS
"""Bytes of a piece: what qemu itself makes, and so what every reader is used to."""

ENTRIES = CLUSTER // 8
"""Pieces of one second table, which speaks of 512 MiB."""

COUNTS = CLUSTER // 2
"""Reference counts, of 16 bits, in one block of them."""

USED_ONCE = 1 << 63
"""Flag of a table's entry: nobody else refers to it."""

HEADER = struct.Struct(">4sIQIIQIIQQIIQQQQII")
HEADER_LENGTH = 104
COUNT_ORDER = 4

Emit = Callable[[bytes], None]


class Qcow2Stream:
    """Emits the image of a disk of ``size`` bytes, which gets at most ``room`` pieces of data.

    ``write`` may be called from many threads at once; ``emit`` is called by one at a time.
    """

    def __init__(self, size: int, room: int, emit: Emit) -> None:
        self._size = size
        self._room = room
        self._emit = emit
        self._lock = threading.Lock()
        self._tables: dict[int, array[int]] = {}
        self._used = 0
        self._sent = 0
        self._tables_needed = -(-size // (CLUSTER * ENTRIES))
        self._first_at = 1 + room
        self._counts_at = self._first_at + -(-self._tables_needed * 8 // CLUSTER)
        # each block of counts speaks of itself too: one more than its own count needs is enough
        most = self._counts_at + 1 + self._tables_needed + 1
        self._blocks_most = -(-most // (COUNTS - 1)) + 1
        self._counts_clusters = -(-self._blocks_most * 8 // CLUSTER)
        self._send(self._header())

    def write(self, data: memoryview, offset: int) -> None:
        """Emit whole pieces; the last one written to a place is what it holds.

        Conflict when more comes than there is room for.
        """
        if offset % CLUSTER or len(data) % CLUSTER:
            raise Invalid(f"{len(data)} bytes at {offset} are not whole pieces of {CLUSTER}")
        count = len(data) // CLUSTER
        with self._lock:
            if self._used + count > self._room:
                raise Conflict("more was written to the disk than was said beforehand")
            for place in range(count):
                number, entry = divmod(offset // CLUSTER + place, ENTRIES)
                table = self._tables.setdefault(number, array("Q", bytes(CLUSTER)))
                table[entry] = (1 + self._used + place) << BITS | USED_ONCE
            self._used += count
            self._send(bytes(data))

    def finish(self) -> int:
        """Emit what is left of the room, and the tables; return the length of the whole file."""
        with self._lock:
            for _ in range(self._room - self._used):
                self._send(bytes(CLUSTER))
            second_at = self._counts_at + self._counts_clusters
            blocks_at = second_at + len(self._tables)
            first = array("Q", bytes(8 * self._tables_needed))
            for place, number in enumerate(sorted(self._tables)):
                first[number] = (second_at + place) << BITS | USED_ONCE
            self._send(_whole(_big(first)))
            blocks = self._blocks(blocks_at)
            places = array("Q", [(blocks_at + place) << BITS for place in range(len(blocks))])
            self._send(_big(places).ljust(self._counts_clusters * CLUSTER, b"\0"))
            for number in sorted(self._tables):
                self._send(_big(self._tables[number]))
            for block in blocks:
                self._send(block)
            return self._sent

    def _blocks(self, at: int) -> list[bytes]:
        """Return the reference counts of the whole file: 1, and 0 for room that was not used."""
        count = 1
        while count * COUNTS < at + count:
            count += 1
        counts = array("H", [1]) * (at + count)
        for unused in range(1 + self._used, self._first_at):
            counts[unused] = 0
        counts.byteswap()
        told = counts.tobytes().ljust(count * CLUSTER, b"\0")
        return [told[start : start + CLUSTER] for start in range(0, len(told), CLUSTER)]

    def _header(self) -> bytes:
        return _whole(
            HEADER.pack(
                *(b"QFI\xfb", 3, 0, 0, BITS, self._size, 0),
                *(self._tables_needed, self._first_at << BITS),
                *(self._counts_at << BITS, self._counts_clusters, 0, 0),
                *(0, 0, 0, COUNT_ORDER, HEADER_LENGTH),
            )
        )

    def _send(self, data: bytes) -> None:
        self._emit(data)
        self._sent += len(data)


def _big(numbers: array[int]) -> bytes:
    return struct.pack(f">{len(numbers)}Q", *numbers)


def _whole(data: bytes) -> bytes:
    return data + bytes(-len(data) % CLUSTER)
