"""Images that keep what they were registered with."""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.amis import Ami
from moto.ec2.utils import random_ami_id

from tests.services.aws.ec2.overlay import Ec2Base, refuse
from tests.services.aws.ec2.volumes import Volumes

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RegisterImage.html
_NAME = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")


class RegisteredImage(Ami):
    """An image of snapshots; moto's own would show an invented 15 GiB disk."""

    def __init__(self, backend: Any, asked: dict[str, Any], mappings: list[dict[str, Any]]) -> None:
        self._mappings = mappings
        super().__init__(
            backend,
            random_ami_id(),
            name=asked["Name"],
            description=asked.get("Description", ""),
            virtualization_type=asked.get("VirtualizationType", "hvm"),
            architecture=asked.get("Architecture", "i386"),
            root_device_type="ebs",
            root_device_name=asked["RootDeviceName"],
            region_name=f"{backend.region_name}a",
            tags=_tags(asked),
        )
        backend.snapshots.pop(self.ebs_snapshot.id)
        self.boot_mode = asked.get("BootMode")  # type: ignore[assignment]
        self.ena_support = bool(asked.get("EnaSupport"))
        self.imds_support = asked.get("ImdsSupport")
        self.tpm_support = asked.get("TpmSupport")
        self.hypervisor = "xen"

    @property
    def block_device_mappings(self) -> list[dict[str, Any]]:
        return self._mappings


class Images(Volumes, Ec2Base):
    """RegisterImage, with its block device mappings."""

    def register_image(self) -> ActionResult:
        self.error_on_dryrun()
        name = self.sent("Name", "")
        if not _NAME.fullmatch(name):
            raise refuse("InvalidAMIName.Malformed", f"AMI name {name!r} is not valid")
        for image in self.ec2_backend.describe_images(owners=["self"]):
            if image.name == name:
                raise refuse(
                    "InvalidAMIName.Duplicate",
                    f"AMI name {name} is already in use by AMI {image.id}",
                )
        mappings = [self._mapping(each) for each in self.sent("BlockDeviceMappings", [])]
        devices = [each["DeviceName"] for each in mappings]
        if len(set(devices)) != len(devices):
            raise refuse("InvalidBlockDeviceMapping", "A device name appears twice")
        root = self.sent("RootDeviceName")
        if root not in devices:
            raise refuse(
                "InvalidBlockDeviceMapping", f"No snapshot is mapped to the root device {root}"
            )
        image = RegisteredImage(self.ec2_backend, dict(self.params), mappings)
        self.ec2_backend.amis[image.id] = image
        return ActionResult({"ImageId": image.id})

    def create_image(self) -> ActionResult:
        """Snapshot what the instance has, and register an image of that."""
        instance = self.ec2_backend.get_instance(self.sent("InstanceId"))
        left_out = {
            each["DeviceName"]
            for each in self.sent("BlockDeviceMappings", [])
            if "NoDevice" in each
        }
        mappings = []
        for device, block in instance.block_device_mapping.items():
            if device in left_out:
                continue
            description = f"Created by CreateImage({instance.id})"
            snapshot = self.ec2_backend.create_snapshot(block.volume_id, description)
            self.keep_bytes(snapshot)
            mappings.append({"DeviceName": device, "Ebs": {"SnapshotId": snapshot.id}})
        self.params["BlockDeviceMappings"] = mappings
        self.params["RootDeviceName"] = instance.root_device_name
        self.params["Architecture"] = instance.architecture
        self.params["BootMode"] = getattr(instance, "boot_mode", None)
        self.params["EnaSupport"] = getattr(instance, "ena_support", True)
        return self.register_image()

    def _mapping(self, asked: dict[str, Any]) -> dict[str, Any]:
        disk = asked.get("Ebs", {})
        size, snapshot_id = disk.get("VolumeSize"), disk.get("SnapshotId")
        encrypted = False
        if snapshot_id:
            snapshot = self.ec2_backend.get_snapshot(snapshot_id)
            self.require_completed(snapshot_id)
            if "Encrypted" in disk:
                raise refuse(
                    "InvalidParameterCombination",
                    "Encrypted cannot be given for a mapping with a snapshot",
                )
            encrypted = snapshot.encrypted
            if size is not None and int(size) < snapshot.volume_size:
                raise refuse(
                    "InvalidBlockDeviceMapping",
                    f"Volume of size {size}GB is smaller than snapshot '{snapshot_id}', "
                    f"expect size >= {snapshot.volume_size}GB",
                )
            size = size or snapshot.volume_size
        elif not size:
            raise refuse("MissingParameter", "A mapping needs a size or a snapshotId")
        return {
            "DeviceName": asked["DeviceName"],
            "Ebs": {
                **({"SnapshotId": snapshot_id} if snapshot_id else {}),
                "VolumeSize": int(size),
                "VolumeType": disk.get("VolumeType", "gp2"),
                "DeleteOnTermination": disk.get("DeleteOnTermination", True),
                "Encrypted": disk.get("Encrypted", encrypted),
                **{rate: disk[rate] for rate in ("Iops", "Throughput") if rate in disk},
            },
        }


def _tags(asked: dict[str, Any]) -> dict[str, str]:
    return {
        tag["Key"]: tag.get("Value", "")
        for each in asked.get("TagSpecifications", [])
        if each.get("ResourceType") == "image"
        for tag in each.get("Tags", [])
    }
