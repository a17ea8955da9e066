"""The service's words into ours and back, from recorded answers."""

from __future__ import annotations

import ipaddress
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.aws import tags
from adapters.aws.translate import instances, networks, sizes, states, volumes
from adapters.aws.translate.words import data_devices, gib
from broker.errors import Invalid, Unsupported
from broker.model import (
    GIB,
    Arch,
    Bus,
    Family,
    Firmware,
    Instance,
    NicSpec,
    Offer,
    Power,
    Size,
    SubnetSpec,
)

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)

# as describe_instances gave it, shortened
INSTANCE: dict[str, Any] = {
    "InstanceId": "i-0123456789abcdef0",
    "InstanceType": "t3.micro",
    "State": {"Code": 80, "Name": "stopped"},
    "RootDeviceName": "/dev/sda1",
    "CurrentInstanceBootMode": "uefi",
    "KeyName": "ops",
    "LaunchTime": NOW,
    "Placement": {"AvailabilityZone": "eu-central-1a"},
    "BlockDeviceMappings": [
        {"DeviceName": "/dev/xvdba", "Ebs": {"VolumeId": "vol-3"}},
        {"DeviceName": "/dev/sdf", "Ebs": {"VolumeId": "vol-2"}},
        {"DeviceName": "/dev/sda1", "Ebs": {"VolumeId": "vol-1"}},
        {"DeviceName": "/dev/sdg", "Ebs": {"VolumeId": "vol-just-made"}},
    ],
    "NetworkInterfaces": [
        {
            "NetworkInterfaceId": "eni-2",
            "VpcId": "vpc-1",
            "SubnetId": "subnet-1",
            "Attachment": {"DeviceIndex": 1},
            "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.6"}],
            "Groups": [],
        },
        {
            "NetworkInterfaceId": "eni-1",
            "VpcId": "vpc-1",
            "SubnetId": "subnet-1",
            "MacAddress": "02:00:00:00:00:01",
            "Attachment": {"DeviceIndex": 0},
            "PrivateIpAddresses": [
                {"PrivateIpAddress": "10.0.0.5", "Association": {"PublicIp": "192.0.2.9"}}
            ],
            "Ipv6Addresses": [{"Ipv6Address": "2001:db8::5"}],
            "Groups": [{"GroupId": "sg-1", "GroupName": "web"}],
        },
    ],
    "Tags": [
        {"Key": "Name", "Value": "web 東"},
        {"Key": "team", "Value": "shop"},
        {"Key": "interop:token", "Value": "t"},
        {"Key": "aws:autoscaling:groupName", "Value": "g"},
    ],
}


def described_volume(id: str, size: int) -> dict[str, Any]:
    return {"VolumeId": id, "Size": size, "VolumeType": "gp3", "Encrypted": True, "Attachments": []}


def translated(**different: Any) -> Instance:
    around = instances.Surroundings(
        volumes={
            volume: described_volume(volume, size)  # type: ignore[misc]
            for volume, size in (("vol-1", 8), ("vol-2", 20), ("vol-3", 30))
        },
        offers={
            "t3.micro": Offer(
                id="t3.micro",
                size=Size(vcpus=2, memory=1024),
                firmware=frozenset({Firmware.UEFI}),
            )
        },
        hypervisors={"t3.micro": "nitro"},
    )
    found: Any = {**INSTANCE, **different}
    return instances.instance(found, around, NOW)


def test_an_instance_in_our_words() -> None:
    found = translated()

    assert (found.name, found.spec.labels) == ("web 東", {"team": "shop"})
    assert (found.spec.size.vcpus, found.spec.size.memory) == (2, 1024)
    assert found.spec.firmware is Firmware.UEFI
    assert (found.state.power, found.state.allocated) == (Power.STOPPED, False)
    assert (found.offer, found.zone, found.spec.key_pair) == ("t3.micro", "eu-central-1a", "ops")


def test_the_boot_volume_is_first_and_device_names_order_the_rest() -> None:
    found = translated()
    assert found.volumes == ("vol-1", "vol-2", "vol-3")
    assert [volume.boot for volume in found.spec.volumes] == [True, False, False]
    assert [volume.size for volume in found.spec.volumes] == [8 * GIB, 20 * GIB, 30 * GIB]
    assert {volume.bus for volume in found.spec.volumes} == {Bus.NVME}


