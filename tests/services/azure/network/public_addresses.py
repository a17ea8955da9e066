"""Public IP addresses. https://learn.microsoft.com/rest/api/virtualnetwork/public-ip-addresses"""

from __future__ import annotations

import ipaddress
import uuid
from typing import Any

from tests.services.azure.arm.call import Call
from tests.services.azure.arm.errors import bad_request
from tests.services.azure.arm.operations import Finish
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.schema import (
    ANYTHING,
    TEXT,
    Items,
    Number,
    Reference,
    Shape,
    Text,
)
from tests.services.azure.network.network_type import NetworkType, Quota

PUBLIC_ADDRESSES = "Microsoft.Network/publicIPAddresses"
NAT_GATEWAYS = "Microsoft.Network/natGateways"
# what RFC 5737 sets aside for documentation: no address here is anybody's
POOL = [
    str(address)
    for network in ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24")
    for address in ipaddress.ip_network(network).hosts()
]


class PublicAddresses(NetworkType):
    """An address of its own, until it is deleted; on an interface, or on none."""

    name = "publicIPAddresses"
    quota = Quota("PublicIPAddresses", 1000, "PublicIPCountLimitReached", "public IP addresses")
    body = Shape(
        {
            "extendedLocation": ANYTHING,
            "zones": Items(TEXT),
            "sku": Shape(
                {
                    "name": Text(("Basic", "Standard", "StandardV2")),
                    "tier": Text(("Regional", "Global")),
                },
                name="PublicIpAddressSku",
            ),
            "properties": Shape(
                {
                    "publicIPAllocationMethod": Text(("Static", "Dynamic")),
                    "publicIPAddressVersion": Text(("IPv4", "IPv6")),
                    "idleTimeoutInMinutes": Number(4, 30),
                    "dnsSettings": Shape(
                        {
                            # https://learn.microsoft.com/azure/virtual-machines/create-fqdn
                            "domainNameLabel": Text(pattern="[a-z][a-z0-9-]{1,61}[a-z0-9]"),
                            "domainNameLabelScope": TEXT,
                            "reverseFqdn": TEXT,
                        },
                        read_only=("fqdn",),
                        name="PublicIpAddressDnsSettings",
                    ),
                    "deleteOption": Text(("Delete", "Detach")),
                    "ddosSettings": ANYTHING,
                    "ipTags": Items(ANYTHING),
                    "publicIPPrefix": Reference("publicIPPrefixes"),
                },
                read_only=(
                    "provisioningState",
                    "resourceGuid",
                    "ipConfiguration",
                    "natGateway",
                    "ipAddress",
                ),
                name="PublicIpAddressProperties",
            ),
        },
        name="PublicIpAddress",
    )

    def put(self, resource: Resource, old: Resource | None) -> Finish | None:
        properties = resource.properties
        sku = resource.body.setdefault("sku", dict(old.body["sku"]) if old is not None else {})
        sku.setdefault("name", "Basic")
        sku.setdefault("tier", "Regional")
        if old is None and sku["name"] == "Basic":
            # https://azure.microsoft.com/updates/upgrade-to-standard-sku-public-ip-addresses-in-azure-by-30-september-2025-basic-sku-will-be-retired/
            raise bad_request(
                "IPv4BasicSkuPublicIpCountLimitReached",
                "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this "
                "subscription in this region.",
            )
        if old is not None and sku != old.body["sku"]:
            raise bad_request(
                "SkuPropertyCannotBeChanged",
                "Sku property is set at creation time and cannot be changed from "
                f"{old.body['sku']['name']} to {sku['name']} on resource update for resource "
                f"{resource.id}.",
            )
        # said by nobody it is Dynamic, which Standard does not do
        if properties.setdefault("publicIPAllocationMethod", "Dynamic") != "Static":
            raise bad_request(
                "StandardAndStandardV2SkuPublicIPAddressesMustBeStatic",
                f"Standard sku publicIp {resource.id} must have AllocationMethod set to Static.",
            )
        self.check_quota(resource, old)
        properties.setdefault("publicIPAddressVersion", "IPv4")
        properties.setdefault("idleTimeoutInMinutes", 4)
        properties.setdefault("ipTags", [])
        if label := properties.get("dnsSettings", {}).get("domainNameLabel"):
            fqdn = f"{label}.{resource.location}.cloudapp.azure.com"
            properties["dnsSettings"]["fqdn"] = fqdn
        if old is not None:
            properties["ipAddress"] = old.properties["ipAddress"]
            properties["resourceGuid"] = old.properties["resourceGuid"]
        else:
            properties["ipAddress"] = self._free(resource)
            properties["resourceGuid"] = str(uuid.uuid4())
        return None

    def _free(self, resource: Resource) -> str:
        root = f"/subscriptions/{self.arm.settings.subscription}"
        taken = {
            each.properties["ipAddress"] for each in self.store.of_type(PUBLIC_ADDRESSES, root)
        }
        for address in POOL:
            if address not in taken:
                return address
        raise bad_request("PublicIpNotAvailable", f"No address is left for {resource.id}.")

    def delete(self, resource: Resource) -> Finish | None:
        user = self._user(resource)
        if user is not None:
            # https://github.com/hashicorp/terraform-provider-azurerm/issues/688
            raise bad_request(
                "PublicIPAddressCannotBeDeleted",
                f"Public IP address {resource.id} can not be deleted since it is still allocated "
                f"to resource {user}. In order to delete the public IP, disassociate/detach the "
                "Public IP address from the resource. To learn how to do this, see "
                "aka.ms/deletepublicip.",
            )
        return None

    def _user(self, resource: Resource) -> str | None:
        for gateway in self.store.users(resource.id, NAT_GATEWAYS):
            return gateway.id
        for interface in self.store.users(resource.id, "Microsoft.Network/networkInterfaces"):
            for each in interface.properties["ipConfigurations"]:
                named = each["properties"].get("publicIPAddress", {}).get("id", "")
                if named.lower() == resource.key:
                    return str(each["id"])
        return None

    def show(self, resource: Resource, call: Call) -> dict[str, Any]:
        body = super().show(resource, call)
        user = self._user(resource)
        if user is not None:
            by = "ipConfiguration" if "/ipConfigurations/" in user else "natGateway"
            body["properties"] = resource.properties | {by: {"id": user}}
        return body
