"""Making an instance: an image of its disks, the launch, and the names of what came with it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from adapters.aws import tags
from adapters.aws.base import only
from adapters.aws.errors import calling, error_for
from adapters.aws.limits import LIMITS
from adapters.aws.translate.instances import card_wishes, device_order
from adapters.aws.translate.states import GONE
from adapters.aws.translate.words import (
    ARCHITECTURE_WORDS,
    BOOT_MODES,
    ROOT_DEVICE,
    data_devices,
    gib,
)
from broker.adapter.performance import check_performance
from broker.errors import BrokerError, Invalid, NotFound, Unsupported
from broker.model import Firmware, InstanceSpec, NicSpec, Offer, System, VolumeSpec

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import (
        BlockDeviceMappingTypeDef,
        EbsBlockDeviceTypeDef,
        InstanceTypeDef,
    )

START_SECONDS = 300.0

VOLUME_KIND = "gp3"
"""Cheaper than gp2 at the same speed, and the service's own advice."""


def check(spec: InstanceSpec, disks: Sequence[str]) -> None:
    """Invalid or Unsupported for a wish the service would refuse, before anything is made."""
    if not disks or len(disks) != len(spec.volumes):
        raise Invalid(f"{len(spec.volumes)} volumes need as many disks, not {len(disks)}")
    if len(disks) > LIMITS.disks_per_instance:
        raise Invalid(f"{len(disks)} disks: at most {LIMITS.disks_per_instance} fit an instance")
    if len(spec.nics) > LIMITS.nics_per_instance:
        raise Invalid(f"{len(spec.nics)} cards: at most {LIMITS.nics_per_instance} fit")
    if spec.firmware not in {*LIMITS.firmware, Firmware.UNKNOWN}:
        raise Unsupported(f"{spec.firmware} cannot be had from an image of disks")
    if spec.system != System():
        raise Unsupported(
            f"nobody can tell here that a machine made from disks runs {spec.system}",
            hint="Fit the machine first, or leave its system out",
        )
    if any(ord(char) < ord(" ") for char in spec.name):
        raise Invalid(f"the name {spec.name!r} has control characters")
    if spec.user_data and len(spec.user_data.encode()) > LIMITS.user_data_max:
        raise Invalid(f"user data is over {LIMITS.user_data_max} bytes")
    if any(nic.mac for nic in spec.nics):
        raise Unsupported("a MAC address cannot be chosen here: fit the machine first")
    if len({nic.network for nic in spec.nics}) > 1:
        raise Unsupported("all cards of an instance are in one network here")
    if len(spec.nics) > 1 and any(nic.public for nic in spec.nics):
        raise Unsupported(
            "a machine with several cards gets no public address of its own",
            hint="Take one with create_public_address and attach it",
        )
    check_performance(spec.volumes, LIMITS.performance_kinds, default=VOLUME_KIND)
    tags.tags_for(spec.name, spec.labels, {})
    for volume in spec.volumes:
        tags.tags_for(volume.name, volume.labels, {})


def launch(
    ec2: EC2Client,
    spec: InstanceSpec,
    disks: Sequence[str],
    offer: Offer,
    hypervisor: str,
    token: str,
) -> str:
    """Launch and return the id; the same token finds what it launched before."""
    if before := launched(ec2, token):
        forget_image(ec2, token)
        return before
    subnets = [_subnet(ec2, nic) for nic in spec.nics]
    image, mappings = _image(ec2, spec, disks, offer, hypervisor, token)
    marks = tags.tags_for(spec.name, spec.labels, {tags.TOKEN: token})
    asked: dict[str, Any] = {
        "ImageId": image,
        "InstanceType": offer.id,
        "MinCount": 1,
        "MaxCount": 1,
        "ClientToken": token,
        "TagSpecifications": [tags.specification("instance", marks)],
        "BlockDeviceMappings": mappings,
    }
    if spec.nics:
        asked["NetworkInterfaces"] = card_wishes(spec.nics, subnets)
    if spec.key_pair is not None:
        asked["KeyName"] = spec.key_pair
    if spec.user_data is not None:
        asked["UserData"] = spec.user_data
    try:
        with calling("launch instance"):
            found = ec2.run_instances(**asked)["Instances"][0]["InstanceId"]
    except BrokerError as error:
        # worth another try, it may have been done: the image must be the same then
        if not error.retryable:
            forget_image(ec2, token)
        raise
    # the machine needs its volumes from here on, not the image they were made from
    forget_image(ec2, token)
    return found


def launched(ec2: EC2Client, token: str) -> str | None:
    """The instance the token made, if it is there."""
    found = ec2.describe_instances(Filters=tags.by_token(token))
    for reservation in found["Reservations"]:
        for each in reservation["Instances"]:
            if each["State"]["Name"] != GONE:
                return each["InstanceId"]
    return None


