"""Volumes: disk images in storage pools."""

from __future__ import annotations

import subprocess
import time
from pathlib import PurePath

import libvirt

from adapters.kvm import notes
from adapters.kvm.errors import PROVIDER, calling
from adapters.kvm.host import Host, volume_id
from adapters.kvm.limits import check_labels, whole_steps
from adapters.kvm.naming import Made, VolumeName, mark
from adapters.kvm.part import Attachment, Part, attachments
from adapters.kvm.translate import domain as domain_xml
from adapters.kvm.translate.instance import disks
from adapters.kvm.translate.volume import qcow2, stored
from adapters.kvm.translate.xml import dump, parse
from broker.adapter.performance import check_performance
from broker.errors import Conflict, Invalid, NotFound, Unsupported
from broker.model import Bus, Volume, VolumeSpec

DETACH_S = 30.0
"""A guest lets go of a disk within a second or two; one without a driver never does."""


class VolumeCalls(Part):
    """The contract's Volumes."""

    def volumes(self) -> list[Volume]:
        """Return every volume of every running pool."""
        used = attachments(self._host)
        found = []
        for vol in self._host.volumes():
            if VolumeName.parse(vol.name()).made in (Made.SNAPSHOT, Made.IMAGE):
                continue
            try:
                found.append(described(self._host, vol, used))
            except NotFound:
                continue  # deleted since it was listed
        return found

    def volume(self, id: str) -> Volume:
        """Return one volume, or NotFound."""
        return described(self._host, self._plain_volume(id), attachments(self._host))

    def create_volume(self, spec: VolumeSpec, *, token: str) -> Volume:
        """Make an empty volume. The same token twice makes one."""
        check_labels(spec.labels)
        check_performance([spec])
        if spec.encrypted:
            raise Unsupported("volumes are not encrypted here", hint="Encrypt the pool's disk")
        vol = make_volume(self._host, spec.name, Made.VOLUME, mark(token), whole_steps(spec.size))
        notes.label(self._host, vol.name(), spec.labels)
        return described(self._host, vol, {})

    def attach_volume(self, id: str, instance: str) -> None:
        """Attach to an instance; quiet when it is there, Conflict when it is on another."""
        domain = self._host.domain(instance)
        vol = self._plain_volume(id)
        with calling("attach volume"):
            image = stored(vol.XMLDesc())
            used = attachments(self._host).get(image.path)
            if used is not None:
                if used.instance == instance:
                    return
                raise Conflict(f"volume {id} is on instance {used.instance}", provider=PROVIDER)
            taken = {disk.target for disk in disks(parse(domain.XMLDesc()))}
            taken |= {disk.target for disk in disks(parse(domain.XMLDesc(_PERSISTENT)))}
            target = domain_xml.free_target(Bus.VIRTIO, taken)
            file = domain_xml.DiskFile(image.path, image.format, Bus.VIRTIO)
            domain.attachDeviceFlags(dump(domain_xml.disk(file, target)), _affect(domain))

    def detach_volume(self, id: str) -> None:
        """Detach; quiet when it is on none, Conflict when the guest does not let go."""
        vol = self._plain_volume(id)
        with calling("detach volume"):
            path = vol.path()
            used = attachments(self._host).get(path)
            if used is None:
                return
            domain = self._host.domain(used.instance)
            xml = next(
                dump(device)
                for device in parse(domain.XMLDesc()).iterfind("devices/disk")
                if (source := device.find("source")) is not None and source.get("file") == path
            )
            domain.detachDeviceFlags(xml, _affect(domain))
        end = time.monotonic() + DETACH_S
        while path in attachments(self._host):
            if time.monotonic() > end:
                raise Conflict(
                    f"the guest does not let go of volume {id}", hint="Stop it, then detach"
                )
            time.sleep(0.1)

    def resize_volume(self, id: str, size: int) -> None:
        """Grow; Invalid when it would shrink."""
        size = whole_steps(size)
        vol = self._plain_volume(id)
        with calling("resize volume"):
            image = stored(vol.XMLDesc())
            if size < image.capacity:
                raise Invalid(f"volume {id} has {image.capacity} bytes and cannot shrink to {size}")
            if size == image.capacity:
                return
            used = attachments(self._host).get(image.path)
            domain = self._host.domain(used.instance) if used else None
            if used and domain is not None and domain.isActive():
                domain.blockResize(used.disk.target, size, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)
            else:
                grow(vol, size)

    def delete_volume(self, id: str) -> None:
        """Delete; quiet when it is gone, Conflict when it is attached."""
        used = delete_unless_used(self._host, id)
        if used is not None:
            raise Conflict(f"volume {id} is on instance {used.instance}", provider=PROVIDER)

    def _plain_volume(self, id: str) -> libvirt.virStorageVol:
        vol = self._host.volume(id)
        if VolumeName.parse(vol.name()).made in (Made.SNAPSHOT, Made.IMAGE):
            raise NotFound(f"{id} is no volume", provider=PROVIDER)
        return vol


