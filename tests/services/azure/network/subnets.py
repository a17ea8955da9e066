"""Subnets. https://learn.microsoft.com/rest/api/virtualnetwork/subnets"""

from __future__ import annotations

from typing import Any

from tests.services.azure.arm.call import Call
from tests.services.azure.arm.errors import bad_request
from tests.services.azure.arm.operations import Finish
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.schema import ANYTHING, FLAG, TEXT, Items, Reference, Shape, Text
from tests.services.azure.network import prefixes
from tests.services.azure.network.network_type import NetworkType

SUBNETS = "Microsoft.Network/virtualNetworks/subnets"
INTERFACES = "Microsoft.Network/networkInterfaces"
MOST_IN_NETWORK = 3000
# https://techcommunity.microsoft.com/t5/azure-networking-blog/private-subnets-by-default-in-azure-virtual-networks-what/ba-p/4513778
PRIVATE_SINCE = "2025-07-01"

SUBNET = Shape(
    {
        "name": TEXT,
        "properties": Shape(
            {
                "addressPrefix": TEXT,
                "addressPrefixes": Items(TEXT),
                "networkSecurityGroup": Reference("networkSecurityGroups"),
                # route tables are not imitated: none can be named
                "routeTable": Reference("routeTables"),
                "natGateway": Reference("natGateways"),
                "serviceEndpoints": Items(ANYTHING),
                "delegations": Items(ANYTHING, most=0),
                "privateEndpointNetworkPolicies": Text(
                    (
                        "Enabled",
                        "Disabled",
                        "NetworkSecurityGroupEnabled",
                        "RouteTableEnabled",
                    )
                ),
                "privateLinkServiceNetworkPolicies": Text(("Enabled", "Disabled")),
                "defaultOutboundAccess": FLAG,
                "sharingScope": TEXT,
            },
            read_only=(
                "provisioningState",
                "ipConfigurations",
                "ipConfigurationProfiles",
                "purpose",
                "privateEndpoints",
                "resourceNavigationLinks",
                "serviceAssociationLinks",
            ),
            name="SubnetPropertiesFormat",
        ),
    },
    required=("name",),
    read_only=("id", "etag", "type"),
    name="Subnet",
)


