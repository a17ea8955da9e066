"""Small vocabularies both sides share: architectures, generations, disk classes, whole GiB."""

from __future__ import annotations

from broker.model import GIB, Arch, Bus, Firmware, SystemKind

ARCHITECTURES = {"x64": Arch.X86_64, "Arm64": Arch.AARCH64}
ARCHITECTURE_WORDS = {arch: word for word, arch in ARCHITECTURES.items()}

# learn.microsoft.com/azure/virtual-machines/generation-2: one boots with BIOS, two with UEFI, and
# which it is belongs to the boot disk and never changes
GENERATIONS = {"V1": Firmware.BIOS, "V2": Firmware.UEFI}
GENERATION_WORDS = {
    **{firmware: word for word, firmware in GENERATIONS.items()},
    # learn.microsoft.com/azure/virtual-machines/trusted-launch: generation 2 only
    Firmware.UEFI_SECURE: "V2",
}

# Our words are those of mappings/disks.toml; a class without one is called as the service does.
CLASSES = {
    "Standard_LRS": "standard_hdd",
    "StandardSSD_LRS": "standard_ssd",
    "Premium_LRS": "premium_ssd",
    "PremiumV2_LRS": "premium_v2",
}
CLASS_WORDS = {ours: theirs for theirs, ours in CLASSES.items()}

DEFAULT_CLASS = "StandardSSD_LRS"
"""What most machines need, and what one machine alone gets an availability promise with."""

LICENSED = {"redhat": "rhel", "suse": "suse"}
"""Publishers of images of Linux that are paid for by the hour, and what such a machine runs."""

OWN_LICENCES = {"Windows_Server", "Windows_Client", "RHEL_BYOS", "SLES_BYOS"}
"""What is in use has no price: learn.microsoft.com/rest/api/compute/virtual-machines/get."""

SYSTEMS = {"Linux": SystemKind.LINUX, "Windows": SystemKind.WINDOWS}
SYSTEM_WORDS = {kind: word for word, kind in SYSTEMS.items()}

DISTRIBUTIONS = {
    ("almalinux", ""): "almalinux",
    ("canonical", ""): "ubuntu",
    ("debian", ""): "debian",
    ("openlogic", "centos"): "centos",
    ("redhat", "rhel"): "rhel",
    ("resf", "rockylinux"): "rocky",
    ("suse", "opensuse"): "opensuse",
    ("suse", "sles"): "sles",
}
"""By publisher of an image, and how its offer begins:
learn.microsoft.com/azure/virtual-machines/linux/endorsed-distros.
"""

SPARE = frozenset({"Spot", "Low"})
"""The priorities of machines on spare capacity; the others are regular, and it may be left out."""

CONTROLLERS = {"SCSI": Bus.SCSI, "NVMe": Bus.NVME}


def class_word(kind: str | None) -> str:
    """Return the service's word for a class of disk: ours, its own, or the default's."""
    return CLASS_WORDS.get(kind, kind) if kind is not None else DEFAULT_CLASS


def gib(size: int) -> int:
    """Bytes as whole GiB, rounded up, at least one: how the service counts all but uploads."""
    return max(1, -(-size // GIB))