def described(host: Host, vol: libvirt.virStorageVol, used: dict[str, Attachment]) -> Volume:
    """Return the canonical volume for one of libvirt's."""
    with calling("read volume"):
        xml = vol.XMLDesc()
        image = stored(xml)
        attached = used.get(image.path)
        # QEMU knows the size of a disk it just grew; the file tells it a moment later
        return Volume(
            id=volume_id(vol),
            native={"xml": xml},
            spec=VolumeSpec(
                name=VolumeName.parse(vol.name()).name,
                size=image.capacity or 1,
                boot=bool(attached and attached.disk.boot),
                bus=attached.disk.bus if attached else Bus.UNKNOWN,
                kind=image.format,
                encrypted=image.encrypted,
                labels=notes.labels(host, vol.name()),
            ),
            instance=attached.instance if attached else None,
            device=attached.disk.target if attached else None,
        )


def unpooled(disk_path: str, capacity: int) -> VolumeSpec:
    """Return the spec of a domain's disk that is in no pool; its id is its path."""
    return VolumeSpec(name=PurePath(disk_path).name or disk_path, size=capacity or 1)


def make_volume(host: Host, name: str, made: Made, marked: str, size: int) -> libvirt.virStorageVol:
    """Return the volume this mark names, made empty unless it is there."""
    existing = host.made_by(made, marked)
    if existing is not None:
        return existing
    file = VolumeName(name, made, marked).file()
    try:
        with calling(f"create {made}"):
            return host.pool.createXML(qcow2(file, size))
    except Conflict:
        # another thread with the same token was first
        existing = host.made_by(made, marked)
        if existing is None:
            raise
        return existing


def grow(vol: libvirt.virStorageVol, size: int) -> None:
    """Grow a volume no machine runs from."""
    _, _, allocation = vol.info()
    if size >= allocation:
        vol.resize(size)
        return
    # libvirt takes this for shrinking: a full qcow2 file is longer than its disk, by its tables
    command = ["qemu-img", "resize", "-q", "-f", "qcow2", vol.path(), str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Conflict(f"the volume cannot grow: {done.stderr.strip()}", provider=PROVIDER)


def clone(
    host: Host, origin: libvirt.virStorageVol, name: str, made: Made, marked: str
) -> libvirt.virStorageVol:
    """Return a copy of a volume that nobody writes, made by libvirt itself."""
    file = VolumeName(name, made, marked).file()
    with calling(f"create {made}"):
        size = stored(origin.XMLDesc()).capacity
        return host.pool.createXMLFrom(qcow2(file, size), origin)


def delete_unless_used(host: Host, id: str) -> Attachment | None:
    """Delete a volume and its note, and return None; or return what uses it."""
    try:
        vol = host.volume(id)
        with calling("delete volume"):
            used = attachments(host).get(vol.path())
            if used is not None:
                return used
            vol.delete()
    except NotFound:
        pass
    notes.delete(host, id.partition("/")[2])
    return None


def _affect(domain: libvirt.virDomain) -> int:
    both = libvirt.VIR_DOMAIN_AFFECT_LIVE | libvirt.VIR_DOMAIN_AFFECT_CONFIG
    if not domain.isPersistent():
        return int(libvirt.VIR_DOMAIN_AFFECT_LIVE)
    return int(both if domain.isActive() else libvirt.VIR_DOMAIN_AFFECT_CONFIG)


_PERSISTENT = libvirt.VIR_DOMAIN_XML_INACTIVE
