"""Words and units that several files share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from broker.model import GIB, Arch, Bus, Firmware

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

LICENSED = {"rhel": "rhel", "sled": "suse", "sles": "suse"}
"""Values of os_distro that are paid for: docs.openstack.org/glance, useful image properties."""

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


def system(properties: Mapping[str, Any]) -> str | None:
    """Return what an image's properties say it runs, as bills tell it; None where they do not.

    A Linux of which nobody tells which one it is may be one that is paid for.
    """
    distribution = str(properties.get("os_distro") or "").lower()
    if properties.get("os_type") == "windows" or distribution == "windows":
        return "windows"
    return LICENSED.get(distribution, "linux") if distribution else None