class Subnets(NetworkType):
    """A subnet: a range of its network's, and who has an address in it."""

    name = "virtualNetworks/subnets"
    is_located = False
    body = Shape({"properties": SUBNET.properties["properties"]}, ("properties",), name="Subnet")

    def put(self, resource: Resource, old: Resource | None) -> Finish | None:
        network = self.store.get(resource.address.parent.id)
        assert network is not None
        self.complete(resource, old, network)
        others = [
            each for each in self.store.of_type(SUBNETS, network.id) if each.key != resource.key
        ]
        self.check_ranges(network, [*others, resource])
        return None

    def complete(self, subnet: Resource, old: Resource | None, network: Resource) -> None:
        """Fill in what was not said, and refuse what does not hold for this subnet alone."""
        if not self.names.allows(subnet.name):
            raise self.bad_name(subnet.name)
        properties = subnet.properties
        named = [properties[name]["id"] for name in REFERENCES if name in properties]
        self.check_references(subnet, named, network.location)
        for network_range in self.ranges(subnet):
            _check_size(subnet, network, network_range)
        if old is not None:
            self._check_kept(subnet, old)
        properties.setdefault("privateEndpointNetworkPolicies", "Disabled")
        properties.setdefault("privateLinkServiceNetworkPolicies", "Enabled")
        properties.setdefault("delegations", [])
        if old is None and subnet.api_version >= PRIVATE_SINCE:
            properties.setdefault("defaultOutboundAccess", False)
        elif old is not None and "defaultOutboundAccess" in old.properties:
            properties.setdefault("defaultOutboundAccess", old.properties["defaultOutboundAccess"])

    def check_ranges(self, network: Resource, subnets: list[Resource]) -> None:
        """ArmError unless all subnets lie in the network and apart from each other.

        https://github.com/MicrosoftDocs/azure-docs/pull/123869
        """
        if len(subnets) > MOST_IN_NETWORK:
            raise bad_request(
                "SubnetCountLimitReached",
                f"Cannot create more than {MOST_IN_NETWORK} subnets in {network.id}.",
            )
        space = [
            prefixes.parse(each, network.id)
            for each in network.properties["addressSpace"]["addressPrefixes"]
        ]
        seen: list[prefixes.Network] = []
        for subnet in subnets:
            for each in self.ranges(subnet):
                if not prefixes.inside(each, space):
                    raise bad_request(
                        "NetcfgSubnetRangeOutsideVnet",
                        f"Subnet '{subnet.name}' is not valid because its IP address range is "
                        f"outside the IP address range of virtual network '{network.name}'.",
                    )
                if any(each.version == other.version and each.overlaps(other) for other in seen):
                    raise bad_request(
                        "NetcfgSubnetRangesOverlap",
                        f"Subnet '{subnet.name}' is not valid because its IP address range "
                        "overlaps with that of an existing subnet in virtual network "
                        f"'{network.name}'.",
                    )
                seen.append(each)

    def ranges(self, subnet: Resource) -> list[prefixes.Network]:
        """The ranges of a subnet, IPv4 and perhaps IPv6."""
        properties = subnet.properties
        written = list(properties.get("addressPrefixes", []))
        if "addressPrefix" in properties:
            written = written or [properties["addressPrefix"]]
        if not written:
            raise bad_request(
                "InvalidRequestFormat",
                "Cannot parse the request.",
                details=[
                    {
                        "code": "MissingJsonReferenceId",
                        "message": "Value for reference id is missing. Path "
                        f"properties.subnets.{subnet.name}.properties.addressPrefix.",
                    }
                ],
            )
        return [prefixes.parse(each, subnet.id) for each in written]

    def configurations(self, subnet: Resource) -> list[dict[str, Any]]:
        """The IP configurations that have an address in the subnet."""
        return [
            configuration
            for each in self.store.users(subnet.id, INTERFACES)
            for configuration in each.properties["ipConfigurations"]
            if configuration["properties"]["subnet"]["id"].lower() == subnet.key
        ]

    def taken(self, subnet: Resource, without: str = "") -> dict[int, str]:
        """The addresses in use, as numbers, and whose they are; one interface may be left out."""
        return {
            int(prefixes.address(each["properties"]["privateIPAddress"])): each["id"]
            for each in self.configurations(subnet)
            if not without or not each["id"].lower().startswith(f"{without.lower()}/")
        }

    def _check_kept(self, subnet: Resource, old: Resource) -> None:
        if not self.configurations(old):
            return
        ranges = self.ranges(subnet)
        for each in self.ranges(old):
            if each not in ranges:
                raise bad_request(
                    "InUsePrefixCannotBeDeleted",
                    f"IpPrefix {each} on Subnet {subnet.name} has active allocations and cannot "
                    "be deleted.",
                )

    def delete(self, resource: Resource) -> Finish | None:
        users = self.configurations(resource)
        if users:
            # https://github.com/Azure-Samples/jmeter-aci-terraform/issues/69
            raise bad_request(
                "InUseSubnetCannotBeDeleted",
                f"Subnet {resource.name} is in use by {users[0]['id']} and cannot be deleted. In "
                "order to delete the subnet, delete all the resources within the subnet. See "
                "aka.ms/deletesubnet.",
            )
        return None

    def show(self, resource: Resource, call: Call) -> dict[str, Any]:
        body = super().show(resource, call)
        users = [{"id": each["id"]} for each in self.configurations(resource)]
        if users:
            body["properties"] = resource.properties | {"ipConfigurations": users}
        return body


REFERENCES = ("networkSecurityGroup", "routeTable", "natGateway")


def _check_size(subnet: Resource, network: Resource, found: prefixes.Network) -> None:
    allowed = (
        prefixes.LARGEST <= found.prefixlen <= prefixes.SMALLEST
        if found.version == 4
        else found.prefixlen == prefixes.IPV6_SUBNET
    )
    if not allowed:
        raise bad_request(
            "NetcfgInvalidSubnet",
            f"Subnet '{subnet.name}' is not valid in virtual network '{network.name}'.",
        )
