"""The bytes of all disks: one file of 512 KiB blocks, each kept once, found by its SHA-256."""

from __future__ import annotations

import itertools
import os
import threading
from pathlib import Path

BLOCK = 512 * 1024

Content = dict[int, bytes]
"""A disk: the SHA-256 of each block that was written, by block index."""


class BlockStore:
    """Bytes by digest. A block is never changed, so disks and snapshots may share it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._offsets: dict[bytes, int] = {}
        self._next = itertools.count()
        self._lock = threading.Lock()

    def put(self, digest: bytes, data: bytes | memoryview) -> None:
        if digest in self._offsets:
            return
        with self._lock:
            offset = next(self._next) * BLOCK
        os.pwrite(self._file, data, offset)
        self._offsets[digest] = offset

    def get(self, digest: bytes) -> bytes:
        return os.pread(self._file, BLOCK, self._offsets[digest])

    def close(self) -> None:
        os.close(self._file)
