"""Machines to be: a spec as a domain's XML, and the XML of single devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from adapters.kvm.translate import metadata
from adapters.kvm.translate.reservation import Reservation
from adapters.kvm.translate.xml import Element, dump, element, parse
from broker.errors import Invalid
from broker.model import Bus, Firmware, InstanceSpec, NicSpec, Size

Accelerator = Literal["kvm", "qemu"]

MACHINE = "q35"
FIXED_DEVICES = 4  # SCSI controller, serial channels, random numbers, and libvirt's balloon
SPARE_PORTS = 8
"""A PCI Express machine takes a device while it runs only where a root port waits for it."""

# a bus of another provider (or none told) becomes the one every guest of a cloud can drive here
BUSES: dict[Bus, str] = {Bus.SCSI: "scsi", Bus.SATA: "sata", Bus.IDE: "sata"}
DEFAULT_BUS = "virtio"
PREFIXES = {"virtio": "vd", "scsi": "sd", "sata": "sd"}

# KVM hands out the host's processor; emulation offers all it can emulate
PROCESSORS: dict[Accelerator, str] = {"kvm": "host-passthrough", "qemu": "maximum"}


class DiskFile(NamedTuple):
    """A disk image and how the guest shall see it."""

    path: str
    format: str
    bus: Bus
    read_only: bool = False


class Card(NamedTuple):
    """A network card, with libvirt's names for what the spec has ids of.

    Where an address is reserved for it, the card has that hardware address.
    """

    spec: NicSpec
    network: str
    filter: str | None
    reservation: Reservation | None = None


class Wish(NamedTuple):
    """All that a new domain's XML says beside the spec."""

    uuid: str
    name: str
    token: str
    accelerator: Accelerator
    disks: Sequence[DiskFile]
    cards: Sequence[Card]
    console: str
    """Path of the file that keeps what the guest writes on its serial port."""
    reserved: tuple[Reservation, ...] = ()


def domain_xml(spec: InstanceSpec, wish: Wish) -> str:
    """Return the XML of a domain."""
    kept = metadata.Kept(
        name=spec.name,
        token=wish.token,
        key_pair=spec.key_pair,
        system=spec.system,
        labels=dict(spec.labels),
        reserved=wish.reserved,
    )
    memory = element("memory", text=str(spec.size.memory), unit="MiB")
    return dump(
        element(
            "domain",
            element("name", text=wish.name),
            element("uuid", text=wish.uuid),
            element("metadata", metadata.write(kept)),
            memory,
            element("vcpu", text=str(spec.size.vcpus)),
            _os(spec),
            element("features", element("acpi"), element("apic"), *_secure(spec)),
            element("cpu", mode=PROCESSORS[wish.accelerator]),
            element("clock", offset="utc"),
            element("on_poweroff", text="destroy"),
            element("on_reboot", text="restart"),
            element("on_crash", text="destroy"),
            element("devices", *_devices(wish)),
            type=wish.accelerator,
        )
    )


def resized(xml: str, size: Size) -> str:
    """Return a domain's XML with another size."""
    root = parse(xml)
    for tag, value, unit in (
        ("memory", size.memory, "MiB"),
        ("currentMemory", size.memory, "MiB"),
        ("vcpu", size.vcpus, None),
    ):
        found = root.find(tag)
        if found is not None:
            found.text = str(value)
            found.attrib.pop("current", None)
            if unit:
                found.set("unit", unit)
    return dump(root)


def disk(file: DiskFile, target: str, *, boot: bool = False) -> Element:
    """Return a disk device."""
    return element(
        "disk",
        # holes in the guest's file system become holes in the file
        element("driver", name="qemu", type=file.format, discard="unmap", detect_zeroes="unmap"),
        element("source", file=file.path),
        element("target", dev=target, bus=BUSES.get(file.bus, DEFAULT_BUS)),
        *([element("readonly")] if file.read_only else []),
        *([element("boot", order=1)] if boot else []),
        type="file",
        device="disk",
    )


def free_target(bus: Bus, taken: set[str]) -> str:
    """Return the first device name that is free; Invalid when all are taken."""
    prefix = PREFIXES[BUSES.get(bus, DEFAULT_BUS)]
    for letter in "abcdefghijklmnopqrstuvwxyz":
        if prefix + letter not in taken:
            return prefix + letter
    raise Invalid("the machine has all the disks it can have")


def _os(spec: InstanceSpec) -> Element:
    kind = element("type", text="hvm", arch=spec.size.arch, machine=MACHINE)
    if spec.firmware not in (Firmware.UEFI, Firmware.UEFI_SECURE):
        return element("os", kind)  # libvirt's own choice on x86 is a BIOS
    secure = "yes" if spec.firmware is Firmware.UEFI_SECURE else "no"
    features = [
        element("feature", enabled=secure, name=name) for name in ("secure-boot", "enrolled-keys")
    ]
    return element("os", kind, element("firmware", *features), firmware="efi")


def _secure(spec: InstanceSpec) -> list[Element]:
    # Secure Boot keeps its variables where only system management mode can write
    return [element("smm", state="on")] if spec.firmware is Firmware.UEFI_SECURE else []


def _devices(wish: Wish) -> list[Element]:
    taken: set[str] = set()
    disks = []
    for index, file in enumerate(wish.disks):
        target = free_target(file.bus, taken)
        taken.add(target)
        disks.append(disk(file, target, boot=index == 0))
    ports = len(wish.disks) + len(wish.cards) + FIXED_DEVICES + SPARE_PORTS
    return [
        *disks,
        element("controller", type="pci", index=0, model="pcie-root"),
        *(element("controller", type="pci", model="pcie-root-port") for _ in range(ports)),
        element("controller", type="scsi", model="virtio-scsi"),
        *(_interface(card) for card in wish.cards),
        element(
            "serial",
            element("log", file=wish.console, append="on"),
            element("target", port=0),
            type="pty",
        ),
        element("console", element("target", type="serial", port=0), type="pty"),
        # a guest agent, where the guest has one, obeys a shutdown more surely than a button
        element(
            "channel",
            element("target", type="virtio", name="org.qemu.guest_agent.0"),
            type="unix",
        ),
        element("rng", element("backend", text="/dev/urandom", model="random"), model="virtio"),
    ]


def _interface(card: Card) -> Element:
    mac = card.reservation.mac if card.reservation else card.spec.mac
    return element(
        "interface",
        *([element("mac", address=mac)] if mac else []),
        element("source", network=card.network),
        element("model", type="virtio"),
        *([element("filterref", filter=card.filter)] if card.filter else []),
        type="network",
    )
