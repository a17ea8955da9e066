"""The 512 bytes at the end of a fixed VHD: written on what is exported, checked on uploads.

Layout: "Virtual Hard Disk Image Format Specification", version 1.0, "Hard Disk Footer Format".
https://learn.microsoft.com/windows/win32/vstor/about-vhd
"""

from __future__ import annotations

import struct
import uuid

SIZE = 512
COOKIE = b"conectix"
FIXED = 2
# cookie, features, format version, data offset, time stamp, creator application, its version,
# host, original size, current size, cylinders, heads, sectors, type, checksum, id
_LAYOUT = struct.Struct(">8sIIQI4sI4sQQHBBII16s")
_CHECKSUM = slice(64, 68)


def footer(size: int, id: uuid.UUID) -> bytes:
    """The footer of a fixed disk of so many bytes, as Azure puts it behind an exported one."""
    head = _LAYOUT.pack(
        COOKIE, 2, 0x10000, 2**64 - 1, 0, b"win ", 0x0A0000, b"Wi2k",
        *(size, size), *_geometry(size), FIXED, 0, id.bytes,
    )  # fmt: skip
    whole = bytearray(head.ljust(SIZE, b"\0"))
    whole[_CHECKSUM] = _checksum(whole).to_bytes(4, "big")
    return bytes(whole)


def fault(page: bytes, size: int) -> str | None:
    """What is wrong with the last page of an uploaded disk of so many bytes, or None."""
    cookie, _, _, _, _, _, _, _, _, current, _, _, _, kind, checksum, _ = _LAYOUT.unpack_from(page)
    if cookie != COOKIE:
        return "cookie"
    if kind != FIXED:
        return "type"
    if checksum != _checksum(page):
        return "checksum"
    return None if current == size else "size"


def _checksum(page: bytes | bytearray) -> int:
    return ~(sum(page) - sum(page[_CHECKSUM])) & 0xFFFFFFFF


def _geometry(size: int) -> tuple[int, int, int]:
    """Cylinders, heads and sectors per track, by the specification's appendix."""
    sectors = min(size // 512, 65535 * 16 * 255)
    if sectors >= 65535 * 16 * 63:
        return sectors // 255 // 16, 16, 255
    per_track, cylinder_heads = 17, sectors // 17
    heads = max((cylinder_heads + 1023) // 1024, 4)
    if cylinder_heads >= heads * 1024 or heads > 16:
        per_track, heads, cylinder_heads = 31, 16, sectors // 31
    if cylinder_heads >= heads * 1024:
        per_track, heads, cylinder_heads = 63, 16, sectors // 63
    return cylinder_heads // heads, heads, per_track
