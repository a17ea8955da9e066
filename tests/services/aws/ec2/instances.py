"""Instances: made from what their image maps, and only changed in states that allow it."""

from __future__ import annotations

import base64
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from tests.services.aws.ec2.images import RegisteredImage
from tests.services.aws.ec2.overlay import Ec2Base, refuse

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
USER_DATA_MAX = 16 * 1024


class Instances(Ec2Base):
    """RunInstances with the image's disks, and the state checks moto leaves out."""

    def run_instances(self) -> ActionResult:
        data = self.sent("UserData")
        if data and len(_decoded(data)) > USER_DATA_MAX:
            raise refuse("InvalidParameterValue", "User data is limited to 16384 bytes")
        image = self._image()
        kind = self._instance_type()
        if image is not None and kind is not None:
            _require_fit(image, kind)
        self._require_vcpus(kind)
        if image is not None:
            asked = self.sent("BlockDeviceMappings", [])
            mapped = _merged(image.block_device_mappings, asked)
            self.params["BlockDeviceMappings"] = [_without_rates(each) for each in mapped]
        answer = super().run_instances()
        result: Any = answer.result
        for instance in result.instances:
            self._give_cards_away(instance)
            self._give_rates(instance, mapped if image is not None else [])
            if isinstance(image, RegisteredImage):
                instance.boot_mode = image.boot_mode
                instance.ena_support = image.ena_support
            instance.current_instance_boot_mode = (
                "uefi" if getattr(image, "boot_mode", None) == "uefi" else "legacy-bios"
            )
        return answer

    def _give_cards_away(self, instance: Any) -> None:
        """A card made with the instance goes with it, unless the request says otherwise."""
        asked = {int(each["DeviceIndex"]): each for each in self.sent("NetworkInterfaces", [])}
        for index, card in instance.nics.items():
            wish = asked.get(index, {})
            if "NetworkInterfaceId" not in wish:
                card.delete_on_termination = wish.get("DeleteOnTermination", True)

    def _give_rates(self, instance: Any, mapped: list[dict[str, Any]]) -> None:
        """Provision what was asked for; moto launches volumes with what their type has anyway."""
        for each in mapped:
            disk = each["Ebs"]
            attached = instance.block_device_mapping.get(each["DeviceName"])
            if attached is not None and {"Iops", "Throughput"} & disk.keys():
                volume = self.ec2_backend.get_volume(attached.volume_id)
                volume.volume_type = disk["VolumeType"]
                volume.iops = disk.get("Iops", volume.iops)
                volume.throughput = disk.get("Throughput")

    def start_instances(self) -> ActionResult:
        self._require_state("start", "stopped", "running")
        for each in self.sent("InstanceIds", []):
            if (instance := self.ec2_backend.get_instance(each)).state == "stopped":
                instance.launch_time = utcnow()
        return super().start_instances()

    def stop_instances(self) -> ActionResult:
        self._require_state("stop", "stopped", "running")
        return super().stop_instances()

    def reboot_instances(self) -> ActionResult:
        self._require_state("reboot", "running")
        return super().reboot_instances()

    def modify_instance_attribute(self) -> ActionResult:
        wanted = self.sent("InstanceType.Value")
        if wanted or self.sent("Attribute") == "instanceType":
            instance = self.ec2_backend.get_instance(self.sent("InstanceId"))
            if instance.state != "stopped":
                raise refuse(
                    "IncorrectInstanceState",
                    f"The instance '{instance.id}' is not in the 'stopped' state.",
                )
            self.ec2_backend.describe_instance_types([wanted or self.sent("Value")])
        return super().modify_instance_attribute()

    def _require_state(self, verb: str, *allowed: str) -> None:
        for each in self.sent("InstanceIds", []):
            instance = self.ec2_backend.get_instance_by_id(each)
            if instance is not None and instance.state not in allowed:
                raise refuse(
                    "IncorrectInstanceState",
                    f"The instance '{each}' is not in a state from which it can {verb}: "
                    f"{instance.state}",
                )

    def _image(self) -> Any:
        image_id = self.sent("ImageId")
        if not image_id:
            return None
        found = self.ec2_backend.describe_images(ami_ids=[image_id])
        return found[0] if found else None

    def _instance_type(self) -> dict[str, Any] | None:
        wanted = self.sent("InstanceType")
        if not wanted:
            return None
        found: list[dict[str, Any]] = self.ec2_backend.describe_instance_types([wanted])
        return found[0] if found else None

    def _require_vcpus(self, kind: dict[str, Any] | None) -> None:
        running = self.ec2_backend.all_running_instances()
        used = sum(self._vcpus(each.instance_type) for each in running)
        wanted = kind["VCpuInfo"]["DefaultVCpus"] if kind else 1
        limit = self.overlay.quotas.vcpus
        if used + wanted * int(self.sent("MaxCount", 1)) > limit:
            raise refuse(
                "VcpuLimitExceeded",
                f"You have requested more vCPU capacity than your current vCPU limit of {limit}",
            )

    def _vcpus(self, name: str) -> int:
        found = self.ec2_backend.describe_instance_types([name])
        return int(found[0]["VCpuInfo"]["DefaultVCpus"]) if found else 1


def _require_fit(image: Any, kind: dict[str, Any]) -> None:
    name = kind["InstanceType"]
    if not isinstance(image, RegisteredImage):
        return
    supported = kind["ProcessorInfo"]["SupportedArchitectures"]
    if image.architecture not in supported:
        raise refuse(
            "InvalidParameterValue",
            f"The architecture '{', '.join(supported)}' of the specified instance type does not "
            f"match the architecture '{image.architecture}' of the specified AMI.",
        )
    modes = kind.get("SupportedBootModes", ["legacy-bios", "uefi"])
    if image.boot_mode in ("legacy-bios", "uefi") and image.boot_mode not in modes:
        raise refuse(
            "InvalidParameterCombination",
            f"The instance type '{name}' does not support the boot mode '{image.boot_mode}'",
        )
    if kind["NetworkInfo"].get("EnaSupport") == "required" and not image.ena_support:
        raise refuse(
            "InvalidParameterCombination",
            "Enhanced networking with the Elastic Network Adapter (ENA) is required for the "
            f"'{name}' instance type. Ensure that you are using an AMI that is enabled for ENA.",
        )


def _merged(mapped: list[dict[str, Any]], asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The image's mappings, each with what the request says of the same device."""
    by_device = {each["DeviceName"]: {**each, "Ebs": dict(each["Ebs"])} for each in mapped}
    for each in asked:
        device = each["DeviceName"]
        if "NoDevice" in each:
            by_device.pop(device, None)
            continue
        before = by_device.get(device, {}).get("Ebs", {})
        disk = {"DeleteOnTermination": True, **before, **each.get("Ebs", {})}
        least, size = before.get("VolumeSize"), disk.get("VolumeSize")
        if least is not None and size is not None and int(size) < least:
            raise refuse(
                "InvalidBlockDeviceMapping",
                f"Volume of size {size}GB is smaller than its snapshot, expect size >= {least}GB",
            )
        by_device[device] = {**each, "Ebs": disk}
    return list(by_device.values())


def _without_rates(mapping: dict[str, Any]) -> dict[str, Any]:
    """The mapping of a type that moto launches without being told how fast it is."""
    disk = mapping["Ebs"]
    return {**mapping, "Ebs": {**disk, "VolumeType": "gp3"}} if "Iops" in disk else mapping


def _decoded(data: Any) -> bytes:
    return base64.b64decode(str(data))
