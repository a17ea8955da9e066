"""Volumes and snapshots: sizes, zones, attachments, and the bytes behind them."""

from __future__ import annotations

import copy
from typing import Any

from moto.core.responses import ActionResult

from tests.services.aws.ec2.overlay import Ec2Base, refuse

# gp2, gp3: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
MAX_GIB = 65536


class Volumes(Ec2Base):
    """Refuses what EBS refuses, and keeps each volume's bytes through snapshots."""

    def create_volume(self) -> ActionResult:
        size, snapshot_id = self.sent("Size"), self.sent("SnapshotId")
        zone = self.sent("AvailabilityZone")
        if zone not in {each.name for each in self.ec2_backend.describe_availability_zones()}:
            raise refuse("InvalidZone.NotFound", f"The zone '{zone}' does not exist.")
        if size is None and snapshot_id is None:
            raise refuse("MissingParameter", "The request must contain the parameter size/snapshot")
        if size is not None and not 1 <= int(size) <= MAX_GIB:
            raise refuse("InvalidParameterValue", f"Invalid volume size: {size}")
        if snapshot_id is not None:
            snapshot = self.ec2_backend.get_snapshot(snapshot_id)
            self.require_completed(snapshot_id)
            if size is not None and int(size) < snapshot.volume_size:
                raise refuse(
                    "InvalidParameterValue",
                    f"The size {size} is smaller than the snapshot's {snapshot.volume_size}",
                )
        wanted = int(size) if size is not None else 0
        if self._total_gib() + wanted > self.overlay.quotas.volumes_gib:
            raise refuse("VolumeLimitExceeded", "You have exceeded your volume storage quota")
        return super().create_volume()

    def attach_volume(self) -> ActionResult:
        volume = self.ec2_backend.get_volume(self.sent("VolumeId"))
        instance = self.ec2_backend.get_instance(self.sent("InstanceId"))
        device = self.sent("Device")
        if volume.attachment:
            raise refuse("VolumeInUse", f"{volume.id} is already attached to an instance")
        if instance.state not in ("running", "stopped"):
            raise refuse("IncorrectState", f"Instance '{instance.id}' is {instance.state}")
        if volume.availability_zone != instance.availability_zone:
            raise refuse(
                "InvalidVolume.ZoneMismatch",
                f"The volume '{volume.id}' is not in the same availability zone as the instance",
            )
        if device in instance.block_device_mapping:
            raise refuse("InvalidParameterValue", f"Attachment point {device} is already in use")
        return super().attach_volume()

    def detach_volume(self) -> ActionResult:
        volume = self.ec2_backend.get_volume(self.sent("VolumeId"))
        if volume.attachment is None:
            raise refuse("IncorrectState", f"Volume '{volume.id}' is in the 'available' state.")
        instance = volume.attachment.instance
        self.params.setdefault("InstanceId", instance.id)
        self.params.setdefault("Device", volume.attachment.device)
        if volume.attachment.device == instance.root_device_name and instance.state != "stopped":
            raise refuse(
                "OperationNotPermitted",
                f"Unable to detach root volume '{volume.id}' from instance '{instance.id}'",
            )
        return super().detach_volume()

    def modify_volume(self) -> ActionResult:
        volume = self.ec2_backend.get_volume(self.sent("VolumeId"))
        size = self.sent("Size")
        if size is not None and int(size) < volume.size:
            raise refuse("InvalidParameterValue", "New size cannot be smaller than existing size")
        return super().modify_volume()

    def delete_volume(self) -> ActionResult:
        answer = super().delete_volume()
        self.overlay.disks.volumes.pop(self.sent("VolumeId"), None)
        return answer

    def create_snapshot(self) -> ActionResult:
        self._require_pending_room()
        answer = super().create_snapshot()
        self.keep_bytes(answer.result)
        return answer

    def create_snapshots(self) -> ActionResult:
        self._require_pending_room()
        answer = super().create_snapshots()
        result: Any = answer.result
        for snapshot in result["Snapshots"]:
            self.keep_bytes(snapshot)
        return answer

    def describe_snapshots(self) -> ActionResult:
        answer = super().describe_snapshots()
        result: Any = answer.result
        owners = {
            self.current_account if each == "self" else each for each in self.sent("OwnerIds", [])
        }
        found = [each for each in result["Snapshots"] if not owners or each.owner_id in owners]
        return ActionResult({**result, "Snapshots": found})

    def copy_snapshot(self) -> ActionResult:
        answer = super().copy_snapshot()
        result: Any = answer.result
        self.overlay.disks.copy(result["SnapshotId"], self.region, self.sent("SourceSnapshotId"))
        return answer

    def delete_snapshot(self) -> ActionResult:
        snapshot_id = self.sent("SnapshotId")
        for image in self.ec2_backend.describe_images(owners=["self"]):
            if snapshot_id in {
                each["Ebs"].get("SnapshotId") for each in image.block_device_mappings
            }:
                raise refuse(
                    "InvalidSnapshot.InUse",
                    f"The snapshot {snapshot_id} is currently in use by {image.id}",
                )
        answer = super().delete_snapshot()
        for volume in self.ec2_backend.volumes.values():
            if volume.snapshot_id == snapshot_id:
                # volumes made from a snapshot keep its bytes when it goes
                self.overlay.disks.volume(volume.id, snapshot_id)
        self.overlay.disks.snapshots.pop(snapshot_id, None)
        return answer

    def require_completed(self, snapshot_id: str) -> None:
        """Raise when the snapshot still takes blocks or is being sealed."""
        snapshot = self.overlay.disks.snapshots.get(snapshot_id)
        if snapshot is not None and not snapshot.completed:
            raise refuse("IncorrectState", "Snapshot is in invalid state - pending")

    def keep_bytes(self, snapshot: Any) -> None:
        """Give a new snapshot the bytes of its volume."""
        disks = self.overlay.disks
        origin = snapshot.volume
        # moto keeps the volume itself, whose size may change later
        snapshot.volume = copy.copy(origin)
        volume = disks.volume(origin.id, origin.snapshot_id)
        disks.take(snapshot.id, self.region, origin.size, volume)

    def _require_pending_room(self) -> None:
        if self.overlay.disks.pending(self.region) >= self.overlay.quotas.pending_snapshots:
            raise refuse(
                "PendingSnapshotLimitExceeded", "You have reached the limit on pending snapshots"
            )

    def _total_gib(self) -> int:
        return sum(volume.size for volume in self.ec2_backend.volumes.values())
