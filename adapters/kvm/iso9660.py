"""The smallest ISO 9660 disc with Joliet names: one folder of a few small files, and a label.

Numbers are those of ECMA-119 and of the Joliet specification.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple

from broker.errors import Invalid

SECTOR = 2048
SYSTEM_AREA = 16  # sectors nobody uses
PRIMARY, JOLIET, TERMINATOR = SYSTEM_AREA, SYSTEM_AREA + 1, SYSTEM_AREA + 2
PATH_TABLES = 19  # little and big endian, for each of the two trees
ROOTS = 23
FILES = 25
JOLIET_LEVEL_3 = b"%/E"
DIRECTORY = 2


class _Tree(NamedTuple):
    """One of the two views of the same files."""

    encoding: str
    root: int
    path_table: int


_PLAIN = _Tree("ascii", ROOTS, PATH_TABLES)
_UNICODE = _Tree("utf-16-be", ROOTS + 1, PATH_TABLES + 2)


def disc(label: str, files: Mapping[str, bytes]) -> bytes:
    """Return the disc; labels are upper- and lower-case ASCII, names at most 64 characters."""
    starts: dict[str, int] = {}
    body = bytearray()
    for name, data in files.items():
        starts[name] = FILES + len(body) // SECTOR
        body += _padded(data)
    total = FILES + len(body) // SECTOR
    places = {name: (starts[name], len(data)) for name, data in files.items()}
    head = bytes(SYSTEM_AREA * SECTOR)
    head += _descriptor(1, label, total, _PLAIN)
    head += _descriptor(2, label, total, _UNICODE)
    head += _padded(b"\xffCD001\x01")
    for tree in (_PLAIN, _UNICODE):
        for order in "<>":
            entry = struct.pack(f"{order}BBIH", 1, 0, tree.root, 1) + b"\0\0"
            head += _padded(entry)
    for tree in (_PLAIN, _UNICODE):
        head += _directory(tree, places)
    assert len(head) == FILES * SECTOR
    return bytes(head + body)


def read(image: bytes, name: str) -> bytes | None:
    """Return a file of a disc that ``disc`` made, None where it has none of that name."""
    descriptor = image[JOLIET * SECTOR : (JOLIET + 1) * SECTOR]
    if descriptor[:6] != b"\x02CD001":
        return None
    start, length = struct.unpack_from("<I4xI", descriptor, 156 + 2)
    folder = image[start * SECTOR : start * SECTOR + length]
    at = 0
    while at < len(folder) and folder[at]:
        record = folder[at : at + folder[at]]
        if record[33 : 33 + record[32]] == name.encode(_UNICODE.encoding):
            start, length = struct.unpack_from("<I4xI", record, 2)
            return image[start * SECTOR : start * SECTOR + length]
        at += folder[at]
    return None


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % SECTOR)


def _both(value: int) -> bytes:
    """Return a number in both byte orders, as the standard likes it."""
    return struct.pack("<I", value) + struct.pack(">I", value)


def _both16(value: int) -> bytes:
    return struct.pack("<H", value) + struct.pack(">H", value)


def _record(start: int, length: int, flags: int, name: bytes) -> bytes:
    fixed = _both(start) + _both(length) + bytes(7) + bytes([flags, 0, 0]) + _both16(1)
    record = fixed + bytes([len(name)]) + name
    record += bytes(len(record) % 2)  # with its first two bytes a record has an even length
    return bytes([len(record) + 2, 0]) + record


def _directory(tree: _Tree, places: Mapping[str, tuple[int, int]]) -> bytes:
    records = [_record(tree.root, SECTOR, DIRECTORY, dots) for dots in (b"\0", b"\1")]
    for name, (start, length) in sorted(places.items()):
        spelled = name
        if tree is _PLAIN:
            # the letters the plain tree allows; who reads it has no Joliet
            letters = "".join(char if char.isalnum() else "_" for char in name.upper())
            spelled = f"{letters}.;1"
        records.append(_record(start, length, 0, spelled.encode(tree.encoding)))
    packed = b"".join(records)
    if len(packed) > SECTOR:
        raise Invalid("a seed has room for a few files only")
    return _padded(packed)


def _descriptor(kind: int, label: str, total: int, tree: _Tree) -> bytes:
    def text(words: str, length: int) -> bytes:
        return words.ljust(length).encode(tree.encoding)[:length]

    none = b"0" * 16 + b"\0"  # a date that was not recorded
    out = bytearray()
    out += bytes([kind]) + b"CD001\x01\0"
    out += text("", 32) + text(label, 32) + bytes(8) + _both(total)
    out += (JOLIET_LEVEL_3 if tree is _UNICODE else b"").ljust(32, b"\0")
    out += _both16(1) + _both16(1) + _both16(SECTOR) + _both(10)
    out += struct.pack("<II", tree.path_table, 0) + struct.pack(">II", tree.path_table + 1, 0)
    out += _record(tree.root, SECTOR, DIRECTORY, b"\0")
    out += text("", 128) * 4 + bytes(37) * 3
    out += none * 4 + b"\x01\0"
    return _padded(bytes(out))
