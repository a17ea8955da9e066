"""Machines that are: a domain's XML as an instance."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from adapters.kvm.translate import libosinfo, metadata
from adapters.kvm.translate.xml import Element, attribute, parse, text
from broker.model import (
    MIB,
    Arch,
    Bus,
    Firmware,
    Instance,
    InstanceSpec,
    Nic,
    NicSpec,
    Size,
    State,
    System,
    VolumeSpec,
)

KIB = 1024

BUSES: dict[str, Bus] = {
    "virtio": Bus.VIRTIO,
    "scsi": Bus.SCSI,
    "sata": Bus.SATA,
    "ide": Bus.IDE,
    "nvme": Bus.NVME,
    "xen": Bus.XEN,
}
ARCHES: dict[str, Arch] = {"x86_64": Arch.X86_64, "aarch64": Arch.AARCH64}
UNITS: dict[str, int] = {"b": 1, "bytes": 1, "KiB": KIB, "MiB": MIB, "GiB": 1024 * MIB}


Address = IPv4Address | IPv6Address
Addresses = Mapping[tuple[str, str], tuple[Address, ...]]
"""Of cards, by their network's id and their hardware address."""


class AttachedDisk(NamedTuple):
    """A disk of a domain: the image, and where the guest sees it."""

    path: str
    format: str
    bus: Bus
    target: str
    read_only: bool
    boot: bool


class Interface(NamedTuple):
    """A network card of a domain, in libvirt's names."""

    mac: str
    network: str
    filter: str | None


class Surroundings(NamedTuple):
    """What a domain's XML refers to by libvirt's names, and what only a running one tells."""

    state: State
    volumes: Mapping[str, tuple[str, VolumeSpec]]
    """By path: the volume's id and spec. Disks without an entry (seeds) are not volumes."""
    networks: Mapping[str, str]
    filters: Mapping[str, str]
    addresses: Addresses
    """As far as they are known."""
    user_data: str | None = None


def instance(xml: str, around: Surroundings) -> Instance:
    """Return the instance a domain's XML tells of."""
    root = parse(xml)
    volumes = [
        (around.volumes[disk.path], disk) for disk in disks(root) if disk.path in around.volumes
    ]
    # the one that boots is first, wherever the XML has it
    volumes.sort(key=lambda found: not found[1].boot)
    kept = metadata.read(root)
    system = libosinfo.system(root)
    if kept and kept.system != System():
        system = kept.system
    spec = InstanceSpec(
        name=(kept.name if kept else text(root, "name")) or "unnamed",
        size=_size(root),
        firmware=_firmware(root),
        system=system,
        volumes=tuple(
            volume.model_copy(update={"boot": index == 0, "bus": disk.bus})
            for index, ((_, volume), disk) in enumerate(volumes)
        ),
        nics=tuple(_nic(card, around) for card in interfaces(root)),
        key_pair=kept.key_pair if kept else None,
        user_data=around.user_data,
        labels=kept.labels if kept else {},
    )
    return Instance(
        id=text(root, "uuid") or "",
        native={"xml": xml},
        spec=spec,
        state=around.state,
        volumes=tuple(found[0] for found, _ in volumes),
        nics=tuple(Nic(id=nic.mac or "", spec=nic) for nic in spec.nics),
        billed_as=system.billed_as,
        local_disk=0,
        user_data_told=kept is not None or not _may_be_seeded(root),
    )


def _may_be_seeded(root: Element) -> bool:
    """Tell whether another's domain has what cloud-init looks into, beside plain disks.

    https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html
    """
    media = (each for each in root.iterfind("devices/disk") if each.find("source") is not None)
    inserted = any(each.get("device") in ("cdrom", "floppy") for each in media)
    return inserted or root.find("sysinfo") is not None


def disks(root: Element) -> list[AttachedDisk]:
    """Return the disks of a domain that are images: no empty drives, no discs, no network disks."""
    found = []
    boot_device = attribute(root, "os/boot", "dev") in (None, "hd")
    for device in root.iterfind("devices/disk"):
        source = device.find("source")
        path = source.get("file") or source.get("dev") if source is not None else None
        if device.get("device", "disk") != "disk" or path is None:
            continue
        order = attribute(device, "boot", "order")
        target = device.find("target")
        assert target is not None  # libvirt requires it
        found.append(
            AttachedDisk(
                path=path,
                format=attribute(device, "driver", "type") or "raw",
                bus=BUSES.get(target.get("bus", ""), Bus.UNKNOWN),
                target=target.get("dev", ""),
                read_only=device.find("readonly") is not None,
                boot=order == "1",
            )
        )
    if found and boot_device and not any(disk.boot for disk in found):
        found[0] = found[0]._replace(boot=True)
    return found


def interfaces(root: Element) -> list[Interface]:
    """Return the network cards of a domain."""
    found = []
    for device in root.iterfind("devices/interface"):
        source = device.find("source")
        # a card on a bridge of the host itself has no network; the bridge is the next best name
        names = source.attrib if source is not None else {}
        found.append(
            Interface(
                mac=attribute(device, "mac", "address") or "",
                network=names.get("network") or names.get("bridge") or names.get("dev")
                or device.get("type") or "unknown",
                filter=attribute(device, "filterref", "filter"),
            )
        )  # fmt: skip
    return found


def _nic(card: Interface, around: Surroundings) -> NicSpec:
    network = around.networks.get(card.network, card.network)
    return NicSpec(
        network=network,
        mac=card.mac or None,
        addresses=around.addresses.get((network, card.mac), ()),
        firewalls=(around.filters.get(card.filter, card.filter),) if card.filter else (),
    )


def _size(root: Element) -> Size:
    memory = root.find("memory")
    assert memory is not None  # libvirt always writes both
    size_bytes = int(memory.text or 0) * UNITS[memory.get("unit", "KiB")]
    return Size(
        vcpus=int(text(root, "vcpu") or 1),
        memory=max(1, -(-size_bytes // MIB)),
        arch=ARCHES.get(attribute(root, "os/type", "arch") or "", Arch.UNKNOWN),
    )


def _firmware(root: Element) -> Firmware:
    loader = root.find("os/loader")
    automatic = attribute(root, "os", "firmware")
    if automatic == "bios" or (automatic is None and loader is None):
        # without a loader an x86 machine has SeaBIOS; others have what their machine type says
        x86 = attribute(root, "os/type", "arch") in ("x86_64", "i686")
        return Firmware.BIOS if automatic == "bios" or x86 else Firmware.UNKNOWN
    if automatic != "efi" and (loader is None or loader.get("type") != "pflash"):
        return Firmware.UNKNOWN
    if loader is not None and loader.get("secure") == "yes":
        return Firmware.UEFI_SECURE
    wanted = {
        feature.get("name"): feature.get("enabled")
        for feature in root.iterfind("os/firmware/feature")
    }
    return Firmware.UEFI_SECURE if wanted.get("secure-boot") == "yes" else Firmware.UEFI
