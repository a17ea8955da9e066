"""The two ends of every copy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol, runtime_checkable

from broker.disks.manifest import Manifest


class Extent(NamedTuple):
    """A run of bytes; ``zero`` promises that it reads as zeroes, so that nobody need read it."""

    offset: int
    length: int
    zero: bool


class Source(Protocol):
    """A disk that holds still while it is read.

    Methods may be called from many threads at once, and raise ``broker.errors`` only.
    """

    @property
    def size(self) -> int:
        """Length of the disk in bytes."""
        ...

    def extents(self) -> Iterator[Extent]:
        """Yield extents: ascending, touching, together exactly ``[0, size)``."""
        ...

    def pread_into(self, buffer: memoryview, offset: int) -> None:
        """Fill ``buffer`` with the bytes at ``offset``; reading beyond the end raises Invalid."""
        ...

    def close(self) -> None:
        """Give back what was opened, temporary snapshots too. May be called twice."""
        ...


class Sink(Protocol):
    """A disk that is being filled. It reads as zeroes wherever nothing was written.

    Methods may be called from many threads at once, and raise ``broker.errors`` only.
    """

    @property
    def id(self) -> str:
        """The provider's id of what is being filled: the same for every open that goes on with it.

        Another id means that what an earlier open wrote is lost: journals are kept by this id.
        """
        ...

    @property
    def size(self) -> int:
        """Length in bytes: what was asked for, rounded up to what the provider can hold."""
        ...

    @property
    def block(self) -> int:
        """Writes start and end on multiples of this."""
        ...

    @property
    def sealed(self) -> bool:
        """True when an earlier run has committed it: it takes no more writes."""
        ...

    def pwrite(self, data: memoryview, offset: int) -> None:
        """Write at ``offset``. The same bytes may come twice; an unaligned write raises Invalid."""
        ...

    def commit(self, manifest: Manifest) -> str:
        """Seal the disk and return its id, once it can be used. May be called twice.

        ``manifest`` speaks of all that was written, in this run and in earlier ones.
        """
        ...

    def abort(self) -> None:
        """Delete what was filled so far. May be called twice; quiet when it is gone."""
        ...

    def close(self) -> None:
        """Let go of connections and keep what was written, to go on later. May be called twice."""
        ...


@runtime_checkable
class Streamed(Protocol):
    """What a sink also has whose provider takes a disk as one stream.

    The stream's beginning depends on how long it becomes, and it cannot be gone on with.
    """

    @property
    def in_order(self) -> bool:
        """True when writes must come one after the other, each behind the last."""
        ...

    def expect(self, length: int) -> None:
        """Be told, before the first write, that at most ``length`` bytes will be written.

        A promise too high costs as many zeroes on the way; without one the disk's size is taken.
        Conflict for writes beyond it.
        """
        ...
