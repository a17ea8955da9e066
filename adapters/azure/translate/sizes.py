"""Resource SKUs as offers: what a size is, and whether this subscription can have it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from adapters.azure.translate.words import ARCHITECTURES, GENERATIONS
from broker.model import MIB, Arch, Firmware, Offer, Size

MACHINES = "virtualMachines"
"""The resource type of a SKU that is a size of machines."""

_BURSTABLE = re.compile(r"standardB[A-Za-z]*(v\d+)?Family", re.IGNORECASE)
"""learn.microsoft.com/azure/virtual-machines/sizes/general-purpose/b-family"""

NVME_ONLY = frozenset({"nvme"})


def capabilities(sku: Mapping[str, Any]) -> dict[str, str]:
    """Return what a SKU says of itself."""
    return {each["name"]: str(each["value"]) for each in sku.get("capabilities") or []}


def offer(sku: Mapping[str, Any], location: str) -> Offer:
    """Return the offer; a fact the SKU does not tell is None."""
    told = capabilities(sku)
    disks, nics = _number(told, "MaxDataDiskCount"), _number(told, "MaxNetworkInterfaces")
    local_mib = _number(told, "MaxResourceVolumeMB")
    family = sku.get("family")
    return Offer(
        id=sku["name"],
        size=Size(
            vcpus=int(told["vCPUs"]),
            memory=int(Decimal(told["MemoryGB"]) * 1024),
            arch=ARCHITECTURES.get(told.get("CpuArchitectureType", ""), Arch.UNKNOWN),
            gpus=int(Decimal(told.get("GPUs", "0"))),
        ),
        firmware=_firmware(told),
        local_disk=local_mib * MIB if local_mib is not None else None,
        # the boot disk is not counted among the data disks
        disks=disks + 1 if disks is not None else None,
        nics=nics or None,
        burstable=bool(_BURSTABLE.fullmatch(family)) if family else None,
        family=family,
        drivers=NVME_ONLY if controllers(sku) == {"NVMe"} else frozenset(),
        zones=_zones(sku, location),
    )


def controllers(sku: Mapping[str, Any]) -> frozenset[str]:
    """Return how a size shows disks to its guests; SCSI is all there was before it was told."""
    told = capabilities(sku).get("DiskControllerTypes", "SCSI")
    return frozenset(word.strip() for word in told.split(",") if word.strip())


def refusal(sku: Mapping[str, Any], location: str) -> str | None:
    """Return the service's word for why a size cannot be had in a location; None when it can."""
    if all(place.lower() != location.lower() for place in sku.get("locations") or []):
        return "not in this location"
    for each in sku.get("restrictions") or []:
        places = [str(place).lower() for place in each.get("values") or []]
        if each.get("type") == "Location" and location.lower() in places:
            return str(each.get("reasonCode", "restricted"))
    return None


def _firmware(told: Mapping[str, str]) -> frozenset[Firmware]:
    """Return what a size can start with."""
    words = told.get("HyperVGenerations", "").split(",")
    known = {GENERATIONS[word] for word in words if word in GENERATIONS}
    if Firmware.UEFI in known and told.get("TrustedLaunchDisabled", "False") == "False":
        known.add(Firmware.UEFI_SECURE)
    return frozenset(known or {Firmware.UNKNOWN})


def _zones(sku: Mapping[str, Any], location: str) -> frozenset[str] | None:
    """The zones that have it and are open to us; None where it is in no zone in particular."""
    zones: set[str] = set()
    for each in sku.get("locationInfo") or []:
        if str(each.get("location", "")).lower() == location.lower():
            zones |= set(each.get("zones") or [])
    for each in sku.get("restrictions") or []:
        if each.get("type") == "Zone":
            zones -= set((each.get("restrictionInfo") or {}).get("zones") or [])
    return frozenset(zones) or None


def _number(told: Mapping[str, str], name: str) -> int | None:
    return int(Decimal(told[name])) if name in told else None
