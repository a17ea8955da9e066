"""What tests write to disks and find on them again, by blocks so that a hole costs nothing."""

from __future__ import annotations

from blake3 import blake3

from broker.disks.contract import Sink, Source
from broker.disks.manifest import MANIFEST_BLOCK, Manifest, count
from broker.disks.records import Records

DATA = bytes(range(1, 256)) * 700 + bytes(MANIFEST_BLOCK) + b"end of the second block" * 30_000
"""Part of a block, a hole, data over the edge of a block: about 1.3 MiB."""

SECOND = b"this is the second disk" * 50_000


def fill(sink: Sink, data: bytes) -> str:
    write(sink, data)
    return sink.commit(manifest(data))


def manifest(data: bytes) -> Manifest:
    records = Records.temporary(count(len(data)))
    for index in range(records.count):
        piece = data[index * MANIFEST_BLOCK : (index + 1) * MANIFEST_BLOCK]
        if piece.strip(b"\0"):
            records[index] = blake3(piece).digest()
    return Manifest(len(data), records)


def write(sink: Sink, data: bytes) -> None:
    """Write what is not zero, in whole blocks."""
    step = max(sink.block, MANIFEST_BLOCK)
    for at in range(0, len(data), step):
        piece = data[at : at + step]
        if piece.strip(b"\0"):
            piece += bytes(-len(piece) % sink.block)
            sink.pwrite(memoryview(piece), at)


def read(source: Source, length: int, offset: int) -> bytes:
    buffer = bytearray(length)
    source.pread_into(memoryview(buffer), offset)
    return bytes(buffer)


def blocks(data: bytes) -> dict[int, bytes]:
    """Return the digest of every block that is not all zeroes, by its index."""
    pieces = (data[at : at + MANIFEST_BLOCK] for at in range(0, len(data), MANIFEST_BLOCK))
    return {
        index: blake3(piece.ljust(MANIFEST_BLOCK, b"\0")).digest()
        for index, piece in enumerate(pieces)
        if piece.strip(b"\0")
    }


def held(source: Source) -> dict[int, bytes]:
    """Return the ``blocks`` of a whole source, reading only what its extents call data."""
    digests: dict[int, bytes] = {}
    for extent in source.extents():
        if not extent.zero:
            first = extent.offset // MANIFEST_BLOCK
            last = (extent.offset + extent.length - 1) // MANIFEST_BLOCK
            for index in range(first, last + 1):
                start = index * MANIFEST_BLOCK
                piece = read(source, min(MANIFEST_BLOCK, source.size - start), start)
                digests.update({index + key: value for key, value in blocks(piece).items()})
    return digests
