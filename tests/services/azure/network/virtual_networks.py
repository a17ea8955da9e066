"""Virtual networks. https://learn.microsoft.com/rest/api/virtualnetwork/virtual-networks"""

from __future__ import annotations

from tests.services.azure.arm.operations import Finish
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.resource_type import NameRule, ResourceType
from tests.services.azure.arm.schema import ANYTHING, FLAG, NUMBER, TEXT, Items, Shape

VERSIONS = ("2026-03-01", "2025-05-01", "2024-10-01", "2024-05-01")
# Alphanumerics, underscores, periods, hyphens; 2 to 64 characters
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*[A-Za-z0-9_]"


class VirtualNetworks(ResourceType):
    """A virtual network, and the subnets written with it."""

    namespace, name = "Microsoft.Network", "virtualNetworks"
    api_versions = VERSIONS
    names = NameRule(NAME, 64, shortest=2)
    etag_in_body = True
    body = Shape(
        {
            "extendedLocation": ANYTHING,
            "properties": Shape(
                {
                    "addressSpace": Shape({"addressPrefixes": Items(TEXT)}, name="AddressSpace"),
                    "dhcpOptions": Shape({"dnsServers": Items(TEXT)}, name="DhcpOptions"),
                    "flowTimeoutInMinutes": NUMBER,
                    "subnets": Items(ANYTHING),
                    "enableDdosProtection": FLAG,
                    "enableVmProtection": FLAG,
                },
                read_only=("provisioningState", "resourceGuid"),
                name="VirtualNetworkPropertiesFormat",
            ),
        },
        name="VirtualNetwork",
    )

    def put(self, resource: Resource, old: Resource | None) -> Finish | None:
        resource.properties.setdefault("enableDdosProtection", False)
        return None