def failed(found: InstanceTypeDef) -> BrokerError:
    """Return why a launch ended before the machine ran, as the service tells it afterwards."""
    reason = found.get("StateReason", {})
    code = reason.get("Code", "").rpartition(".")[2]
    return error_for(code, reason.get("Message", ""), operation="create instance")


def name_volumes(ec2: EC2Client, found: InstanceTypeDef, spec: InstanceSpec) -> None:
    """Give the volumes the launch made their names and labels. May be called twice."""
    root = found.get("RootDeviceName")
    mapped = sorted(
        found.get("BlockDeviceMappings", []),
        key=lambda each: (each["DeviceName"] != root, device_order(each["DeviceName"])),
    )
    for each, wish in zip(mapped, spec.volumes, strict=False):
        ec2.create_tags(
            Resources=[each["Ebs"]["VolumeId"]], Tags=tags.tags_for(wish.name, wish.labels, {})
        )


def _image(
    ec2: EC2Client,
    spec: InstanceSpec,
    disks: Sequence[str],
    offer: Offer,
    hypervisor: str,
    token: str,
) -> tuple[str, list[BlockDeviceMappingTypeDef]]:
    """The image to launch, and what the launch maps beside what the image maps itself."""
    placed = list(
        zip(itertools.chain([ROOT_DEVICE], data_devices()), disks, spec.volumes, strict=False)
    )
    if disks[0].startswith("ami-"):
        found = only(ec2.describe_images(ImageIds=[disks[0]])["Images"], "image", disks[0])
        root: BlockDeviceMappingTypeDef = {
            "DeviceName": found["RootDeviceName"],
            "Ebs": _settings(spec.volumes[0]),
        }
        mappings = [root, *(_mapping(*each) for each in placed[1:])]
        for mapping, wish in zip(mappings, spec.volumes, strict=True):
            if wish.encrypted:
                mapping["Ebs"]["Encrypted"] = True
        return disks[0], mappings
    asked: dict[str, Any] = {
        "Name": image_name(token),
        "Description": "Disks of an instance that is being made",
        "Architecture": ARCHITECTURE_WORDS[offer.size.arch],
        "RootDeviceName": ROOT_DEVICE,
        "VirtualizationType": "hvm",
        "BlockDeviceMappings": [_mapping(*each) for each in placed],
        # every type made since 2018 needs it; a guest for Xen types has no such driver to use
        "EnaSupport": hypervisor != "xen",
        "TagSpecifications": [
            tags.specification("image", tags.tags_for(None, {}, {tags.TOKEN: token}))
        ],
    }
    if spec.firmware in BOOT_MODES:
        asked["BootMode"] = BOOT_MODES[spec.firmware]
    # an image of snapshots may not say so: only the launch may
    encrypting: list[BlockDeviceMappingTypeDef] = [
        {"DeviceName": device, "Ebs": {"Encrypted": True}}
        for device, _, wish in placed
        if wish.encrypted
    ]
    try:
        return ec2.register_image(**asked)["ImageId"], encrypting
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidAMIName.Duplicate":
            raise
    named = ec2.describe_images(
        Owners=["self"], Filters=[{"Name": "name", "Values": [image_name(token)]}]
    )
    return only(named["Images"], "image", image_name(token))["ImageId"], encrypting


def image_name(token: str) -> str:
    """The name, unique in the account, of the image that holds an instance's disks for launch."""
    return f"interop-{token}"


def forget_image(ec2: EC2Client, token: str) -> None:
    """Give up the image made for a launch; its snapshots stay. Quiet when it is gone."""
    named = ec2.describe_images(
        Owners=["self"], Filters=[{"Name": "name", "Values": [image_name(token)]}]
    )
    for found in named["Images"]:
        ec2.deregister_image(ImageId=found["ImageId"])


def _mapping(device: str, disk: str, wish: VolumeSpec) -> BlockDeviceMappingTypeDef:
    settings = _settings(wish)
    settings["SnapshotId"] = disk
    return {"DeviceName": device, "Ebs": settings}


def _settings(wish: VolumeSpec) -> EbsBlockDeviceTypeDef:
    asked: EbsBlockDeviceTypeDef = {
        "VolumeSize": gib(wish.size),
        "VolumeType": wish.kind or VOLUME_KIND,  # type: ignore[typeddict-item]
        "DeleteOnTermination": True,
    }
    if wish.iops is not None:
        asked["Iops"] = wish.iops
    if wish.mibps is not None:
        asked["Throughput"] = wish.mibps
    return asked


def _subnet(ec2: EC2Client, nic: NicSpec) -> str:
    """The card's subnet, or the first of its network."""
    if nic.subnet is not None:
        return nic.subnet
    # a filter accepts any text, and an id that is none finds nothing
    found = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [nic.network]}])["Subnets"]
    if not found:
        raise NotFound(f"there is no network {nic.network} with a subnet", provider="aws")
    first = min(found, key=lambda each: (each["AvailabilityZone"], each["SubnetId"]))
    return first["SubnetId"]
