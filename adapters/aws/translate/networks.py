"""VPCs as networks, and the addresses they are carved from."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adapters.aws import tags
from adapters.aws.translate.native import native
from broker.errors import Invalid, Unsupported
from broker.model import Family, Network, NetworkSpec, PublicAddress, Subnet, SubnetSpec

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import (
        AddressTypeDef,
        RouteTableTypeDef,
        SubnetTypeDef,
        VpcTypeDef,
    )

# https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
WIDEST_PREFIX, NARROWEST_PREFIX = 16, 28

ANYWHERE = "0.0.0.0/0"


def network(
    found: VpcTypeDef, subnets: Sequence[SubnetTypeDef], routes: Iterable[RouteTableTypeDef]
) -> Network:
    """Return the network; it has a way out when one of its route tables leads outside."""
    marks = tags.tags_in(found)
    ours = tuple(
        subnet(each)
        for each in sorted(
            subnets, key=lambda each: ipaddress.ip_network(each["CidrBlock"]).network_address
        )
    )
    return Network(
        id=found["VpcId"],
        spec=NetworkSpec(
            name=tags.name_of(marks, found["VpcId"]),
            subnets=tuple(each.spec for each in ours),
            outbound=any(leads_out(table) for table in routes),
            labels=tags.labels_of(marks),
        ),
        subnets=ours,
        beside=families(found) - {Family.IPV4},
        native=native(found),
    )


def families(found: VpcTypeDef | Mapping[str, Any]) -> frozenset[Family]:
    """Return the families that a network speaks: IPv4 always, IPv6 where a range was given out."""
    sixth = found.get("Ipv6CidrBlockAssociationSet")
    return frozenset({Family.IPV4, Family.IPV6} if sixth else {Family.IPV4})


def leads_out(table: RouteTableTypeDef) -> bool:
    """Return True when the table has a route to anywhere."""
    return any(
        route.get("DestinationCidrBlock") == ANYWHERE and route.get("State") != "blackhole"
        for route in table.get("Routes", [])
    )


def subnet(found: SubnetTypeDef) -> Subnet:
    """Return the subnet. Its router is always the first address, and DHCP always on."""
    name = tags.name_of(tags.tags_in(found), "")
    return Subnet(
        id=found["SubnetId"],
        spec=SubnetSpec.model_validate({"name": name, "cidr": found["CidrBlock"]}),
        zone=found.get("AvailabilityZone"),
        native=native(found),
    )


def vpc_blocks(subnets: Sequence[SubnetSpec]) -> list[str]:
    """Return the blocks a VPC needs to hold these subnets: one around all where it is allowed.

    Invalid or Unsupported for subnets that no VPC can have.
    """
    if not subnets:
        raise Invalid("a network needs at least one subnet here: its addresses come from them")
    blocks: list[ipaddress.IPv4Network] = []
    for spec in subnets:
        if not isinstance(spec.cidr, ipaddress.IPv4Network):
            raise Unsupported(f"{spec.cidr}: IPv6 ranges are given out by the service here")
        if not WIDEST_PREFIX <= spec.cidr.prefixlen <= NARROWEST_PREFIX:
            raise Invalid(f"{spec.cidr}: a subnet is between /16 and /28 here")
        if spec.gateway is not None and spec.gateway != spec.cidr[1]:
            raise Unsupported(f"{spec.cidr}: the gateway is always {spec.cidr[1]} here")
        if not spec.dhcp:
            raise Unsupported(f"{spec.cidr}: DHCP cannot be turned off here")
        blocks.append(spec.cidr)
    around = blocks[0]
    while around.prefixlen > 0 and not all(block.subnet_of(around) for block in blocks):
        around = around.supernet()
    if around.prefixlen >= WIDEST_PREFIX:
        return [str(around)]
    return [str(block) for block in blocks]


def public_address(found: AddressTypeDef) -> PublicAddress:
    """Return the address, and the machine it is on."""
    return PublicAddress(
        id=found["AllocationId"],
        address=ipaddress.ip_address(found["PublicIp"]),
        instance=found.get("InstanceId") or None,
        labels=tags.labels_of(tags.tags_in(found)),
        native=native(found),
    )
