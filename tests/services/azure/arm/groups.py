"""Resource groups. https://learn.microsoft.com/rest/api/resources/resource-groups"""

from __future__ import annotations

from typing import ClassVar

from tests.services.azure.arm.errors import ArmError, conflict
from tests.services.azure.arm.operations import Finish
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.resource_type import NameRule, ResourceType
from tests.services.azure.arm.schema import TEXT, Shape

TYPE = "Microsoft.Resources/resourceGroups"


class ResourceGroups(ResourceType):
    """A folder of resources; deleting it deletes them, in whatever order they allow."""

    namespace, name = "Microsoft.Resources", "resourceGroups"
    api_versions = ("2025-04-01", "2024-11-01", "2022-09-01", "2021-04-01")
    body = Shape(
        {"managedBy": TEXT, "properties": Shape(read_only=("provisioningState",))},
        name="ResourceGroup",
    )
    # letters of any script, which \w has too; no period at the end
    names = NameRule(r"[\w().-]*[\w()-]", 90)
    is_slow = False
    delete_headers: ClassVar[tuple[str, ...]] = ("Location",)

    def bad_name(self, name: str) -> ArmError:
        return ArmError(
            400,
            "InvalidResourceGroup",
            f"The provided resource group name '{name}' has these invalid characters or ends with "
            "a period, or is longer than 90 characters.",
        )

    def delete(self, resource: Resource) -> Finish | None:
        return lambda: self._empty(resource)

    def _empty(self, group: Resource) -> None:
        """Delete what lies in the group, again and again until nothing more goes."""
        refused: list[ArmError] = []
        while left := list(self.store.beneath(group.id)):
            refused = []
            for each in left:
                try:
                    finish = self.arm.types[each.type.lower()].delete(each)
                except ArmError as error:
                    refused.append(error)
                    continue
                if finish is not None:
                    finish()
                self.store.remove(each)
            if len(refused) == len(left):
                raise conflict(
                    "ResourceGroupDeletionBlocked",
                    f"Deletion of resource group '{group.name}' failed as resources of it are "
                    "in use.",
                    details=[error.body() for error in refused],
                )
