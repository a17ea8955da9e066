"""The bytes of disks: sources and sinks over NBD, without a copy in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import libvirt

from adapters.kvm import notes
from adapters.kvm.backups import Backups
from adapters.kvm.errors import PROVIDER, calling
from adapters.kvm.host import Host, volume_id
from adapters.kvm.limits import LIMITS, whole_steps
from adapters.kvm.naming import Made, mark
from adapters.kvm.part import Part, attachments
from adapters.kvm.translate.volume import stored
from adapters.kvm.volumes import delete_unless_used, make_volume
from broker.disks.contract import Extent, Sink, Source
from broker.disks.manifest import Manifest
from broker.disks.nbd import NbdExport
from broker.disks.qemu import QemuNbd
from broker.errors import Conflict, DataMismatch, Invalid, NotFound, Unsupported

LOCK_S = 15.0
"""The server of a run that was killed writes out what it holds before it lets go of the image."""


class DiskCalls(Part):
    """The contract's Disks."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._backups = Backups(host)

    def open_source(self, id: str) -> Source:
        """Open a volume or snapshot for reading from one consistent point."""
        used = attachments(self._host)
        if id.startswith("/"):  # a disk in no pool goes by its path
            if id not in used:
                raise NotFound(f"no volume {id}", provider=PROVIDER)
            path, format = id, used[id].disk.format  # noqa: A001
        else:
            vol = self._host.volume(id)
            with calling("read volume"):
                image = stored(vol.XMLDesc())
            # what a machine says of its disk's format counts: libvirt guesses from the bytes
            path = image.path
            format = used[path].disk.format if path in used else image.format  # noqa: A001
        attached = used.get(path)
        if attached and not attached.disk.read_only and self._runs(attached.instance):
            return self._hot(attached.instance, attached.disk.target)
        return self._cold(path, format)

    def open_sink(self, size: int, *, name: str, token: str) -> Sink:
        """Open a new disk for filling. The same token opens the same disk again."""
        capacity = whole_steps(size)
        sink = VolumeSink(
            self._host, make_volume(self._host, name, Made.DISK, mark(token), capacity)
        )
        if sink.size < size:
            raise Invalid(f"this token made a disk of {sink.size} bytes, {size} do not fit")
        return sink

    def delete_disk(self, id: str) -> None:
        """Delete, unless a machine uses it; quiet when it is gone."""
        delete_unless_used(self._host, id)

    def _runs(self, instance: str) -> bool:
        with calling("read domain"):
            return bool(self._host.domain(instance).isActive())

    def _hot(self, instance: str, target: str) -> Source:
        with ExitStack() as undo:
            reader = object()
            socket = self._backups.join(instance, target, reader)
            undo.callback(self._backups.leave, instance, reader)
            export = NbdExport(socket, target)
            undo.callback(export.close)
            return ExportSource(export, undo.pop_all().close)

    def _cold(self, path: str, format: str) -> Source:
        with ExitStack() as undo:
            server = _serve(self._host, path, format, writable=False)
            undo.callback(server.close)
            export = NbdExport(server.address)
            undo.callback(export.close)
            return ExportSource(export, undo.pop_all().close)


class ExportSource:
    """An NBD export that ends what serves it when it is closed."""

    def __init__(self, export: NbdExport, close: Callable[[], None]) -> None:
        self._export = export
        self.close = close

    @property
    def size(self) -> int:
        """Length of the disk in bytes."""
        return self._export.size

    def extents(self) -> Iterator[Extent]:
        """Yield extents: ascending, touching, together exactly ``[0, size)``."""
        return self._export.extents()

    def pread_into(self, buffer: memoryview, offset: int) -> None:
        """Fill ``buffer`` with the bytes at ``offset``; Invalid beyond the end."""
        self._export.pread_into(buffer, offset)


class VolumeSink:
    """A volume that is being filled. Its note tells that it is sealed.

    The image is opened by the first write, so that only who writes holds its lock.
    """

    block = 512

    def __init__(self, host: Host, vol: libvirt.virStorageVol) -> None:
        self._host = host
        self._volume = vol
        self._lock = threading.Lock()
        with calling("open disk"):
            self._image = stored(vol.XMLDesc())
            self.id = volume_id(vol)
        self.size = self._image.capacity
        self.sealed = notes.read(host, vol.name(), notes.SealNote) is not None
        self._closed = self.sealed
        self._export: NbdExport | None = None
        self._end = ExitStack()

    def pwrite(self, data: memoryview, offset: int) -> None:
        """Write at ``offset``; Invalid when unaligned, beyond the end, or when it is sealed."""
        if offset % self.block or len(data) % self.block:
            raise Invalid(f"{len(data)} bytes at {offset} are not in blocks of {self.block}")
        self._opened().pwrite(data, offset)

    def commit(self, manifest: Manifest) -> str:
        """Write everything out, seal the disk and return its id. May be called twice."""
        if self.sealed:
            return self.id
        if manifest.size > self.size:
            raise DataMismatch(f"a manifest of {manifest.size} bytes on a disk of {self.size}")
        self._opened().flush()
        self.close()
        seal = notes.SealNote(root=manifest.root, size=manifest.size)
        notes.write(self._host, self._volume.name(), seal)
        self.sealed = True
        return self.id

    def abort(self) -> None:
        """Delete what was filled so far. May be called twice; quiet when it is gone."""
        self.close()
        delete_unless_used(self._host, self.id)

    def close(self) -> None:
        """Let go of the image and keep what was written. May be called twice."""
        with self._lock:
            self._closed = True
            self._end.close()

    def _opened(self) -> NbdExport:
        with self._lock:
            if self._closed:
                raise Invalid(f"disk {self.id} is closed and takes no more writes")
            if self._export is None:
                image = self._image
                server = _serve(self._host, image.path, image.format, writable=True)
                self._end.callback(server.close)
                self._export = NbdExport(server.address)
                self._end.callback(self._export.close)
            return self._export


def _serve(host: Host, path: str, format: str, *, writable: bool) -> QemuNbd:
    """Serve an image, as soon as nobody else has it open for writing."""
    if not Path(path).exists():
        with calling("find host"):
            name = host.connection.getHostname()
        raise Unsupported(
            f"{path} is not on this machine",
            hint=f"Run this on {name}, where libvirt runs",
            provider=PROVIDER,
        )
    end = time.monotonic() + LOCK_S
    while True:
        try:
            return QemuNbd(Path(path), format, writable=writable)
        except Conflict:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


assert LIMITS.volume_step % VolumeSink.block == 0
