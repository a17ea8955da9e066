"""Virtual networks. https://learn.microsoft.com/rest/api/virtualnetwork/virtual-networks"""

from __future__ import annotations

import uuid
from typing import Any

from tests.services.azure.arm.address import Address
from tests.services.azure.arm.call import Answer, Call
from tests.services.azure.arm.errors import bad_request
from tests.services.azure.arm.operations import Finish
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.resource_type import NameRule, action
from tests.services.azure.arm.schema import ANYTHING, FLAG, TEXT, Items, Number, Shape
from tests.services.azure.network import prefixes
from tests.services.azure.network.network_type import NetworkType, Quota, check_unique
from tests.services.azure.network.subnets import SUBNET, SUBNETS, Subnets

# Alphanumerics, underscores, periods, hyphens; 2 to 64 characters
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*[A-Za-z0-9_]"


class VirtualNetworks(NetworkType):
    """A virtual network, and the subnets written with it."""

    name = "virtualNetworks"
    names = NameRule(NAME, 64, shortest=2)
    quota = Quota("VirtualNetworks", 1000, "VnetCountLimitReached", "virtual networks")
    body = Shape(
        {
            "extendedLocation": ANYTHING,
            "properties": Shape(
                {
                    "addressSpace": Shape(
                        {"addressPrefixes": Items(TEXT)},
                        required=("addressPrefixes",),
                        name="AddressSpace",
                    ),
                    "dhcpOptions": Shape({"dnsServers": Items(TEXT, most=20)}, name="DhcpOptions"),
                    "flowTimeoutInMinutes": Number(4, 30),
                    "subnets": Items(SUBNET),
                    "virtualNetworkPeerings": Items(ANYTHING, most=0),
                    "enableDdosProtection": FLAG,
                    "enableVmProtection": FLAG,
                    "privateEndpointVNetPolicies": TEXT,
                },
                required=("addressSpace",),
                read_only=("provisioningState", "resourceGuid", "defaultPublicNatGateway"),
                name="VirtualNetworkPropertiesFormat",
            ),
        },
        required=("properties",),
        name="VirtualNetwork",
    )

    def put(self, resource: Resource, old: Resource | None) -> Finish | None:
        self.check_quota(resource, old)
        properties = resource.properties
        space = [
            prefixes.parse(each, resource.id)
            for each in properties["addressSpace"]["addressPrefixes"]
        ]
        if not space or any(
            not prefixes.LARGEST <= each.prefixlen <= prefixes.SMALLEST
            for each in space
            if each.version == 4
        ):
            raise bad_request(
                "InvalidAddressPrefixFormat",
                f"The address space of {resource.id} must have ranges from /{prefixes.LARGEST} "
                f"to /{prefixes.SMALLEST}.",
            )
        asked = properties.pop("subnets", None)
        subnets = self._subnets(resource, old, asked)
        kind = self._subnet_type()
        kind.check_ranges(resource, subnets)
        kept = {each.key for each in subnets}
        gone = [each for each in self._existing(resource) if each.key not in kept]
        for each in gone:
            kind.delete(each)
        properties.setdefault("enableDdosProtection", False)
        properties.setdefault("virtualNetworkPeerings", [])
        properties["resourceGuid"] = (
            old.properties["resourceGuid"] if old is not None else str(uuid.uuid4())
        )
        # nothing was refused: now the subnets are kept
        for each in gone:
            self.store.remove(each)
        for each in subnets:
            each.state = "Succeeded"
            self.store.put(each)
        return None

    def _subnets(
        self, network: Resource, old: Resource | None, asked: list[dict[str, Any]] | None
    ) -> list[Resource]:
        """The subnets the network is to have. Not naming any leaves them as they are.

        https://d365hub.com/Posts/Details/b43b9bd4-0607-42f7-aecf-d1338c5074ee/azure-virtual-network-now-supports-updates-without-subnet-property
        """
        if asked is None:
            return self._existing(network)
        check_unique(network, (each["name"] for each in asked), "properties.subnets")
        kind = self._subnet_type()
        made = []
        for each in asked:
            address = Address(
                network.address.subscription,
                network.address.group,
                network.address.namespace,
                (*network.address.types, "subnets"),
                (*network.address.names, each["name"]),
            )
            before = self.store.get(address.id)
            body = {
                "id": address.id,
                "name": each["name"],
                "type": SUBNETS,
                "properties": dict(each.get("properties", {})),
            }
            subnet = Resource(address, SUBNETS, body, api_version=network.api_version)
            kind.complete(subnet, before, network)
            made.append(subnet)
        return made

    def _existing(self, network: Resource) -> list[Resource]:
        return self.store.of_type(SUBNETS, network.id)

    def _subnet_type(self) -> Subnets:
        kind = self.arm.types[SUBNETS.lower()]
        assert isinstance(kind, Subnets)
        return kind

    def delete(self, resource: Resource) -> Finish | None:
        for each in self._existing(resource):
            self._subnet_type().delete(each)
        return None

    def show(self, resource: Resource, call: Call) -> dict[str, Any]:
        body = super().show(resource, call)
        kind = self._subnet_type()
        subnets = [kind.show(each, call) for each in self._existing(resource)]
        body["properties"] = resource.properties | {"subnets": subnets}
        return body

    @action("checkIPAddressAvailability", method="GET")
    def check_address(self, resource: Resource, call: Call) -> Answer:
        """https://learn.microsoft.com/rest/api/virtualnetwork/virtual-networks/check-ip-address-availability"""
        address = prefixes.address(call.query.get("ipaddress", ""))
        kind = self._subnet_type()
        for subnet in self._existing(resource):
            for network in kind.ranges(subnet):
                if address in network:
                    taken = kind.taken(subnet)
                    free = [each for each in prefixes.usable(network) if each not in taken]
                    is_free = int(address) in free
                    body: dict[str, Any] = {"available": is_free}
                    if not is_free:
                        body["availableIPAddresses"] = [
                            str(type(address)(each)) for each in free[:5]
                        ]
                    return Answer(200, body)
        raise bad_request(
            "PrivateIPAddressNotInAnySubnet",
            f"Private static IP address {address} does not belong to the range of any subnet in "
            f"the virtual network {resource.id}.",
        )
