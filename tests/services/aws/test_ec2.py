"""EC2's rules that moto lacks, through unmodified boto3."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.services.aws.fixture import AwsService
from tests.services.aws.test_direct import A, written

ZONE = "eu-central-1a"
NITRO, ARM, XEN = "t3.micro", "t4g.micro", "t2.micro"


@pytest.fixture
def ec2(aws: AwsService) -> Any:
    return aws.client("ec2")


def registered(ec2: Any, snapshots: list[str], **different: Any) -> str:
    devices = ["/dev/sda1", "/dev/sdf"]
    image: str = ec2.register_image(
        **{
            "Name": f"image of {snapshots[0]}",
            "Architecture": "x86_64",
            "RootDeviceName": "/dev/sda1",
            "EnaSupport": True,
            "BlockDeviceMappings": [
                {"DeviceName": device, "Ebs": {"SnapshotId": snapshot}}
                for device, snapshot in zip(devices, snapshots, strict=False)
            ],
            **different,
        }
    )["ImageId"]
    return image


def ran(ec2: Any, image: str, **different: Any) -> dict[str, Any]:
    asked = {"ImageId": image, "InstanceType": NITRO, "MinCount": 1, "MaxCount": 1, **different}
    found: dict[str, Any] = ec2.run_instances(**asked)["Instances"][0]
    return found


def refused(raised: pytest.ExceptionInfo[ClientError]) -> str:
    return raised.value.response["Error"]["Code"]


def test_an_image_keeps_what_it_was_registered_with(aws: AwsService, ec2: Any) -> None:
    root, data = written(aws, {0: A}), written(aws, {1: A}, VolumeSize=2)
    image = registered(ec2, [root, data], BootMode="uefi")

    (found,) = ec2.describe_images(ImageIds=[image])["Images"]
    mapped = {each["DeviceName"]: each["Ebs"] for each in found["BlockDeviceMappings"]}
    assert (found["BootMode"], found["EnaSupport"], found["Architecture"]) == (
        "uefi",
        True,
        "x86_64",
    )
    assert (mapped["/dev/sda1"]["SnapshotId"], mapped["/dev/sdf"]["SnapshotId"]) == (root, data)
    assert mapped["/dev/sdf"]["VolumeSize"] == 2


def test_instances_get_the_images_disks(aws: AwsService, ec2: Any) -> None:
    root, data = written(aws, {0: A}), written(aws, {1: A}, VolumeSize=2)
    image = registered(ec2, [root, data])
    wish = [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 3}}]
    instance = ran(ec2, image, BlockDeviceMappings=wish)["InstanceId"]

    found = ec2.describe_volumes(
        Filters=[{"Name": "attachment.instance-id", "Values": [instance]}]
    )["Volumes"]
    assert {(each["SnapshotId"], each["Size"]) for each in found} == {(root, 3), (data, 2)}


@pytest.mark.parametrize(
    ("image", "instance", "code"),
    [
        ({}, {"InstanceType": ARM}, "InvalidParameterValue"),
        ({"EnaSupport": False}, {}, "InvalidParameterCombination"),
        ({"BootMode": "uefi"}, {"InstanceType": XEN}, "InvalidParameterCombination"),
        ({}, {"UserData": "#" * 16385}, "InvalidParameterValue"),
        (
            {},
            {"BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 1}}]},
            "InvalidBlockDeviceMapping",
        ),
    ],
)
def test_an_image_must_fit_the_type(
    aws: AwsService, ec2: Any, image: dict[str, Any], instance: dict[str, Any], code: str
) -> None:
    made = registered(ec2, [written(aws, {0: A}, VolumeSize=2)], **image)
    with pytest.raises(ClientError) as raised:
        ran(ec2, made, **instance)
    assert refused(raised) == code


def test_names_of_images_are_unique_and_snapshots_behind_them_stay(
    aws: AwsService, ec2: Any
) -> None:
    snapshot = written(aws, {0: A})
    image = registered(ec2, [snapshot])
    with pytest.raises(ClientError) as raised:
        registered(ec2, [snapshot])
    assert refused(raised) == "InvalidAMIName.Duplicate"
    with pytest.raises(ClientError) as raised:
        ec2.delete_snapshot(SnapshotId=snapshot)
    assert refused(raised) == "InvalidSnapshot.InUse"
    ec2.deregister_image(ImageId=image)
    ec2.delete_snapshot(SnapshotId=snapshot)


def test_the_same_token_runs_one_instance(aws: AwsService, ec2: Any) -> None:
    image = registered(ec2, [written(aws, {0: A})])
    first = ran(ec2, image, ClientToken="once")
    assert ran(ec2, image, ClientToken="once")["InstanceId"] == first["InstanceId"]
    with pytest.raises(ClientError) as raised:
        ran(ec2, image, ClientToken="once", InstanceType="t3.small")
    assert refused(raised) == "IdempotentParameterMismatch"


def test_states_that_forbid_a_change(aws: AwsService, ec2: Any) -> None:
    instance = ran(ec2, registered(ec2, [written(aws, {0: A})]))["InstanceId"]
    with pytest.raises(ClientError) as raised:
        ec2.modify_instance_attribute(InstanceId=instance, InstanceType={"Value": "t3.small"})
    assert refused(raised) == "IncorrectInstanceState"
    ec2.terminate_instances(InstanceIds=[instance])
    for verb in (ec2.start_instances, ec2.stop_instances, ec2.reboot_instances):
        with pytest.raises(ClientError) as raised:
            verb(InstanceIds=[instance])
        assert refused(raised) == "IncorrectInstanceState"


def test_vcpus_have_a_quota(aws: AwsService, ec2: Any) -> None:
    image = registered(ec2, [written(aws, {0: A})])
    aws.control("PUT", "quotas", {"vcpus": 1})
    with pytest.raises(ClientError) as raised:
        ran(ec2, image)
    assert refused(raised) == "VcpuLimitExceeded"


@pytest.mark.parametrize(
    ("call", "asked", "code"),
    [
        ("describe_instances", {"InstanceIds": ["bogus"]}, "InvalidInstanceID.Malformed"),
        ("delete_volume", {"VolumeId": "vol-xyz"}, "InvalidVolumeID.Malformed"),
        ("delete_security_group", {"GroupId": "sg-1"}, "InvalidGroupId.Malformed"),
        ("create_volume", {"AvailabilityZone": ZONE, "Size": 0}, "InvalidParameterValue"),
        ("create_volume", {"AvailabilityZone": "mars-1a", "Size": 1}, "InvalidZone.NotFound"),
        ("describe_volumes", {"MaxResults": 4}, "InvalidParameterValue"),
        ("describe_volumes", {"NextToken": "none"}, "InvalidNextToken"),
    ],
)
def test_requests_that_make_no_sense(ec2: Any, call: str, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as raised:
        getattr(ec2, call)(**asked)
    assert refused(raised) == code


def test_a_group_that_is_worn_or_named_stays(aws: AwsService, ec2: Any) -> None:
    worn = ec2.create_security_group(GroupName="worn", Description="d")["GroupId"]
    named = ec2.create_security_group(GroupName="named", Description="d")["GroupId"]
    pair = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": named}]}]
    ec2.authorize_security_group_ingress(GroupId=worn, IpPermissions=pair)
    image = registered(ec2, [written(aws, {0: A})])
    instance = ran(ec2, image, SecurityGroupIds=[worn])["InstanceId"]
    for group in (worn, named):
        with pytest.raises(ClientError) as raised:
            ec2.delete_security_group(GroupId=group)
        assert refused(raised) == "DependencyViolation"
    ec2.terminate_instances(InstanceIds=[instance])
    ec2.delete_security_group(GroupId=worn)
    ec2.delete_security_group(GroupId=named)


def test_volumes_attach_once_in_their_zone_and_never_shrink(aws: AwsService, ec2: Any) -> None:
    instance = ran(ec2, registered(ec2, [written(aws, {0: A})]))["InstanceId"]
    near = ec2.create_volume(AvailabilityZone=ZONE, Size=2)["VolumeId"]
    far = ec2.create_volume(AvailabilityZone="eu-central-1b", Size=1)["VolumeId"]
    with pytest.raises(ClientError) as raised:
        ec2.attach_volume(VolumeId=far, InstanceId=instance, Device="/dev/sdg")
    assert refused(raised) == "InvalidVolume.ZoneMismatch"
    ec2.attach_volume(VolumeId=near, InstanceId=instance, Device="/dev/sdg")
    with pytest.raises(ClientError) as raised:
        ec2.attach_volume(VolumeId=near, InstanceId=instance, Device="/dev/sdh")
    assert refused(raised) == "VolumeInUse"
    ec2.detach_volume(VolumeId=near)
    with pytest.raises(ClientError) as raised:
        ec2.modify_volume(VolumeId=near, Size=1)
    assert refused(raised) == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("operation", "member"),
    [("describe_volumes", "Volumes"), ("describe_snapshots", "Snapshots")],
)
def test_listings_come_in_pages(ec2: Any, operation: str, member: str) -> None:
    volume = ec2.create_volume(AvailabilityZone=ZONE, Size=1)["VolumeId"]
    for _ in range(6):
        ec2.create_volume(AvailabilityZone=ZONE, Size=1)
        ec2.create_snapshot(VolumeId=volume)
    pages = list(ec2.get_paginator(operation).paginate(PaginationConfig={"PageSize": 5}))
    assert len(pages) > 1
    ids = [each[f"{member[:-1]}Id"] for page in pages for each in page[member]]
    assert len(ids) == len(set(ids)) >= 6


def test_strangers_are_refused(aws: AwsService) -> None:
    with pytest.raises(ClientError) as raised:
        aws.client("ec2", aws_access_key_id="AKIAUNKNOWN").describe_instances()
    assert refused(raised) == "AuthFailure"


def test_what_moto_cannot_do_answers_500(ec2: Any) -> None:
    with pytest.raises(ClientError) as raised:
        ec2.describe_import_image_tasks()
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
