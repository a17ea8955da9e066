"""What a disk holds, as one BLAKE3 hash per block and one root hash over all of them."""

from __future__ import annotations

from typing import Protocol

MANIFEST_BLOCK = 512 * 1024
"""Bytes one digest speaks of: the block of the strictest provider, and small enough for an L2
cache.
"""


class Manifest(Protocol):
    """Digests of a disk's blocks. Equal roots and sizes mean equal disks."""

    size: int

    @property
    def root(self) -> str:
        """Hex BLAKE3 over the digests of all blocks, in order."""
        ...

    def digest(self, index: int) -> bytes | None:
        """Return the BLAKE3 of block ``index``, or None when the block is all zeroes."""
        ...
