"""NAT gateways. https://learn.microsoft.com/rest/api/nat-gateway/nat-gateways"""

from __future__ import annotations

import uuid
from typing import Any

from tests.services.azure.arm.call import Call
from tests.services.azure.arm.errors import bad_request
from tests.services.azure.arm.operations import Finish
from tests.services.azure.arm.resource import Resource, references
from tests.services.azure.arm.schema import TEXT, Items, Number, Reference, Shape, Text
from tests.services.azure.network.network_type import NetworkType
from tests.services.azure.network.subnets import SUBNETS


class NatGateways(NetworkType):
    """The way out of subnets, by public addresses of its own."""

    name = "natGateways"
    body = Shape(
        {
            "sku": Shape({"name": Text(("Standard", "StandardV2"))}, name="NatGatewaySku"),
            "zones": Items(TEXT),
            "properties": Shape(
                {
                    "idleTimeoutInMinutes": Number(4, 120),
                    "publicIpAddresses": Items(Reference("publicIPAddresses"), most=16),
                },
                read_only=("provisioningState", "resourceGuid", "subnets"),
                name="NatGatewayPropertiesFormat",
            ),
        },
        required=("sku",),
        name="NatGateway",
    )

    def put(self, resource: Resource, old: Resource | None) -> Finish | None:
        self.check_references(resource, references(resource.properties), resource.location)
        resource.properties.setdefault("idleTimeoutInMinutes", 4)
        resource.properties["resourceGuid"] = (
            old.properties["resourceGuid"] if old is not None else str(uuid.uuid4())
        )
        return None

    def delete(self, resource: Resource) -> Finish | None:
        users = self.store.users(resource.id, SUBNETS)
        if users:
            raise bad_request(
                "InUseNatGatewayCannotBeDeleted",
                f"Nat gateway {resource.id} cannot be deleted because it is in use by "
                f"{users[0].id}.",
            )
        return None

    def show(self, resource: Resource, call: Call) -> dict[str, Any]:
        body = super().show(resource, call)
        users = [{"id": each.id} for each in self.store.users(resource.id, SUBNETS)]
        if users:
            body["properties"] = resource.properties | {"subnets": users}
        return body
