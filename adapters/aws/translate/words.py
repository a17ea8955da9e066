"""Small vocabularies both sides share: architectures, firmware, disk sizes, device names."""

from __future__ import annotations

from collections.abc import Iterator

from broker.model import GIB, Arch, Bus, Firmware, System, SystemKind

ARCHITECTURES = {"x86_64": Arch.X86_64, "arm64": Arch.AARCH64}
ARCHITECTURE_WORDS = {arch: word for word, arch in ARCHITECTURES.items()}

FIRMWARE = {"legacy-bios": Firmware.BIOS, "uefi": Firmware.UEFI}
BOOT_MODES = {firmware: word for word, firmware in FIRMWARE.items()}

# How a hypervisor shows EBS volumes to its guests:
# https://docs.aws.amazon.com/ebs/latest/userguide/nvme-ebs-volumes.html
BUSES = {"nitro": Bus.NVME, "xen": Bus.XEN}

# What spare capacity and PlatformDetails call what a machine's bill says it runs:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-info-fields.html
SYSTEMS = {
    "Linux/UNIX": "linux",
    "Windows": "windows",
    "Red Hat Enterprise Linux": "rhel",
    "SUSE Linux": "suse",
}

# With a licence of one's own a machine costs what it costs without one.
OWN_LICENCES = {
    "Windows BYOL": "linux",
    "Red Hat BYOL Linux": "linux",
}

# How PlatformDetails begin that tell what a machine runs, whoever has the licence. "Linux/UNIX" is
# not one of them: the service says so of every disk of which it knows nothing.
RUNS = {
    "Windows": System(kind=SystemKind.WINDOWS),
    "Red Hat": System(kind=SystemKind.LINUX, distribution="rhel"),
    "SUSE Linux": System(kind=SystemKind.LINUX, distribution="sles"),
    "Ubuntu Pro": System(kind=SystemKind.LINUX, distribution="ubuntu"),
}

ROOT_DEVICE = "/dev/sda1"


def gib(size: int) -> int:
    """Bytes as whole GiB, rounded up, at least one: the only sizes EBS has."""
    return max(1, -(-size // GIB))


def system(details: str) -> System:
    """What PlatformDetails say that a machine runs."""
    return next((told for words, told in RUNS.items() if details.startswith(words)), System())


def data_devices() -> Iterator[str]:
    """Names for volumes beside the root, in the order the service recommends them.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
    """
    yield from (f"/dev/sd{letter}" for letter in "fghijklmnop")
    yield from (f"/dev/xvdb{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")
