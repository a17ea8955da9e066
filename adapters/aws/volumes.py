"""Volumes of one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapters.aws import tags
from adapters.aws.base import Base, only, pages
from adapters.aws.errors import calling
from adapters.aws.launch import VOLUME_KIND
from adapters.aws.limits import LIMITS, VOLUME_MAX
from adapters.aws.translate import volumes as translate
from adapters.aws.translate.words import data_devices, gib
from adapters.aws.waiting import wait_until
from broker.adapter.performance import check_performance
from broker.errors import Conflict, Invalid, NotFound
from broker.model import GIB, Volume, VolumeSpec

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import VolumeTypeDef

READY_SECONDS = 300.0


class Volumes(Base):
    """Disks that live on their own."""

    def volumes(self) -> list[Volume]:
        """Return every volume; complete, or an error is raised."""
        with calling("list volumes"):
            found: Any = list(pages(self._session.ec2, "describe_volumes", "Volumes"))
        return [translate.volume(each) for each in found]

    def volume(self, id: str) -> Volume:
        """Return one volume by id; NotFound when there is none."""
        return translate.volume(self._described_volume(id))

    def create_volume(self, spec: VolumeSpec, *, token: str) -> Volume:
        """Make an empty volume and return it when it can be used. The same token makes one."""
        check_size(spec.size)
        marks = tags.tags_for(spec.name, spec.labels, {tags.TOKEN: token})
        check_performance([spec], LIMITS.performance_kinds, default=VOLUME_KIND)
        wishes = {"Encrypted": spec.encrypted, "Iops": spec.iops, "Throughput": spec.mibps}
        asked: dict[str, Any] = {word: wish for word, wish in wishes.items() if wish is not None}
        with calling("create volume"):
            made = self._session.ec2.create_volume(
                AvailabilityZone=self._zone(),
                Size=gib(spec.size),
                VolumeType=spec.kind or VOLUME_KIND,  # type: ignore[arg-type]
                ClientToken=token,
                TagSpecifications=[tags.specification("volume", marks)],
                **asked,
            )
            found = self._wait_volume(made["VolumeId"], "available")
        return translate.volume(found)

    def attach_volume(self, id: str, instance: str) -> None:
        """Attach to an instance; quiet when it is there, Conflict when it is on another."""
        with calling("attach volume"):
            on = self.volume(id).instance
            if on == instance:
                return
            if on is not None:
                raise Conflict(f"{id} is on {on}: detach it first", provider="aws")
            described = self._session.ec2.describe_instances(InstanceIds=[instance])
            machine = described["Reservations"][0]["Instances"][0]
            taken = {each["DeviceName"] for each in machine.get("BlockDeviceMappings", [])}
            device = next((each for each in data_devices() if each not in taken), None)
            if device is None:
                raise Conflict(f"{instance} has no room for another volume", provider="aws")
            self._session.ec2.attach_volume(VolumeId=id, InstanceId=instance, Device=device)
            self._wait_volume(id, "in-use")

    def detach_volume(self, id: str) -> None:
        """Detach; quiet when it is on none."""
        with calling("detach volume"):
            if self.volume(id).instance is None:
                return
            self._session.ec2.detach_volume(VolumeId=id)
            self._wait_volume(id, "available")

    def resize_volume(self, id: str, size: int) -> None:
        """Grow to ``size`` bytes, rounded up to a whole GiB; Invalid when it would shrink."""
        with calling("resize volume"):
            now = self.volume(id).spec.size
            check_size(size)
            if gib(size) * GIB < now:
                raise Invalid(f"{id} has {now} bytes and cannot shrink to {size}", provider="aws")
            if gib(size) * GIB > now:
                self._session.ec2.modify_volume(VolumeId=id, Size=gib(size))

    def delete_volume(self, id: str) -> None:
        """Delete; quiet when it is gone, Conflict when it is attached."""
        try:
            with calling("delete volume"):
                self._session.ec2.delete_volume(VolumeId=id)
        except NotFound:
            return

    def _described_volume(self, id: str) -> VolumeTypeDef:
        with calling("get volume"):
            answer = self._session.ec2.describe_volumes(VolumeIds=[id])
        found: VolumeTypeDef = only(answer["Volumes"], "volume", id)
        return found

    def _wait_volume(self, id: str, state: str) -> VolumeTypeDef:
        return wait_until(
            lambda: self._described_volume(id),
            lambda each: each["State"] == state,
            seconds=READY_SECONDS,
            what=f"{id} to be {state}",
        )

    def _zone(self) -> str:
        """Where volumes are made: the account's zone, or the first of the region."""
        if self._session.settings.zone is not None:
            return self._session.settings.zone
        answer = self._session.ec2.describe_availability_zones(
            Filters=[{"Name": "state", "Values": ["available"]}]
        )
        return min(each["ZoneName"] for each in answer["AvailabilityZones"])


def check_size(size: int) -> None:
    """Invalid for more bytes than a volume can have."""
    if size > VOLUME_MAX:
        raise Invalid(f"{size} bytes are over the limit of {VOLUME_MAX} for a volume")
