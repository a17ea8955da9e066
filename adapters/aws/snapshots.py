"""Snapshots and images of one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from adapters.aws import tags
from adapters.aws.base import Base, only, pages
from adapters.aws.errors import calling
from adapters.aws.translate import volumes as translate
from adapters.aws.waiting import wait_until
from broker.errors import NotFound, Transient
from broker.model import Image, Snapshot

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import ImageTypeDef, SnapshotTypeDef

SNAPSHOT_SECONDS = 6 * 3600.0
"""The first snapshot of a volume of some TiB takes hours; the later ones minutes."""

IMAGE_SECONDS = 6 * 3600.0

CREATED_BY_IMAGE = "Created by CreateImage("
"""How the service begins the description of snapshots that CreateImage took."""


class Snapshots(Base):
    """Volumes as they were at one moment."""

    def snapshots(self) -> list[Snapshot]:
        """Return every snapshot of this account; complete, or an error is raised."""
        with calling("list snapshots"):
            found: Any = list(
                pages(self._session.ec2, "describe_snapshots", "Snapshots", OwnerIds=["self"])
            )
        return [translate.snapshot(each) for each in found]

    def snapshot(self, id: str) -> Snapshot:
        """Return one snapshot by id; NotFound when there is none."""
        return translate.snapshot(self._described_snapshot(id))

    def create_snapshot(self, volume: str, name: str, *, token: str) -> Snapshot:
        """Take a snapshot and return it when it is complete. The same token makes one."""
        marks = tags.tags_for(name, {}, {tags.TOKEN: token})
        with calling("create snapshot"):
            ec2 = self._session.ec2
            before = ec2.describe_snapshots(Filters=tags.by_token(token))["Snapshots"]
            taken = (
                before[0]["SnapshotId"]
                if before
                else ec2.create_snapshot(
                    VolumeId=volume,
                    TagSpecifications=[tags.specification("snapshot", marks)],
                )["SnapshotId"]
            )
            found = self._wait_snapshot(taken)
        return translate.snapshot(found)

    def delete_snapshot(self, id: str) -> None:
        """Delete; quiet when it is gone."""
        try:
            with calling("delete snapshot"):
                self._session.ec2.delete_snapshot(SnapshotId=id)
        except NotFound:
            return

    def _described_snapshot(self, id: str) -> SnapshotTypeDef:
        with calling("get snapshot"):
            answer = self._session.ec2.describe_snapshots(SnapshotIds=[id])
        found: SnapshotTypeDef = only(answer["Snapshots"], "snapshot", id)
        return found

    def _wait_snapshot(self, id: str) -> SnapshotTypeDef:
        found = wait_until(
            lambda: self._described_snapshot(id),
            lambda each: each["State"] in ("completed", "error"),
            seconds=SNAPSHOT_SECONDS,
            what=f"completing {id}",
        )
        if found["State"] == "error":
            raise Transient(f"{id} failed: {found.get('StateMessage', '')}", provider="aws")
        return found


class Images(Base):
    """What instances can be made from."""

    def images(self) -> list[Image]:
        """Return this account's own images; complete, or an error is raised."""
        with calling("list images"):
            found: Any = list(
                pages(self._session.ec2, "describe_images", "Images", Owners=["self"])
            )
        return [translate.image(each) for each in found]

    def image(self, id: str) -> Image:
        """Return one image by id, public ones too; NotFound when there is none."""
        return translate.image(self._described_image(id))

    def create_image(self, instance: str, name: str, *, token: str) -> Image:
        """Make an image of a stopped instance's boot disk. The same token makes one."""
        marks = tags.tags_for(name, {}, {tags.TOKEN: token})
        with calling("create image"):
            ec2 = self._session.ec2
            before = ec2.describe_images(Owners=["self"], Filters=tags.by_token(token))["Images"]
            taken = before[0]["ImageId"] if before else self._take_image(instance, token, marks)
            found = wait_until(
                lambda: self._described_image(taken),
                lambda each: each["State"] != "pending",
                seconds=IMAGE_SECONDS,
                what=f"completing {taken}",
            )
        return translate.image(found)

    def delete_image(self, id: str) -> None:
        """Delete, with the snapshots that were taken for it; quiet when it is gone."""
        try:
            with calling("delete image"):
                ec2 = self._session.ec2
                found = self._described_image(id)
                ec2.deregister_image(ImageId=id)
                behind = [
                    each["Ebs"]["SnapshotId"]
                    for each in found.get("BlockDeviceMappings", [])
                    if "SnapshotId" in each.get("Ebs", {})
                ]
                for snapshot in behind:
                    self._delete_taken(snapshot)
        except NotFound:
            return

    def _take_image(self, instance: str, token: str, marks: Any) -> str:
        ec2 = self._session.ec2
        described = ec2.describe_instances(InstanceIds=[instance])
        machine = described["Reservations"][0]["Instances"][0]
        root = machine["RootDeviceName"]
        unwanted = [
            {"DeviceName": each["DeviceName"], "NoDevice": ""}
            for each in machine.get("BlockDeviceMappings", [])
            if each["DeviceName"] != root
        ]
        asked: dict[str, Any] = {"BlockDeviceMappings": unwanted} if unwanted else {}
        made = ec2.create_image(
            InstanceId=instance,
            Name=f"interop-image-{token}",
            NoReboot=True,
            TagSpecifications=[tags.specification("image", marks)],
            **asked,
        )
        return made["ImageId"]

    def _described_image(self, id: str) -> ImageTypeDef:
        with calling("get image"):
            answer = self._session.ec2.describe_images(ImageIds=[id])
        found: ImageTypeDef = only(answer["Images"], "image", id)
        return found

    def _delete_taken(self, snapshot: str) -> None:
        ec2 = self._session.ec2
        try:
            found = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
            if found and found[0].get("Description", "").startswith(CREATED_BY_IMAGE):
                ec2.delete_snapshot(SnapshotId=snapshot)
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidSnapshot.NotFound":
                raise
