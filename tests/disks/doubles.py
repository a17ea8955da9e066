"""Disks in memory that can lose blocks, fill up, fail and change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import pairwise

from broker.disks.contract import Extent
from broker.disks.manifest import Manifest
from broker.errors import Conflict, Invalid, QuotaExceeded, Transient


class MemorySource:
    """``holes`` are told as zero extents; reading one is a failure of the copy."""

    def __init__(self, data: bytes, cuts: list[int] | None = None) -> None:
        self.data = data
        self.read: list[tuple[int, int]] = []
        edges = sorted({0, len(data), *(cut for cut in cuts or [] if 0 < cut < len(data))})
        self._runs = [
            Extent(start, stop - start, zero=not any(data[start:stop]))
            for start, stop in pairwise(edges)
        ]

    @property
    def size(self) -> int:
        return len(self.data)

    def extents(self) -> Iterator[Extent]:
        yield from self._runs

    def pread_into(self, buffer: memoryview, offset: int) -> None:
        stop = offset + len(buffer)
        if offset < 0 or stop > self.size:
            raise Invalid("read beyond the end")
        self.read.append((offset, len(buffer)))
        for run in self._runs:
            if run.zero and run.offset < stop and offset < run.offset + run.length:
                raise AssertionError("a hole was read")
        buffer[:] = self.data[offset:stop]

    def close(self) -> None:
        pass


class MemorySink:
    """Fails after ``fail_after`` writes; holds at most ``room`` written bytes; loses ``lost``."""

    def __init__(self, size: int, block: int = 512, *, name: str = "sink-1") -> None:
        self.block = block
        self.size = -(-size // block) * block
        self.id = name
        self.sealed = False
        self.data = bytearray(self.size)
        self.writes: list[tuple[int, int]] = []
        self.committed: str | None = None
        self.fail_after: int | None = None
        self.failure: Callable[[], Exception] = lambda: Transient("the link broke")
        self.room: int | None = None
        self.lost: set[int] = set()
        self._lock = threading.Lock()

    def pwrite(self, data: memoryview, offset: int) -> None:
        if self.sealed:
            raise Conflict("sealed")
        if offset % self.block or len(data) % self.block or not len(data):
            raise Invalid(f"unaligned write of {len(data)} at {offset}")
        if offset + len(data) > self.size:
            raise Invalid("write beyond the end")
        with self._lock:
            if self.fail_after is not None and len(self.writes) >= self.fail_after:
                raise self.failure()
            if self.room is not None and sum(n for _, n in self.writes) + len(data) > self.room:
                raise QuotaExceeded("the pool is full")
            self.writes.append((offset, len(data)))
            if len(self.writes) - 1 not in self.lost:
                self.data[offset : offset + len(data)] = data

    def commit(self, manifest: Manifest) -> str:
        self.committed = manifest.root
        self.sealed = True
        return self.id

    def abort(self) -> None:
        pass

    def close(self) -> None:
        pass

    def sent(self) -> int:
        return sum(length for _, length in self.writes)
