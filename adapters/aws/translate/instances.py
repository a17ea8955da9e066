"""Instances: what is described, as ours; what is wished, as the service's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from adapters.aws import tags
from adapters.aws.translate.native import native
from adapters.aws.translate.states import state
from adapters.aws.translate.volumes import volume_spec
from adapters.aws.translate.words import FIRMWARE, OWN_LICENCES, SYSTEMS, system
from broker.model import Firmware, Instance, InstanceSpec, Nic, NicSpec, Offer, VolumeSpec

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import (
        InstanceNetworkInterfaceSpecificationTypeDef,
        InstanceNetworkInterfaceTypeDef,
        InstanceTypeDef,
        VolumeTypeDef,
    )


class Surroundings:
    """What other listings say of the instances: their volumes, and what their types are."""

    def __init__(
        self,
        volumes: Mapping[str, VolumeTypeDef],
        offers: Mapping[str, Offer],
        hypervisors: Mapping[str, str],
    ) -> None:
        self.volumes = volumes
        self.offers = offers
        self.hypervisors = hypervisors


def instance(
    found: InstanceTypeDef,
    around: Surroundings,
    observed_at: datetime,
    *,
    user_data: str | None = None,
    user_data_told: bool = False,
) -> Instance:
    """Return the instance. Its volumes are the boot volume, then the others by device name.

    User data are told only when asked for by themselves, which no listing does.
    """
    marks = tags.tags_in(found)
    type_name = found["InstanceType"]
    hypervisor = around.hypervisors.get(type_name)
    ids, volumes = _volumes(found, around.volumes, hypervisor)
    details = found.get("PlatformDetails", "")
    nics = tuple(_nic(card) for card in sorted(found.get("NetworkInterfaces", []), key=_place))
    return Instance(
        id=found["InstanceId"],
        spec=InstanceSpec(
            name=tags.name_of(marks, found["InstanceId"]),
            size=around.offers[type_name].size,
            firmware=FIRMWARE.get(found.get("CurrentInstanceBootMode", ""), Firmware.UNKNOWN),
            system=system(details),
            volumes=volumes,
            nics=tuple(nic.spec for nic in nics),
            key_pair=found.get("KeyName"),
            user_data=user_data,
            labels=tags.labels_of(marks),
        ),
        state=state(found["State"]["Name"], observed_at),
        volumes=ids,
        nics=nics,
        offer=type_name,
        zone=found.get("Placement", {}).get("AvailabilityZone"),
        billed_as=(SYSTEMS | OWN_LICENCES).get(details),
        spot=found.get("InstanceLifecycle") == "spot",  # left out of what is on demand
        user_data_told=user_data_told,
        local_disk=around.offers[type_name].local_disk,
        created_at=found.get("LaunchTime"),
        native=native(found),
    )


def _volumes(
    found: InstanceTypeDef, known: Mapping[str, VolumeTypeDef], hypervisor: str | None
) -> tuple[tuple[str, ...], tuple[VolumeSpec, ...]]:
    root = found.get("RootDeviceName")
    mapped = sorted(
        (
            (mapping["DeviceName"] != root, device_order(mapping["DeviceName"]), mapping["Ebs"])
            for mapping in found.get("BlockDeviceMappings", [])
        ),
        key=lambda each: each[:2],
    )
    there = [
        (beside, known[disk["VolumeId"]]) for beside, _, disk in mapped if disk["VolumeId"] in known
    ]
    return (
        tuple(volume["VolumeId"] for _, volume in there),
        tuple(
            volume_spec(volume, boot=not beside, hypervisor=hypervisor) for beside, volume in there
        ),
    )


def device_order(device: str) -> tuple[int, str]:
    """Sort key of device names: sdf before xvdba, and xvdz before xvdba."""
    return len(device), device


def _place(card: InstanceNetworkInterfaceTypeDef) -> int:
    return card.get("Attachment", {}).get("DeviceIndex", 0)


def _nic(card: InstanceNetworkInterfaceTypeDef) -> Nic:
    public = tuple(
        address["Association"]["PublicIp"]
        for address in card.get("PrivateIpAddresses", [])
        if address.get("Association", {}).get("PublicIp")
    )
    addresses = [
        *(address["PrivateIpAddress"] for address in card.get("PrivateIpAddresses", [])),
        *(address["Ipv6Address"] for address in card.get("Ipv6Addresses", [])),
    ]
    spec = NicSpec.model_validate(
        {
            "network": card["VpcId"],
            "subnet": card["SubnetId"],
            "mac": card.get("MacAddress"),
            "addresses": tuple(addresses),
            "public": bool(public),
            "firewalls": tuple(group["GroupId"] for group in card.get("Groups", [])),
        }
    )
    return Nic(id=card["NetworkInterfaceId"], spec=spec, public_addresses=public)


def card_wishes(
    nics: Sequence[NicSpec], subnets: Sequence[str]
) -> list[InstanceNetworkInterfaceSpecificationTypeDef]:
    """Return the network cards to launch with; ``subnets`` are theirs, in the same order."""
    wishes: list[InstanceNetworkInterfaceSpecificationTypeDef] = []
    for index, (nic, subnet) in enumerate(zip(nics, subnets, strict=True)):
        wish: InstanceNetworkInterfaceSpecificationTypeDef = {
            "DeviceIndex": index,
            "SubnetId": subnet,
            "DeleteOnTermination": True,
        }
        if nic.firewalls:
            wish["Groups"] = list(nic.firewalls)
        fourth = [str(address) for address in nic.addresses if address.version == 4]
        sixth = [str(address) for address in nic.addresses if address.version == 6]
        if len(fourth) == 1:
            wish["PrivateIpAddress"] = fourth[0]
        elif fourth:
            wish["PrivateIpAddresses"] = [
                {"Primary": place == 0, "PrivateIpAddress": address}
                for place, address in enumerate(fourth)
            ]
        if sixth:
            wish["Ipv6Addresses"] = [{"Ipv6Address": address} for address in sixth]
        if len(nics) == 1:
            wish["AssociatePublicIpAddress"] = nic.public
        wishes.append(wish)
    return wishes
