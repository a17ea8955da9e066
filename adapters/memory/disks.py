"""The bytes of volumes and snapshots. A disk that a sink fills is a volume that nobody sees yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from math import gcd

from adapters.memory.faults import Faults
from adapters.memory.state import with_token
from adapters.memory.volumes import Volumes
from broker.adapter import Kind
from broker.disks.contract import Extent, Sink, Source
from broker.disks.files import FileSink, FileSource
from broker.disks.manifest import Manifest
from broker.model import KIB, VolumeSpec

BLOCK = 4 * KIB
"""Writes are whole blocks of this, as most real disks have, where volumes are so too."""

Door = Callable[[str], AbstractContextManager[None]]


class Disks(Volumes):
    """Opens disks to read and to fill."""

    def open_source(self, id: str) -> Source:
        """Open a volume or a snapshot. Nothing here writes to a volume, so it holds still."""
        with self._calling("open_source"):
            state = self._store.state()
            if id not in state.snapshots:
                self._volume(state, id)
            return MemorySource(FileSource(self._files.path(id)), self._calling, self.faults)

    def open_sink(self, size: int, *, name: str, token: str) -> Sink:
        """Open a new disk for filling; the same token opens the same disk again."""
        with self._calling("open_sink"), self._store.change() as state:
            record = with_token(state.volumes, token)
            if record is None:
                spec = VolumeSpec(name=name, size=max(size, 1))
                record = self._new_volume(state, spec, token, Kind.DISK)
            disk, whole = record.volume.id, record.volume.spec.size
            block = gcd(BLOCK, self.limits.volume_step)
            sink = FileSink(self._files.path(disk), whole, block=block)
            return MemorySink(disk, sink, self._calling, self._forget)

    def delete_disk(self, id: str) -> None:
        """Delete what ``Sink.commit`` returned, unless a machine uses it; quiet when it is gone."""
        with self._calling("delete_disk"), self._store.change() as state:
            if id in state.volumes and not state.volumes[id].volume.instance:
                self._drop(state, id)

    def _forget(self, id: str) -> None:
        with self._store.change() as state:
            if id in state.volumes and not self._files.complete(id):
                self._drop(state, id)


class MemorySource:
    """A FileSource behind the service's door. It is a Source."""

    def __init__(self, file: FileSource, door: Door, faults: Faults) -> None:
        self._file = file
        self._door = door
        self._faults = faults
        self.size = file.size

    def extents(self) -> Iterator[Extent]:
        """Yield extents: ascending, touching, together exactly ``[0, size)``."""
        with self._door("extents"):
            yield from self._file.extents()

    def pread_into(self, buffer: memoryview, offset: int) -> None:
        """Fill ``buffer`` with the bytes at ``offset``; Invalid beyond the end."""
        with self._door("pread_into"):
            self._file.pread_into(buffer, offset)
            if self._faults.corrupts("pread_into"):
                buffer[0] ^= 1

    def close(self) -> None:
        """Let go of the file. May be called twice."""
        self._file.close()


class MemorySink:
    """A FileSink behind the service's door, under the id of the volume it becomes. It is a Sink."""

    def __init__(self, id: str, file: FileSink, door: Door, forget: Callable[[str], None]) -> None:
        self._file = file
        self._door = door
        self._forget = forget
        self.id = id
        self.size = file.size
        self.block = file.block

    @property
    def sealed(self) -> bool:
        """True when an earlier run has committed it."""
        return self._file.sealed

    def pwrite(self, data: memoryview, offset: int) -> None:
        """Write at ``offset``; Invalid when it is not whole blocks inside the disk."""
        with self._door("pwrite"):
            self._file.pwrite(data, offset)

    def commit(self, manifest: Manifest) -> str:
        """Make a volume of it that can be seen, and return its id. May be called twice."""
        with self._door("commit"):
            self._file.commit(manifest)
            return self.id

    def abort(self) -> None:
        """Delete what was filled so far. May be called twice."""
        with self._door("abort"):
            self._file.abort()
            self._forget(self.id)

    def close(self) -> None:
        """Let go of the file and keep what was written. May be called twice."""
        self._file.close()
