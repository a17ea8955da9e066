"""Volumes, snapshots and images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.aws import tags
from adapters.aws.translate.native import native
from adapters.aws.translate.words import ARCHITECTURES, BUSES, FIRMWARE
from broker.adapter.performance import beyond
from broker.model import GIB, Arch, Bus, Firmware, Image, Snapshot, Volume, VolumeSpec

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import (
        ImageTypeDef,
        SnapshotTypeDef,
        VolumeTypeDef,
    )


PROVISIONED = {"io1": (None, None), "io2": (None, None), "gp3": (3000, 125)}
"""Kinds whose IOPS or MiB/s can be asked for, and what of them each volume has anyway.

https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
"""


def volume_spec(
    found: VolumeTypeDef, *, boot: bool = False, hypervisor: str | None = None
) -> VolumeSpec:
    """Return the wish this volume fulfils; ``hypervisor`` is that of the machine it is on."""
    marks = tags.tags_in(found)
    iops, mibps = _performance(found)
    return VolumeSpec(
        name=tags.name_of(marks, found["VolumeId"]),
        size=found["Size"] * GIB,
        boot=boot,
        bus=BUSES.get(hypervisor or "", Bus.UNKNOWN),
        kind=found.get("VolumeType"),
        iops=iops,
        mibps=mibps,
        encrypted=found.get("Encrypted"),
        labels=tags.labels_of(marks),
    )


def _performance(found: VolumeTypeDef) -> tuple[int | None, int | None]:
    """Return what was provisioned; the service tells of some kinds what they have anyway, too."""
    if (anyway := PROVISIONED.get(found.get("VolumeType", ""))) is None:
        return None, None
    return beyond(found.get("Iops"), anyway[0]), beyond(found.get("Throughput"), anyway[1])


def volume(found: VolumeTypeDef) -> Volume:
    """Return the volume, and the machine it is on."""
    attached = found.get("Attachments", [])
    return Volume(
        id=found["VolumeId"],
        spec=volume_spec(found),
        instance=attached[0].get("InstanceId") if attached else None,
        device=attached[0].get("Device") if attached else None,
        native=native(found),
    )


def snapshot(found: SnapshotTypeDef) -> Snapshot:
    """Return the snapshot, complete or not."""
    marks = tags.tags_in(found)
    return Snapshot(
        id=found["SnapshotId"],
        name=tags.name_of(marks, found["SnapshotId"]),
        # EC2 names a volume that never was for snapshots no volume stood behind
        volume=found["VolumeId"] if found["VolumeId"] != "vol-ffffffff" else None,
        size=found["VolumeSize"] * GIB,
        complete=found["State"] == "completed",
        created_at=found.get("StartTime"),
        labels=tags.labels_of(marks),
        native=native(found),
    )


def image(found: ImageTypeDef) -> Image:
    """Return the image; its size is that of all its disks together."""
    marks = tags.tags_in(found)
    sizes = [
        mapping["Ebs"]["VolumeSize"] * GIB
        for mapping in found.get("BlockDeviceMappings", [])
        if "VolumeSize" in mapping.get("Ebs", {})
    ]
    return Image(
        id=found["ImageId"],
        name=tags.name_of(marks, found.get("Name") or found["ImageId"]),
        arch=ARCHITECTURES.get(found.get("Architecture", ""), Arch.UNKNOWN),
        firmware=FIRMWARE.get(found.get("BootMode", ""), Firmware.UNKNOWN),
        size=sum(sizes) if sizes else None,
        ready=found.get("State") == "available",
        labels=tags.labels_of(marks),
        native=native(found),
    )
