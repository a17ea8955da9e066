"""Words and units that several files share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from broker.model import GIB, Arch, Bus, Firmware, System, SystemKind

ARCHITECTURES: dict[str, Arch] = {
    "x86_64": Arch.X86_64,
    "amd64": Arch.X86_64,
    "aarch64": Arch.AARCH64,
    "arm64": Arch.AARCH64,
}

BUSES: dict[Bus, str] = {
    Bus.VIRTIO: "virtio",
    Bus.SCSI: "scsi",
    Bus.SATA: "sata",
    Bus.IDE: "ide",
    Bus.XEN: "xen",
}
"""Values of hw_disk_bus."""
BUSES_READ = {word: bus for bus, word in BUSES.items()}

SCSI_MODEL = {"hw_scsi_model": "virtio-scsi"}
"""What a SCSI disk is on. Where nobody says so libvirt takes QEMU's LSI controller, for which
kernels made for clouds often have no driver.
"""

FIRMWARE: dict[Firmware, dict[str, str]] = {
    Firmware.BIOS: {"hw_firmware_type": "bios"},
    # the older machine type has no UEFI on most hypervisors
    Firmware.UEFI: {"hw_firmware_type": "uefi", "hw_machine_type": "q35"},
}
"""Properties that ask for a firmware."""


def gib(size: int) -> int:
    """Return bytes as whole GiB, rounded up: the only sizes volumes have."""
    return max(1, -(-size // GIB))


def moment(told: str | None) -> datetime | None:
    """Return a time; the services mean UTC, whether they say so or not."""
    if not told:
        return None
    found = datetime.fromisoformat(told)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def firmware(properties: Mapping[str, Any]) -> Firmware:
    """Return what an image's properties ask for; UNKNOWN where they leave it to the deployment."""
    kind = properties.get("hw_firmware_type")
    if kind == "uefi":
        secure = properties.get("os_secure_boot") == "required"
        return Firmware.UEFI_SECURE if secure else Firmware.UEFI
    return Firmware.BIOS if kind == "bios" else Firmware.UNKNOWN


def architecture(properties: Mapping[str, Any]) -> Arch:
    """Return the architecture in an image's properties."""
    told = properties.get("hw_architecture") or properties.get("architecture") or ""
    return ARCHITECTURES.get(told, Arch.UNKNOWN)


def system(properties: Mapping[str, Any]) -> System:
    """Return what an image's properties say that it runs."""
    return System.named(properties.get("os_type"), properties.get("os_distro"))


def system_properties(system: System) -> dict[str, str]:
    """Return the properties that say what a machine runs; what nobody knows is not said."""
    told: dict[str, str] = {}
    if system.kind is not SystemKind.UNKNOWN:
        told["os_type"] = system.kind
    if system.kind is SystemKind.WINDOWS:
        told["os_distro"] = system.kind
    elif system.distribution is not None:
        told["os_distro"] = system.distribution
    return told
