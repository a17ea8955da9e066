"""The addresses of an interface: asked for, or given by the platform.

https://learn.microsoft.com/azure/virtual-network/ip-services/private-ip-addresses
"""

from __future__ import annotations

import ipaddress
import uuid
from typing import Any

from tests.services.azure.arm.errors import bad_request
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.schema import FLAG, TEXT, Items, Reference, Shape, Text
from tests.services.azure.network import prefixes
from tests.services.azure.network.network_type import check_unique, unparsable
from tests.services.azure.network.subnets import Subnets

CONFIGURATIONS = "Microsoft.Network/networkInterfaces/ipConfigurations"
CONFIGURATION = Shape(
    {
        "name": TEXT,
        "properties": Shape(
            {
                "primary": FLAG,
                "privateIPAddress": TEXT,
                "privateIPAddressVersion": Text(("IPv4", "IPv6")),
                "privateIPAllocationMethod": Text(("Static", "Dynamic")),
                "subnet": Reference("virtualNetworks/subnets"),
                "publicIPAddress": Reference(
                    "publicIPAddresses",
                    {"properties": Shape({"deleteOption": Text(("Delete", "Detach"))})},
                ),
                "applicationSecurityGroups": Items(Reference("applicationSecurityGroups")),
            },
            required=("subnet",),
            read_only=("provisioningState", "privateLinkConnectionProperties"),
            name="NetworkInterfaceIPConfigurationPropertiesFormat",
        ),
    },
    required=("name", "properties"),
    read_only=("id", "etag", "type"),
    name="NetworkInterfaceIPConfiguration",
)


def check_names(interface: Resource, configurations: list[dict[str, Any]]) -> None:
    """Give the configurations their ids; ArmError unless there is one primary of IPv4."""
    if not configurations:
        raise unparsable(
            "NetworkInterfaceMustHaveIpConfiguration",
            f"Network interface {interface.id} must have at least one IP configuration.",
            "properties.ipConfigurations",
        )
    names = (each["name"] for each in configurations)
    check_unique(interface, names, "properties.ipConfigurations")
    for each in configurations:
        each["id"] = f"{interface.id}/ipConfigurations/{each['name']}"
        each["type"] = CONFIGURATIONS
        each["etag"] = f'W/"{uuid.uuid4()}"'
        each["properties"].setdefault("privateIPAddressVersion", "IPv4")
    flags = [each["properties"].get("primary") for each in configurations]
    if len(configurations) == 1:
        flags = [True]
    if flags.count(True) != 1:
        raise bad_request(
            "IpConfigurationsMustHaveOnePrimary",
            f"Exactly one IP configuration of network interface {interface.id} must be primary.",
        )
    for each, flag in zip(configurations, flags, strict=True):
        each["properties"]["primary"] = bool(flag)
    networks = {_network(each) for each in configurations}
    if len(networks) > 1:
        raise bad_request(
            "IpConfigurationsOnSameNicCannotUseDifferentVirtualNetworks",
            f"IP configurations on network interface {interface.id} are in different virtual "
            "networks.",
        )


def _network(configuration: dict[str, Any]) -> str:
    subnet: str = configuration["properties"]["subnet"]["id"]
    return subnet.lower().rpartition("/subnets/")[0]


def assign(subnets: Subnets, interface: Resource, old: Resource | None) -> None:
    """Give every configuration its address; dynamic ones keep what they had."""
    before = {
        each["name"].lower(): each["properties"]
        for each in (old.properties["ipConfigurations"] if old is not None else [])
    }
    mine: set[int] = set()
    # fixed addresses first: the platform gives away only what nobody asked for
    for each in sorted(
        interface.properties["ipConfigurations"],
        key=lambda each: each["properties"].get("privateIPAllocationMethod") != "Static",
    ):
        properties = each["properties"]
        subnet = subnets.store.get(properties["subnet"]["id"])
        assert subnet is not None
        network = _range(subnets, subnet, properties["privateIPAddressVersion"])
        taken = subnets.taken(subnet, without=interface.id)
        if properties.setdefault("privateIPAllocationMethod", "Dynamic") == "Static":
            number = _asked(each, subnet, network, taken, mine)
        else:
            number = _given(before.get(each["name"].lower()), subnet, network, taken, mine)
        mine.add(number)
        kind = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address
        properties["privateIPAddress"] = str(kind(number))
        properties["provisioningState"] = "Succeeded"


def _range(subnets: Subnets, subnet: Resource, version: str) -> prefixes.Network:
    for each in subnets.ranges(subnet):
        if f"IPv{each.version}" == version:
            return each
    raise bad_request(
        "IpConfigurationVersionNotInSubnet",
        f"Subnet {subnet.id} has no {version} address range.",
    )


def _asked(
    configuration: dict[str, Any],
    subnet: Resource,
    network: prefixes.Network,
    taken: dict[int, str],
    mine: set[int],
) -> int:
    """https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors"""
    asked = configuration["properties"].get("privateIPAddress")
    if asked is None:
        raise bad_request(
            "PrivateIPAddressRequiredForStaticAllocation",
            f"IP configuration {configuration['id']} is Static and names no address.",
        )
    address = prefixes.address(asked)
    if address not in network:
        raise bad_request(
            "PrivateIPAddressNotInSubnet",
            f"Private static IP address {address} does not belong to the range of subnet prefix "
            f"{network}.",
        )
    if prefixes.is_reserved(address, network):
        raise bad_request(
            "PrivateIPAddressInReservedRange",
            f"Private static IP address {address} falls within reserved IP range of subnet "
            f"prefix {network}.",
        )
    number = int(address)
    if number in taken or number in mine:
        holder = taken.get(number, configuration["id"])
        raise bad_request(
            "PrivateIPAddressIsAllocated",
            f"IP configuration {configuration['id']} is using the private IP address {address} "
            f"which is already allocated to resource {holder}.",
        )
    return number


def _given(
    before: dict[str, Any] | None,
    subnet: Resource,
    network: prefixes.Network,
    taken: dict[int, str],
    mine: set[int],
) -> int:
    if before is not None and before["subnet"]["id"].lower() == subnet.key:
        number = int(prefixes.address(before["privateIPAddress"]))
        if number not in taken and number not in mine:
            return number
    for number in prefixes.usable(network):
        if number not in taken and number not in mine:
            return number
    raise bad_request(
        "SubnetIsFull",
        f"Subnet {subnet.name} with address prefix {network} does not have enough capacity for 1 "
        "IP addresses.",
    )
