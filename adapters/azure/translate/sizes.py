"""Resource SKUs as offers: what a size is, and whether this subscription can have it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from adapters.azure.translate.words import ARCHITECTURES, GENERATIONS
from broker.model import MIB, Arch, Firmware, Offer, Size

MACHINES = "virtualMachines"
"""The resource type of a SKU that is a size of machines."""

_BURSTABLE = re.compile(r"standardB[A-Za-z]*(v\d+)?Family", re.IGNORECASE)
"""learn.microsoft.com/azure/virtual-machines/sizes/general-purpose/b-family"""

NVME_ONLY = frozenset({"nvme"})


class Spot(NamedTuple):
    """Where a machine is, or is to be; no zone where it is in none in particular."""

    location: str
    zone: str | None = None


def capabilities(sku: Mapping[str, Any]) -> dict[str, str]:
    """Return what a SKU says of itself."""
    return {each["name"]: str(each["value"]) for each in sku.get("capabilities") or []}


def offer(sku: Mapping[str, Any], location: str) -> Offer:
    """Return the offer; a fact the SKU does not tell is None."""
    told = capabilities(sku)
    disks, nics = _number(told, "MaxDataDiskCount"), _number(told, "MaxNetworkInterfaces")
    # a temporary disk, and since version 6 of the sizes disks that are seen as they are
    local = [_number(told, name) for name in ("MaxResourceVolumeMB", "NvmeDiskSizeInMiB")]
    known = [mib for mib in local if mib is not None]
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
        local_disk=sum(known) * MIB if known else None,
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


def refusal(sku: Mapping[str, Any], spot: Spot) -> str | None:
    """Return the service's word for why a size cannot be had somewhere; None when it can."""
    location = spot.location.lower()
    if all(place.lower() != location for place in sku.get("locations") or []):
        return "not in this location"
    for each in sku.get("restrictions") or []:
        places = [str(place).lower() for place in each.get("values") or []]
        if each.get("type") == "Location" and location in places:
            return str(each.get("reasonCode", "restricted"))
    zones = _zones(sku, location)
    if spot.zone is not None and zones is not None and spot.zone not in zones:
        return f"not in zone {spot.zone}"
    return None


def misfit(sku: Mapping[str, Any], classes: Collection[str], controller: str | None) -> str | None:
    """Return what a size lacks for disks of these classes, on this controller if they are on one.

    A size that does not tell whether it takes premium disks is in question.
    """
    premium = any(kind.startswith("Premium") for kind in classes)
    if premium and capabilities(sku).get("PremiumIO") == "False":
        return "takes no premium disks"
    if controller is not None and controller not in controllers(sku):
        return f"has no {controller} disks: what a machine's disks are on never changes here"
    return None


def _firmware(told: Mapping[str, str]) -> frozenset[Firmware]:
    """Return what a size can start with."""
    words = told.get("HyperVGenerations", "").split(",")
    known = {GENERATIONS[word] for word in words if word in GENERATIONS}
    if Firmware.UEFI in known and told.get("TrustedLaunchDisabled", "False") == "False":
        known.add(Firmware.UEFI_SECURE)
    return frozenset(known or {Firmware.UNKNOWN})


def _zones(sku: Mapping[str, Any], location: str) -> frozenset[str] | None:
    """The zones that have it and are open to us; None where a location has no zones of it."""
    zones: set[str] = set()
    for each in sku.get("locationInfo") or []:
        if str(each.get("location", "")).lower() == location.lower():
            zones |= set(each.get("zones") or [])
    if not zones:
        return None
    for each in sku.get("restrictions") or []:
        if each.get("type") == "Zone":
            zones -= set((each.get("restrictionInfo") or {}).get("zones") or [])
    return frozenset(zones)


def _number(told: Mapping[str, str], name: str) -> int | None:
    return int(Decimal(told[name])) if name in told else None
