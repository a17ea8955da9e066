"""A snapshot that EBS direct started, as EC2 lists it."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_block_store import Snapshot
from moto.ec2.utils import random_snapshot_id

from tests.services.aws.snapshots import Disks

ACCOUNT = "123456789012"
# what EC2 shows as the volume of a snapshot no volume stood behind
NO_VOLUME = "vol-ffffffff"


class DirectSnapshot(Snapshot):
    """Pending until its blocks are sealed."""

    disks: Disks

    @property
    def status(self) -> str:
        found = self.disks.snapshots.get(self.id)
        return "completed" if found is None or found.completed else "pending"

    @status.setter
    def status(self, _: str) -> None:
        """moto's constructor sets it; here the blocks decide."""

    @property
    def progress(self) -> str:
        return "100%" if self.status == "completed" else "0%"


def register(
    disks: Disks, region: str, size_gib: int, description: str, tags: dict[str, str]
) -> str:
    """Make EC2 list a new snapshot, and return its id."""
    backend: Any = ec2_backends[ACCOUNT][region]
    zone = backend.describe_availability_zones()[0]
    volume = backend.create_volume(size_gib, zone.name)
    backend.volumes.pop(volume.id)
    volume.id = NO_VOLUME
    snapshot_id = random_snapshot_id()
    snapshot = DirectSnapshot(backend, snapshot_id, volume, description)
    snapshot.disks = disks
    backend.snapshots[snapshot_id] = snapshot
    snapshot.add_tags(tags)
    return snapshot_id
