"""One libvirt host: its connection, and the look-ups every noun needs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import libvirt

from adapters.kvm.errors import PROVIDER, calling, translated
from adapters.kvm.naming import Made, VolumeName, is_uuid
from adapters.kvm.notes import SUFFIX
from adapters.kvm.settings import Settings
from adapters.kvm.translate import volume as volume_xml
from adapters.kvm.translate.xml import parse, text
from broker.errors import ConfigError, NotFound, Unsupported


class Host:
    """Opened by the first call that needs it, and again when the daemon was restarted."""

    def __init__(self, account: str, settings: Settings) -> None:
        self.account = account
        self.settings = settings
        self._lock = threading.Lock()
        self._connection: libvirt.virConnect | None = None
        # libvirt also prints what it raises, on stderr, unless somebody else listens
        libvirt.registerErrorHandler(_ignore, None)

    @property
    def connection(self) -> libvirt.virConnect:
        """The open connection; Transient, AccessDenied or ConfigError where there is none."""
        with self._lock:
            if self._connection is None or not self._connection.isAlive():
                with calling(f"connect to {self.settings.uri}"):
                    self._connection = libvirt.open(self.settings.uri)
            return self._connection

    def close(self) -> None:
        """Close the connection. May be called twice."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    # domains, networks, filters

    def domains(self) -> list[tuple[libvirt.virDomain, str]]:
        """Return all domains, running or not, with their XML."""
        with calling("list domains"):
            listed = self.connection.listAllDomains()
        found = []
        for domain in listed:
            try:
                with calling("read domain"):
                    found.append((domain, domain.XMLDesc()))
            except NotFound:
                continue  # deleted since it was listed
        return found

    def domain(self, id: str) -> libvirt.virDomain:
        """Return the domain with this UUID, or NotFound."""
        _must_be_uuid(id, "instance")
        with calling("find domain"):
            return self.connection.lookupByUUIDString(id)

    def network(self, id: str) -> libvirt.virNetwork:
        """Return the network with this UUID, or NotFound."""
        _must_be_uuid(id, "network")
        with calling("find network"):
            return self.connection.networkLookupByUUIDString(id)

    def filter(self, id: str) -> libvirt.virNWFilter:
        """Return the network filter with this UUID, or NotFound."""
        _must_be_uuid(id, "firewall")
        with calling("find network filter"):
            return self.connection.nwfilterLookupByUUIDString(id)

    # volumes

    @property
    def pool(self) -> libvirt.virStoragePool:
        """The pool new volumes go into; ConfigError where it is not there or not running."""
        name = self.settings.pool
        with calling("find storage pool"):
            running = {
                pool.name(): pool
                for pool in self.connection.listAllStoragePools()
                if pool.isActive()
            }
        if name not in running:
            known = ", ".join(sorted(running)) or "none"
            raise ConfigError(
                f'account {self.account}: no running storage pool "{name}" (running: {known})',
                hint=f'Start it with `virsh pool-start {name}`, or set "pool"',
                provider=PROVIDER,
            )
        return running[name]

    @property
    def pool_folder(self) -> str:
        """The folder new volumes are files in; Unsupported for a pool that is no folder."""
        with calling("read storage pool"):
            root = parse(self.pool.XMLDesc())
        if root.get("type") not in ("dir", "fs", "netfs"):
            raise Unsupported(f"pool {self.settings.pool} is of type {root.get('type')}, not dir")
        return text(root, "target/path") or ""

    def volumes(self) -> list[libvirt.virStorageVol]:
        """Return every volume of every running pool that is a disk: no notes, seeds or logs."""
        found = []
        with calling("list volumes"):
            for pool in self.connection.listAllStoragePools():
                if pool.isActive():
                    found += [vol for vol in pool.listAllVolumes() if is_disk(vol.name())]
        return found

    def volume(self, id: str) -> libvirt.virStorageVol:
        """Return the volume with the id ``POOL/FILE``, or NotFound."""
        pool, _, file = id.partition("/")
        if not file or not is_disk(file):
            raise NotFound(f"no volume {id}", provider=PROVIDER)
        with calling("find volume"):
            return self.connection.storagePoolLookupByName(pool).storageVolLookupByName(file)

    def named_volumes(self) -> list[tuple[libvirt.virStorageVol, VolumeName]]:
        """Return every volume of the account's pool with its name taken apart."""
        with calling("list volumes"):
            return [(vol, VolumeName.parse(vol.name())) for vol in self.pool.listAllVolumes()]

    def volume_made(self, id: str, made: Made) -> libvirt.virStorageVol:
        """Return the volume with this id if it was made as this, or NotFound."""
        vol = self.volume(id)
        if VolumeName.parse(vol.name()).made is not made:
            raise NotFound(f"{id} is no {made}", provider=PROVIDER)
        return vol

    def made_by(self, made: Made, mark: str) -> libvirt.virStorageVol | None:
        """Return the volume of ours that a token made, or None."""
        for vol, name in self.named_volumes():
            if (name.made, name.mark) == (made, mark):
                return vol
        return None

    # small files

    def read_file(self, file: str) -> bytes:
        """Return the bytes of a small file in the pool, or NotFound."""
        parts: list[bytes] = []
        with calling(f"read {file}"):
            vol = self.pool.storageVolLookupByName(file)
            with _stream(self.connection) as stream:
                vol.download(stream, 0, 0)
                stream.recvAll(lambda _stream, data, _: parts.append(data), None)
        return b"".join(parts)

    def write_file(self, file: str, data: bytes) -> libvirt.virStorageVol:
        """Make a small file in the pool; Conflict when it is there."""
        with calling(f"write {file}"):
            vol = self.pool.createXML(volume_xml.raw(file, len(data)))
            if data:
                with _stream(self.connection) as stream:
                    vol.upload(stream, 0, len(data))
                    rest = memoryview(data)
                    while rest:
                        rest = rest[stream.send(bytes(rest[:STREAM_PIECE])) :]
        return vol

    def delete_file(self, file: str) -> None:
        """Delete a small file in the pool; quiet when it is not there."""
        try:
            self.pool.storageVolLookupByName(file).delete()
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_NO_STORAGE_VOL:
                raise translated(error, f"delete {file}") from error


SCRATCH = ".interop-backup"
"""How the files end that keep what a guest overwrites while its disk is read."""

STREAM_PIECE = 64 * 1024
"""Bytes sent at once; a packet of libvirt's protocol takes 256 KiB at most."""


def is_disk(file: str) -> bool:
    """Tell whether a volume's file name is a disk's rather than a note's, a seed's or a log's."""
    made = VolumeName.parse(file).made
    return not file.endswith((SUFFIX, SCRATCH, ".iso")) and made not in (Made.SEED, Made.CONSOLE)


def volume_id(vol: libvirt.virStorageVol) -> str:
    """Return the id of a volume: ``POOL/FILE``."""
    return f"{vol.storagePoolLookupByVolume().name()}/{vol.name()}"


@contextmanager
def _stream(connection: libvirt.virConnect) -> Iterator[libvirt.virStream]:
    stream = connection.newStream()
    try:
        yield stream
    except BaseException:
        stream.abort()
        raise
    stream.finish()


def _must_be_uuid(id: str, noun: str) -> None:
    if not is_uuid(id):
        raise NotFound(f"no {noun} {id}", provider=PROVIDER)


def _ignore(_context: None, _error: tuple[object, ...]) -> None:
    """Errors are raised as well; that is where they are dealt with."""
