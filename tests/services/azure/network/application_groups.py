"""Application security groups.

https://learn.microsoft.com/rest/api/virtualnetwork/application-security-groups
"""

from __future__ import annotations

import uuid

from tests.services.azure.arm.errors import bad_request
from tests.services.azure.arm.operations import Finish
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.schema import Shape
from tests.services.azure.network.network_type import NetworkType, Quota


class ApplicationGroups(NetworkType):
    """A name for interfaces, which rules use instead of addresses."""

    name = "applicationSecurityGroups"
    quota = Quota(
        "ApplicationSecurityGroups",
        3000,
        "ApplicationSecurityGroupCountLimitReached",
        "application security groups",
    )
    body = Shape(
        {
            "properties": Shape(
                read_only=("provisioningState", "resourceGuid"),
                name="ApplicationSecurityGroupPropertiesFormat",
            )
        },
        name="ApplicationSecurityGroup",
    )

    def put(self, resource: Resource, old: Resource | None) -> Finish | None:
        self.check_quota(resource, old)
        resource.properties["resourceGuid"] = (
            old.properties["resourceGuid"] if old is not None else str(uuid.uuid4())
        )
        return None

    def delete(self, resource: Resource) -> Finish | None:
        users = self.store.users(resource.id)
        if users:
            raise bad_request(
                "ApplicationSecurityGroupCannotBeDeleted",
                f"Application security group {resource.id} cannot be deleted because it is in use "
                f"by the following resources: {', '.join(each.id for each in users)}.",
            )
        return None
