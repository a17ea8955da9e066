"""What a disk holds, as one BLAKE3 hash per block and one root hash over all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Self

from blake3 import blake3

from broker.disks.descriptor import Descriptor
from broker.disks.records import RECORD, ZERO, Records
from broker.errors import Invalid, NotFound
from broker.model.base import Bytes, Strict

MANIFEST_BLOCK = 512 * 1024
"""Bytes one digest speaks of: the block of the strictest provider, and small enough for an L2
cache.
"""

HEADER = 4096
"""Bytes before the first record: one JSON value padded with spaces, and records stay aligned."""


class Header(Strict):
    """What a file of digests says about itself."""

    interop_manifest: int = 1
    size: Bytes
    block: int = MANIFEST_BLOCK
    sink: str = ""
    complete: bool = True

    def encode(self) -> bytes:
        """Return the header's bytes; Invalid when the sink's id is too long for them."""
        encoded = self.model_dump_json().encode()
        if len(encoded) > HEADER:
            raise Invalid("the id of this disk is too long for a journal")
        return encoded.ljust(HEADER)


class Manifest:
    """Digests of a disk's blocks. Equal roots mean equal disks.

    ``sink`` is the id of what was filled, where it was a journal.
    """

    def __init__(self, size: int, records: Records, sink: str = "") -> None:
        self.size = size
        self.sink = sink
        self._records = records

    @property
    def blocks(self) -> int:
        """Number of blocks; the last may be short."""
        return self._records.count

    @cached_property
    def root(self) -> str:
        """Hex BLAKE3 over the disk's size (8 bytes, little-endian) and the digests of all blocks.

        A block of zeroes counts as 32 zero bytes, whether it was stored or a hole.
        """
        hasher = blake3(self.size.to_bytes(8, "little"))
        for _, batch in self._batches():
            hasher.update(batch)
        return hasher.hexdigest()

    def digest(self, index: int) -> bytes | None:
        """Return the BLAKE3 of block ``index``, or None when the block is all zeroes."""
        if not 0 <= index < self.blocks:
            raise Invalid(f"block {index} of a disk of {self.blocks} blocks")
        record = self._records[index]
        return None if record == ZERO else record

    def differing(self, other: Manifest) -> Iterator[int]:
        """Yield each block that differs from a manifest of the same size, in order."""
        if self.size != other.size:
            raise Invalid(f"disks of {self.size} and {other.size} bytes cannot be compared")
        pairs = zip(self._batches(), other._batches(), strict=True)
        for (first, mine), (_, theirs) in pairs:
            if mine != theirs:
                for at in range(0, len(mine), RECORD):
                    if mine[at : at + RECORD] != theirs[at : at + RECORD]:
                        yield first + at // RECORD

    def save(self, path: Path) -> None:
        """Write to ``path``, which is either the whole manifest or what it was before."""
        partial = path.with_name(path.name + ".partial")
        with partial.open("wb") as file:
            file.write(Header(size=self.size).encode())
            for _, batch in self._batches():
                file.write(batch)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return what ``save`` wrote, or a finished copy's journal; Invalid when it is neither."""
        try:
            file = Descriptor(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        except FileNotFoundError as error:
            raise NotFound(f"no manifest {path}") from error
        header = read_header(file)
        if header is None or not header.complete:
            raise Invalid(f"{path} is no manifest of a finished copy", hint="Run the copy again")
        return cls(header.size, Records(file, count(header.size), HEADER), header.sink)

    def _batches(self) -> Iterator[tuple[int, bytes]]:
        return self._records.batches(0, self.blocks)


def count(size: int) -> int:
    """Return how many blocks a disk of ``size`` bytes has."""
    return -(-size // MANIFEST_BLOCK)


def read_header(file: Descriptor) -> Header | None:
    """Return the header of an open file, or None when the file is not one of ours, or cut short."""
    try:
        header = Header.model_validate_json(os.pread(file.number, HEADER, 0).rstrip())
    except ValueError:
        return None
    whole = HEADER + count(header.size) * RECORD
    ours = header.interop_manifest == 1 and header.block == MANIFEST_BLOCK
    return header if ours and os.fstat(file.number).st_size == whole else None
