"""A file that is read piece by piece, wherever it is; and the disk in it when it is raw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from broker.disks.contract import Extent
from broker.errors import Invalid


class Ranged(Protocol):
    """The bytes of an image file. Methods may be called from many threads at once."""

    @property
    def length(self) -> int:
        """Bytes of the file."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly those bytes; both are inside the file."""
        ...


class Disk(Protocol):
    """The disk inside an image file: what a Source needs of it."""

    @property
    def size(self) -> int:
        """Length of the disk in bytes."""
        ...

    def extents(self) -> Iterator[Extent]:
        """Yield extents: ascending, touching, together exactly ``[0, size)``."""
        ...

    def pread_into(self, buffer: memoryview, offset: int) -> None:
        """Fill ``buffer`` with the disk's bytes at ``offset``; Invalid beyond the end."""
        ...


class Raw:
    """A raw image: the file is the disk, and nothing tells where it is empty."""

    def __init__(self, file: Ranged) -> None:
        self._file = file
        self.size = file.length

    def extents(self) -> Iterator[Extent]:
        """Yield one extent of data."""
        if self.size:
            yield Extent(0, self.size, zero=False)

    def pread_into(self, buffer: memoryview, offset: int) -> None:
        """Fill ``buffer``; Invalid beyond the end."""
        inside(self.size, offset, len(buffer))
        if buffer:
            buffer[:] = self._file.read(offset, len(buffer))


def inside(size: int, offset: int, length: int) -> None:
    """Invalid when ``[offset, offset + length)`` is not inside a disk of ``size`` bytes."""
    if offset < 0 or offset + length > size:
        raise Invalid(f"read of {length} bytes at {offset} ends beyond {size} bytes")


def exactly(file: Ranged, offset: int, length: int) -> bytes:
    """Return bytes whose place the file's own tables tell; Invalid when they are not in it."""
    if offset < 0 or length < 0 or offset + length > file.length:
        raise Invalid(
            f"the image is broken: {length} bytes at {offset} are beyond its {file.length} bytes"
        )
    return file.read(offset, length) if length else b""


def joined(runs: Iterator[tuple[int, bool]], span: int, size: int) -> Iterator[Extent]:
    """Yield extents of runs of ``count, zero``, each of ``count`` times ``span`` bytes."""
    start = end = 0
    was: bool | None = None
    for count, zero in runs:
        if was is not None and zero != was:
            yield Extent(start, end - start, zero=was)
            start = end
        was = zero
        end = min(end + count * span, size)
    if was is not None and end > start:
        yield Extent(start, end - start, zero=was)
