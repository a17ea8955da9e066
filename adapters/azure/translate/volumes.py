"""Managed disks, snapshots and images; what they are, and what new ones are asked to be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.azure import tags
from adapters.azure.ids import Ids
from adapters.azure.kinds import DISK
from adapters.azure.translate.native import properties
from adapters.azure.translate.words import ARCHITECTURES, CLASSES, GENERATIONS
from broker.adapter.performance import beyond
from broker.model import GIB, Arch, Bus, Firmware, Image, Snapshot, Volume, VolumeSpec

UPLOADING = frozenset({"ReadyToUpload", "ActiveUpload"})
"""States of a disk that is still being filled."""


PROVISIONED = {"PremiumV2_LRS": (3000, 125), "UltraSSD_LRS": (None, None)}
"""Classes whose IOPS or MB/s can be asked for, and what of them each disk has anyway.

https://learn.microsoft.com/azure/virtual-machines/disks-types
"""

MB, MIB = 1_000_000, 1 << 20
"""The service counts throughput in the first: disks-types says "powers of 10"."""


def size_of(thing: Mapping[str, Any]) -> int:
    """Return the bytes of a disk or snapshot, without the footer of a VHD."""
    told = properties(thing)
    return int(told.get("diskSizeBytes") or int(told.get("diskSizeGB") or 0) * GIB)


def firmware_of(thing: Mapping[str, Any]) -> Firmware:
    """Return what a disk, snapshot or image boots with; UNKNOWN where it does not say."""
    return GENERATIONS.get(properties(thing).get("hyperVGeneration") or "", Firmware.UNKNOWN)


def performance_wish(spec: VolumeSpec) -> dict[str, int]:
    """Return how IOPS and throughput are asked for; empty where nobody asks."""
    asked = {}
    if spec.iops is not None:
        asked["diskIOPSReadWrite"] = spec.iops
    if spec.mibps is not None:
        asked["diskMBpsReadWrite"] = -(-spec.mibps * MIB // MB)
    return asked


def _performance(disk: Mapping[str, Any], word: str | None) -> tuple[int | None, int | None]:
    """Return the IOPS and MiB/s that were provisioned; the service tells of all disks some."""
    if word not in PROVISIONED:
        return None, None
    told = properties(disk)
    usual_iops, usual_rate = PROVISIONED[word]
    iops = beyond(told.get("diskIOPSReadWrite"), usual_iops)
    rate = beyond(told.get("diskMBpsReadWrite"), usual_rate)
    return iops, rate and max(1, rate * MB // MIB)


def volume_spec(disk: Mapping[str, Any], *, boot: bool = False, bus: Bus) -> VolumeSpec:
    """Return the wish this disk fulfils; ``bus`` is that of the machine it is on."""
    word = str((disk.get("sku") or {}).get("name", "")) or None
    iops, mibps = _performance(disk, word)
    return VolumeSpec(
        name=tags.name_of(disk),
        # a disk whose size nobody tells is one that is being made
        size=size_of(disk) or GIB,
        boot=boot,
        bus=bus,
        kind=CLASSES.get(word, word) if word else None,
        iops=iops,
        mibps=mibps,
        # learn.microsoft.com/azure/virtual-machines/disk-encryption: always, with some key
        encrypted=True,
        labels=tags.labels_of(disk),
    )


def volume(disk: Mapping[str, Any], ids: Ids) -> Volume:
    """Return the volume, and the machine it is on."""
    return Volume(
        id=ids.short(disk["id"]),
        spec=volume_spec(disk, bus=Bus.UNKNOWN),
        instance=ids.short(disk["managedBy"]) if disk.get("managedBy") else None,
        native=disk,
    )


def snapshot(found: Mapping[str, Any], ids: Ids) -> Snapshot:
    """Return the snapshot, complete or not."""
    told = properties(found)
    source = (told.get("creationData") or {}).get("sourceResourceId")
    return Snapshot(
        id=ids.short(found["id"]),
        name=tags.name_of(found),
        volume=ids.short(source) if source and _is_disk(source) else None,
        size=size_of(found),
        complete=is_complete(found),
        created_at=time_of(told.get("timeCreated")),
        labels=tags.labels_of(found),
        native=found,
    )


def is_complete(snapshot: Mapping[str, Any]) -> bool:
    """Tell whether all bytes are in the snapshot; some are filled behind the scenes."""
    told = properties(snapshot)
    percent = told.get("completionPercent")
    return told.get("provisioningState") == "Succeeded" and (percent is None or percent >= 100)


def image_of_snapshot(found: Mapping[str, Any], ids: Ids) -> Image:
    """Return a snapshot of a boot disk as what it is for us: an image."""
    capabilities = properties(found).get("supportedCapabilities") or {}
    return Image(
        id=ids.short(found["id"]),
        name=tags.name_of(found),
        arch=ARCHITECTURES.get(capabilities.get("architecture") or "", Arch.UNKNOWN),
        firmware=firmware_of(found),
        size=size_of(found),
        ready=is_complete(found),
        labels=tags.labels_of(found),
        native=found,
    )


def image(found: Mapping[str, Any], ids: Ids) -> Image:
    """Return a managed image."""
    told = properties(found)
    boot = (told.get("storageProfile") or {}).get("osDisk") or {}
    return Image(
        id=ids.short(found["id"]),
        name=tags.name_of(found),
        firmware=firmware_of(found),
        size=boot["diskSizeGB"] * GIB if boot.get("diskSizeGB") else None,
        ready=told.get("provisioningState") == "Succeeded",
        labels=tags.labels_of(found),
        native=found,
    )


def time_of(text: str | None) -> datetime | None:
    """Return a time the service tells; it writes seven digits behind the point."""
    return datetime.fromisoformat(text) if text else None


def _is_disk(path: str) -> bool:
    return f"/{DISK}/".lower() in path.lower()
