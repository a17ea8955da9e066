"""Disks: volumes, their snapshots, and images."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from broker.model.base import Bytes, Labels, Name, Resource, Strict
from broker.model.size import Arch, Firmware


class Bus(StrEnum):
    """How the guest sees a disk: it decides the driver the guest must have."""

    VIRTIO = "virtio"
    SCSI = "scsi"
    SATA = "sata"
    IDE = "ide"
    NVME = "nvme"
    XEN = "xen"
    UNKNOWN = "unknown"


class VolumeSpec(Strict):
    """A disk somebody wants. ``size`` is bytes; ``kind`` is the provider's storage class.

    ``iops`` (I/O a second) and ``mibps`` (MiB a second) are asked for beyond what the kind gives by
    itself, None where they are not.
    """

    name: Name
    size: Annotated[Bytes, Field(gt=0)]
    boot: bool = False
    bus: Bus = Bus.UNKNOWN
    kind: str | None = None
    iops: Annotated[int, Field(gt=0)] | None = None
    mibps: Annotated[int, Field(gt=0)] | None = None
    encrypted: bool | None = None
    labels: Labels = Field(default_factory=dict)

    @property
    def performance(self) -> str:
        """What is asked for beyond its kind, as people say it; empty where nothing is."""
        told = ((self.iops, "IOPS"), (self.mibps, "MiB/s"))
        return ", ".join(f"{value:,} {unit}" for value, unit in told if value is not None)


class Volume(Resource):
    """A disk that exists; ``instance`` is the id of the instance it is attached to."""

    spec: VolumeSpec
    instance: str | None = None
    device: str | None = None


class Snapshot(Resource):
    """A volume as it was at one moment. ``complete`` is false while the provider still copies."""

    name: str
    volume: str | None
    size: Bytes
    complete: bool
    created_at: AwareDatetime | None = None
    labels: Labels = Field(default_factory=dict)


class Image(Resource):
    """A disk, or several, that instances can be made from."""

    name: str
    arch: Arch = Arch.UNKNOWN
    firmware: Firmware = Firmware.UNKNOWN
    size: Bytes | None = None
    ready: bool = True
    labels: Labels = Field(default_factory=dict)
