"""What all types of Microsoft.Compute share: how it words a request it cannot read."""

from __future__ import annotations

from tests.services.azure.arm.errors import ArmError, bad_request, conflict
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.resource_type import ResourceType
from tests.services.azure.arm.schema import SchemaError

VIRTUAL_MACHINE = "Microsoft.Compute/virtualMachines"
DISK = "Microsoft.Compute/disks"
SNAPSHOT = "Microsoft.Compute/snapshots"
IMAGE = "Microsoft.Compute/images"

COMPUTE_VERSIONS = ("2026-04-01", "2025-04-01", "2024-11-01", "2024-07-01")
DISK_VERSIONS = ("2026-03-02", "2025-01-02", "2024-03-02", "2023-10-02")


class ComputeType(ResourceType):
    """A type of this provider."""

    namespace = "Microsoft.Compute"

    def bad_name(self, name: str) -> ArmError:
        return bad_request(
            "InvalidParameter",
            f"The entity name '{name}' is invalid according to its validation rule: "
            f"^{self.names.pattern}$, at most {self.names.longest} characters.",
            target="name",
        )

    def unknown_property(self, path: str, name: str, within: str) -> ArmError:
        # as quoted in https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-terminate-notification
        return bad_request(
            "BadRequest",
            f"Could not find member '{name}' on object of type '{within}'. Path '{path}'.",
            target=path,
        )

    def bad_property(self, error: SchemaError) -> ArmError:
        if error.problem.startswith("Required property"):
            return missing(error.path.removeprefix("properties."))
        return invalid(error.path.removeprefix("properties."), error.problem)


def invalid(target: str, message: str) -> ArmError:
    """A parameter that says what it may not."""
    return bad_request("InvalidParameter", message, target=target)


def missing(parameter: str) -> ArmError:
    """A parameter that must be there."""
    return invalid(parameter, f"Required parameter '{parameter}' is missing (null).")


def not_allowed(parameter: str) -> ArmError:
    """A parameter that must not be there."""
    return invalid(parameter, f"Parameter '{parameter}' is not allowed.")


def refused(message: str, target: str | None = None) -> ArmError:
    """Something that cannot be done now."""
    return conflict("OperationNotAllowed", message, target=target)


def busy() -> ArmError:
    """Another operation on it is under way."""
    return conflict(
        "Conflict",
        "The request failed due to conflict with a concurrent request. To resolve it, please "
        "refer to https://aka.ms/activitylog to get more details on the conflicting requests.",
    )


def fixed(name: str) -> ArmError:
    """A property that says something else than when the resource was made."""
    return conflict(
        "PropertyChangeNotAllowed", f"Changing property '{name}' is not allowed.", target=name
    )


def unchanged(resource: Resource, old: Resource, *names: str) -> None:
    """ArmError when one of these properties says something else than before."""
    for name in names:
        before, now = old.properties.get(name), resource.properties.get(name)
        if now is not None and before is not None and _fold(now) != _fold(before):
            raise fixed(name)
        if before is not None:
            resource.properties[name] = before


def _fold(value: object) -> object:
    """Values compare by what they say; ids and names without regard to case."""
    if isinstance(value, dict):
        return {key: _fold(each) for key, each in value.items()}
    return value.lower() if isinstance(value, str) else value
