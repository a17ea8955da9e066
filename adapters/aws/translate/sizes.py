"""Instance types as offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.aws.translate.words import ARCHITECTURES, FIRMWARE
from broker.model import Arch, Firmware, Offer, Size

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import InstanceTypeInfoTypeDef

GIGABYTE = 10**9
"""The unit of instance storage in the catalogue."""


REQUIRED = "required"
"""What the catalogue says of a device that is the only one of its kind a type has."""


def offer(found: InstanceTypeInfoTypeDef, zones: frozenset[str] | None = None) -> Offer:
    """Return the offer; a Mac's architecture is none we have a word for, so it is UNKNOWN.

    A guest needs a driver for what is "required": where it is only "supported" there is another.
    """
    disks, cards = found.get("EbsInfo", {}), found.get("NetworkInfo", {})
    devices = {"nvme": disks.get("NvmeSupport"), "ena": cards.get("EnaSupport")}
    words = found.get("ProcessorInfo", {}).get("SupportedArchitectures", [])
    known = [ARCHITECTURES[word] for word in words if word in ARCHITECTURES]
    modes = found.get("SupportedBootModes")
    without = 0 if found.get("InstanceStorageSupported") is False else None
    storage = found.get("InstanceStorageInfo", {}).get("TotalSizeInGB", without)
    gpus = found.get("GpuInfo", {}).get("Gpus", [])
    return Offer(
        id=found["InstanceType"],
        size=Size(
            vcpus=found["VCpuInfo"]["DefaultVCpus"],
            memory=found["MemoryInfo"]["SizeInMiB"],
            arch=known[0] if known else Arch.UNKNOWN,
            gpus=sum(gpu.get("Count", 0) for gpu in gpus),
        ),
        firmware=frozenset(FIRMWARE[mode] for mode in modes if mode in FIRMWARE)
        if modes
        else frozenset({Firmware.UNKNOWN}),
        local_disk=storage * GIGABYTE if storage is not None else None,
        disks=disks.get("MaximumEbsAttachments"),
        nics=cards.get("MaximumNetworkInterfaces"),
        burstable=found.get("BurstablePerformanceSupported"),
        bare_metal=found.get("BareMetal", False),
        current=found.get("CurrentGeneration", True),
        family=found["InstanceType"].partition(".")[0],
        drivers=frozenset(name for name, support in devices.items() if support == REQUIRED),
        zones=zones,
    )