def test_cards_are_in_their_places() -> None:
    first, second = translated().nics
    assert (first.id, second.id) == ("eni-1", "eni-2")
    assert first.spec.firewalls == ("sg-1",)
    assert first.public_addresses == ("192.0.2.9",)
    assert (first.spec.public, second.spec.public) == (True, False)
    assert [str(address) for address in first.spec.addresses] == ["10.0.0.5", "2001:db8::5"]


def test_the_native_words_are_kept_and_can_be_saved() -> None:
    native = translated().native
    assert json.loads(json.dumps(dict(native)))["Tags"] == INSTANCE["Tags"]
    assert native["LaunchTime"] == "2026-03-01T10:00:00Z"


def test_what_is_not_told_is_unknown() -> None:
    found = translated(CurrentInstanceBootMode="uefi-preferred", Tags=[])
    assert found.spec.firmware is Firmware.UNKNOWN
    assert found.name == "i-0123456789abcdef0"


@pytest.mark.parametrize(
    ("details", "billed", "runs"),
    [
        ("Linux/UNIX", "linux", "unknown"),
        ("Windows", "windows", "windows"),
        ("Windows BYOL", "linux", "windows"),
        ("Windows with SQL Server Web", None, "windows"),
        ("Red Hat Enterprise Linux", "rhel", "linux (rhel)"),
        ("Red Hat BYOL Linux", "linux", "linux (rhel)"),
        ("SUSE Linux", "suse", "linux (sles)"),
        ("SQL Server Enterprise", None, "unknown"),
    ],
)
def test_what_it_runs_is_told_and_what_the_bill_says(
    details: str, billed: str | None, runs: str
) -> None:
    found = translated(PlatformDetails=details)
    assert (found.billed_as, str(found.spec.system)) == (billed, runs)
    assert translated().billed_as is None


def test_a_machine_on_spare_capacity_is_told() -> None:
    assert translated(InstanceLifecycle="spot").spot is True
    assert translated(InstanceLifecycle="capacity-block").spot is False
    assert translated().spot is False


@pytest.mark.parametrize(
    ("native", "power", "allocated"),
    [
        ("pending", Power.STARTING, True),
        ("running", Power.RUNNING, True),
        ("stopping", Power.STOPPING, None),
        ("stopped", Power.STOPPED, False),
        ("shutting-down", Power.DELETING, False),
        ("something-new", Power.UNKNOWN, None),
    ],
)
def test_a_state_nobody_knows_is_no_neighbour(
    native: str, power: Power, allocated: bool | None
) -> None:
    found = states.state(native, NOW)
    assert (found.power, found.allocated, found.native) == (power, allocated, native)


def test_cards_are_wished_for_in_order() -> None:
    nic = NicSpec(
        network="vpc-1",
        addresses=(ipaddress.ip_address("10.0.0.9"), ipaddress.ip_address("2001:db8::9")),
        public=True,
        firewalls=("sg-1",),
    )
    (wish,) = instances.card_wishes([nic], ["subnet-9"])
    assert wish == {
        "DeviceIndex": 0,
        "SubnetId": "subnet-9",
        "DeleteOnTermination": True,
        "Groups": ["sg-1"],
        "PrivateIpAddress": "10.0.0.9",
        "Ipv6Addresses": [{"Ipv6Address": "2001:db8::9"}],
        "AssociatePublicIpAddress": True,
    }


TYPE: dict[str, Any] = {
    "InstanceType": "g4dn.xlarge",
    "CurrentGeneration": True,
    "BareMetal": False,
    "ProcessorInfo": {"SupportedArchitectures": ["i386", "x86_64"]},
    "VCpuInfo": {"DefaultVCpus": 4},
    "MemoryInfo": {"SizeInMiB": 16384},
    "InstanceStorageInfo": {"TotalSizeInGB": 125},
    "NetworkInfo": {"MaximumNetworkInterfaces": 3},
    "GpuInfo": {"Gpus": [{"Count": 1}]},
    "SupportedBootModes": ["legacy-bios", "uefi"],
    "BurstablePerformanceSupported": False,
}


def offer_of(**different: Any) -> Offer:
    found: Any = {**TYPE, **different}
    return sizes.offer(found)


def test_a_type_as_an_offer() -> None:
    assert offer_of() == Offer(
        id="g4dn.xlarge",
        size=Size(vcpus=4, memory=16384, arch=Arch.X86_64, gpus=1),
        firmware=frozenset({Firmware.BIOS, Firmware.UEFI}),
        local_disk=125 * 10**9,
        nics=3,
        burstable=False,
        family="g4dn",
    )


