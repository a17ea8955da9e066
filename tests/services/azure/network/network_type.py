"""What all types of Microsoft.Network share: wording, references, and how many there may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from tests.services.azure.arm.errors import ArmError, bad_request
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.resource_type import ResourceType
from tests.services.azure.arm.schema import SchemaError

# newest first; the SDK that is installed asks for the first
VERSIONS = ("2026-03-01", "2025-07-01", "2025-05-01", "2024-10-01", "2024-05-01")


@dataclass(frozen=True)
class Quota:
    """How many of a type a region of a subscription may have, and how one too many is refused.

    https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
    """

    usage: str
    most: int
    code: str
    words: str


class NetworkType(ResourceType):
    """A type of Microsoft.Network."""

    namespace = "Microsoft.Network"
    api_versions = VERSIONS
    etag_in_body = True
    quota: ClassVar[Quota | None] = None

    def check_quota(self, resource: Resource, old: Resource | None) -> None:
        """ArmError where the region has as many as it may."""
        if self.quota is None or old is not None:
            return
        most = self.arm.limits.quotas.get(self.quota.usage, self.quota.most)
        if len(self.in_region(resource.location)) >= most:
            raise bad_request(
                self.quota.code,
                f"Cannot create more than {most} {self.quota.words} for this subscription "
                "in this region.",
            )

    def in_region(self, location: str) -> list[Resource]:
        root = f"/subscriptions/{self.arm.settings.subscription}"
        everywhere = self.store.of_type(self.full_name(), root)
        return [each for each in everywhere if each.location == location]

    def check_references(self, resource: Resource, ids: Iterable[str], location: str) -> None:
        """ArmError unless each of the ids exists, in the same region.

        https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
        """
        for wanted in ids:
            named = self.store.get(wanted)
            if named is None or self.region(named) != location or named.state == "Deleting":
                raise bad_request(
                    "InvalidResourceReference",
                    f"Resource {wanted} referenced by resource {resource.id} was not found. Please "
                    "make sure that the referenced resource exists, and that both resources are "
                    "in the same region.",
                )

    def region(self, resource: Resource) -> str:
        """Where it is; a subnet is where its network is."""
        if len(resource.address.types) == 1:
            return resource.location
        parent = self.store.get(resource.address.parent.id)
        return parent.location if parent is not None else ""

    def unknown_property(self, path: str, name: str, within: str) -> ArmError:
        # https://github.com/microsoft/sql-server-samples/pull/1294
        if not path.lower().startswith("properties"):
            return super().unknown_property(path, name, within)
        return unparsable(
            "InvalidJson", f"Could not find member '{name}' on object of type '{within}'.", path
        )

    def bad_property(self, error: SchemaError) -> ArmError:
        return unparsable(error.code or "InvalidJson", error.problem, error.path)


def unparsable(code: str, problem: str, path: str) -> ArmError:
    """A request the provider cannot read.

    https://github.com/MSOpenTech/azure-xplat-cli/issues/497
    """
    detail = {"code": code, "message": f"{problem} Path {path}."}
    return bad_request("InvalidRequestFormat", "Cannot parse the request.", details=[detail])


def check_unique(owner: Resource, names: Iterable[str], path: str) -> None:
    """ArmError where two children are to have the same name."""
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise unparsable(
                "DuplicateResourceName",
                f"Resource {owner.id} has two child resources with the same name ({name}).",
                path,
            )
        seen.add(name.lower())
