"""The stream-optimized VMDK: the one disk image that can be written in a single pass, in any order.

Its tables come last, so nothing need be known beforehand: pieces go out as they arrive, holes take
no room, and a piece written twice is the later one. Described in VMware's "Virtual Disk Format
5.0".
"""

from __future__ import annotations

import struct
import threading
import zlib
from array import array
from collections.abc import Callable

from broker.errors import Invalid

SECTOR = 512
GRAIN = 64 * 1024
"""Bytes of a piece: the size every reader of the format expects."""

ENTRIES = 512
"""Grains of one table, fixed by the format for this kind."""

MAGIC = b"KDMV"
VERSION = 3
COMPRESSED = 0x10000
FLAGS = 0x1 | COMPRESSED | 0x20000
"""Line ends can be checked, grains are compressed, and marked."""

AT_THE_END = 0xFFFF_FFFF_FFFF_FFFF
HEADER = struct.Struct("<4sIIQQQQIQQQ?4sH")
MARKER = struct.Struct("<QI")
"""In front of a grain: its first sector on the disk, and the bytes that follow."""

TABLE_MARK, DIRECTORY_MARK, FOOTER_MARK = 1, 2, 3
DATA_AT = 128 * SECTOR
DESCRIPTOR_SECTORS = 20
LEVEL = 0
"""Grains are stored, not squeezed: deflate makes some 60 MB/s on a core, a link more."""

MOST_FILE = SECTOR * (1 << 32)
"""Tables count sectors of the file in 32 bits."""

Emit = Callable[[bytes], None]


class VmdkWriter:
    """Emits the image of a disk of ``size`` bytes, a whole number of grains, as it is written.

    ``write`` may be called from many threads at once; ``emit`` is called by one at a time.
    """

    def __init__(self, size: int, emit: Emit) -> None:
        if size % GRAIN:
            raise Invalid(f"a disk of {size} bytes is not whole pieces of {GRAIN}")
        self.size = size
        self._emit = emit
        self._lock = threading.Lock()
        self._tables: dict[int, array[int]] = {}
        self._at = 0
        self._send(_header(size, AT_THE_END) + _descriptor(size))

    def write(self, data: memoryview, offset: int) -> None:
        """Emit whole grains; the last ones written to a place are what it holds."""
        first = offset // GRAIN
        grains = [data[at : at + GRAIN] for at in range(0, len(data), GRAIN)]
        packed = [
            b"" if _is_zero(grain) else _packed(first + place, grain)
            for place, grain in enumerate(grains)
        ]
        with self._lock:
            at = self._at
            for place, piece in enumerate(packed):
                self._put(first + place, at // SECTOR if piece else 0)
                at += len(piece)
            if at > MOST_FILE:
                raise Invalid("a stream-optimized image holds at most 2 TiB of data")
            self._send(b"".join(packed))

    def finish(self) -> int:
        """Emit the tables and the end; return the length of the whole file."""
        with self._lock:
            directory = array("I", bytes(4 * -(-self.size // (GRAIN * ENTRIES))))
            for number, table in sorted(self._tables.items()):
                self._send(_mark(ENTRIES * 4 // SECTOR, TABLE_MARK))
                directory[number] = self._at // SECTOR
                self._send(_little(table))
            told = _padded(_little(directory))
            self._send(_mark(len(told) // SECTOR, DIRECTORY_MARK))
            directory_at = self._at // SECTOR
            self._send(told)
            self._send(_mark(1, FOOTER_MARK) + _header(self.size, directory_at) + bytes(SECTOR))
            return self._at

    def _put(self, grain: int, sector: int) -> None:
        number, place = divmod(grain, ENTRIES)
        if sector or number in self._tables:
            table = self._tables.setdefault(number, array("I", bytes(4 * ENTRIES)))
            table[place] = sector

    def _send(self, data: bytes) -> None:
        if data:
            self._emit(data)
            self._at += len(data)


_ZEROES = bytes(GRAIN)


def _is_zero(grain: memoryview) -> bool:
    return grain == _ZEROES[: len(grain)]


def _packed(grain: int, data: memoryview) -> bytes:
    squeezed = zlib.compress(data, LEVEL)
    return _padded(MARKER.pack(grain * GRAIN // SECTOR, len(squeezed)) + squeezed)


def _mark(sectors: int, kind: int) -> bytes:
    return _padded(struct.pack("<QII", sectors, 0, kind))


def _header(size: int, directory_at: int) -> bytes:
    return _padded(
        HEADER.pack(
            *(MAGIC, VERSION, FLAGS, size // SECTOR, GRAIN // SECTOR),
            *(1, DESCRIPTOR_SECTORS, ENTRIES, 0, directory_at, DATA_AT // SECTOR),
            *(False, b"\n \r\n", 1),
        )
    )


def _descriptor(size: int) -> bytes:
    text = (
        "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n"
        'createType="streamOptimized"\n\n# Extent description\n'
        f'RW {size // SECTOR} SPARSE "disk.vmdk"\n\n# The Disk Data Base\n#DDB\n\n'
        'ddb.virtualHWVersion = "4"\nddb.adapterType = "lsilogic"\n'
    )
    return text.encode().ljust(DATA_AT - SECTOR, b"\0")


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % SECTOR)


def _little(numbers: array[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)