@pytest.mark.parametrize(("supported", "told"), [(False, 0), (None, None)])
def test_a_type_that_has_no_local_disk_says_so(supported: bool | None, told: int | None) -> None:
    found = offer_of(InstanceStorageInfo={}, InstanceStorageSupported=supported)
    assert found.local_disk == told


@pytest.mark.parametrize(
    ("nvme", "ena", "drivers"),
    [
        ("required", "required", {"nvme", "ena"}),
        ("unsupported", "supported", set()),
        ("required", "supported", {"nvme"}),
    ],
)
def test_a_driver_is_needed_only_for_a_device_without_another(
    nvme: str, ena: str, drivers: set[str]
) -> None:
    found = offer_of(EbsInfo={"NvmeSupport": nvme}, NetworkInfo={"EnaSupport": ena})
    assert found.drivers == drivers


def test_a_strange_architecture_is_unknown() -> None:
    found = offer_of(ProcessorInfo={"SupportedArchitectures": ["arm64_mac"]})
    assert found.size.arch is Arch.UNKNOWN


def test_a_type_that_tells_no_boot_modes_is_not_guessed() -> None:
    found = offer_of(SupportedBootModes=[])
    assert found.firmware == {Firmware.UNKNOWN}


def test_a_snapshot_of_no_volume() -> None:
    found: Any = {
        "SnapshotId": "snap-1",
        "VolumeId": "vol-ffffffff",
        "VolumeSize": 1,
        "State": "pending",
        "StartTime": NOW,
    }
    snapshot = volumes.snapshot(found)
    assert (snapshot.volume, snapshot.complete, snapshot.size) == (None, False, GIB)


@pytest.mark.parametrize(
    ("size", "expected"), [(1, 1), (GIB, 1), (GIB + 1, 2), (65536 * GIB, 65536)]
)
def test_sizes_are_whole_gib(size: int, expected: int) -> None:
    assert gib(size) == expected


def test_device_names_never_repeat_nor_run_out_early() -> None:
    names = list(data_devices())
    assert len(names) == len(set(names)) >= 26


def subnet(cidr: str, **more: Any) -> SubnetSpec:
    return SubnetSpec.model_validate({"cidr": cidr, **more})


@pytest.mark.parametrize(
    ("cidrs", "blocks"),
    [
        (["10.0.1.0/24"], ["10.0.1.0/24"]),
        (["10.0.1.0/24", "10.0.2.0/24"], ["10.0.0.0/22"]),
        (["10.0.1.0/24", "10.9.0.0/24"], ["10.0.1.0/24", "10.9.0.0/24"]),
    ],
)
def test_a_network_takes_one_block_around_its_subnets(cidrs: list[str], blocks: list[str]) -> None:
    assert networks.vpc_blocks([subnet(cidr) for cidr in cidrs]) == blocks


def test_a_network_speaks_ipv6_where_a_range_was_given_out() -> None:
    vpc: Any = {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}
    assert networks.network(vpc, [], []).beside == frozenset()
    vpc["Ipv6CidrBlockAssociationSet"] = [{"Ipv6CidrBlock": "2001:db8::/56"}]
    assert networks.network(vpc, [], []).families == {Family.IPV6}


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ([], Invalid),
        ([subnet("10.0.0.0/8")], Invalid),
        ([subnet("10.0.0.0/29")], Invalid),
        ([subnet("2001:db8::/64")], Unsupported),
        ([subnet("10.0.0.0/24", gateway="10.0.0.254")], Unsupported),
        ([subnet("10.0.0.0/24", dhcp=False)], Unsupported),
    ],
)
def test_subnets_no_vpc_can_have_are_refused(
    wish: list[SubnetSpec], error: type[Exception]
) -> None:
    with pytest.raises(error):
        networks.vpc_blocks(wish)


def test_our_marks_cannot_be_labels() -> None:
    for key in ("Name", "interop:token", "aws:x"):
        with pytest.raises(Invalid):
            tags.tags_for("n", {key: "v"}, {})


def test_labels_come_back_as_they_went() -> None:
    labels = {"team": "é東 <&>", "empty": ""}
    marked = tags.tags_for("n", labels, {tags.TOKEN: "t"})
    assert tags.labels_of(marked) == labels
    assert tags.name_of(marked, "?") == "n"
