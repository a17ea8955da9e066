"""One type of resource. A provider subclasses this for each type it has.

The front has done the general part when it calls: who may, api-version, name, schema, tags,
location, ETag, parent. It holds the lock. What a method raises is the answer (ArmError), and
nothing is kept then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tests.services.azure.arm.call import Answer, Call
from tests.services.azure.arm.errors import ArmError, bad_request
from tests.services.azure.arm.operations import Finish
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.schema import SchemaError, Shape

if TYPE_CHECKING:
    from tests.services.azure.arm.front import Arm


@dataclass(frozen=True)
class NameRule:
    """https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules"""

    pattern: str
    longest: int
    shortest: int = 1

    def allows(self, name: str) -> bool:
        return self.shortest <= len(name) <= self.longest and bool(re.fullmatch(self.pattern, name))


# Alphanumerics, underscores, periods, hyphens; begin alphanumeric, end so or with an underscore
NETWORK_NAME = r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?"


@dataclass(frozen=True)
class Later:
    """The answer of an action that takes a while: ``finish`` does it, its return is the result.

    ``failed`` is done instead where the operation fails.
    """

    finish: Finish
    status: int = 202
    failed: Callable[[], None] = lambda: None


ActionMethod = Callable[[Any, Resource, Call], "Answer | Later"]


def action(name: str, method: str = "POST") -> Callable[[ActionMethod], ActionMethod]:
    """Mark a method as answering ``method`` …/name (an action, or a view read with GET)."""

    def marked(function: ActionMethod) -> ActionMethod:
        function.arm_action = (method, name.lower())  # type: ignore[attr-defined]
        return function

    return marked


class ResourceType:
    """Says what is particular about a type; see README.md, "Adding a type of resource"."""

    namespace: ClassVar[str]
    name: ClassVar[str]
    """As in an id, children with their parents: virtualNetworks/subnets."""
    api_versions: ClassVar[tuple[str, ...]]
    body: ClassVar[Shape]
    """The whole body of a PUT, without what every resource has (id, name, type, location, tags)."""
    patch: ClassVar[Shape | None] = None
    """The body of a PATCH besides tags: merged into the resource, then `put` decides anew."""
    names: ClassVar[NameRule] = NameRule(NETWORK_NAME, 80)
    is_located: ClassVar[bool] = True
    """Whether it has a location and tags of its own; children have none."""
    is_slow: ClassVar[bool] = True
    """Whether PUT and PATCH are long-running operations; DELETE is one where `deleted` is 202."""
    put_headers: ClassVar[tuple[str, ...]] = ("Azure-AsyncOperation",)
    delete_headers: ClassVar[tuple[str, ...]] = ("Azure-AsyncOperation", "Location")
    """Where the answer tells to ask how the operation went."""
    created: ClassVar[int] = 201
    replaced: ClassVar[int] = 200
    patched: ClassVar[int] = 200
    deleted: ClassVar[int] = 202
    etag_in_body: ClassVar[bool] = False
    actions: ClassVar[Mapping[tuple[str, str], str]] = {}

    def __init__(self, arm: Arm) -> None:
        self.arm = arm
        self.store = arm.store

    def __init_subclass__(cls) -> None:
        marked = {
            function.arm_action: name
            for name, function in vars(cls).items()
            if hasattr(function, "arm_action")
        }
        cls.actions = {**cls.actions, **marked}

    @classmethod
    def full_name(cls) -> str:
        return f"{cls.namespace}/{cls.name}"

    def put(self, resource: Resource, old: Resource | None) -> Finish | None:
        """Complete ``resource`` or refuse it; ``old`` is what is kept under its id so far.

        It is kept when this returns, in state Creating or Updating; Succeeded after the operation.
        What is returned is done at that moment.
        """
        return None

    def delete(self, resource: Resource) -> Finish | None:
        """Refuse while it is in use. It goes when the operation is done, after what is returned."""
        return None

    def show(self, resource: Resource, call: Call) -> dict[str, Any]:
        """The body a read answers with."""
        body = dict(resource.body)
        if self.etag_in_body:
            body["etag"] = f'W/"{resource.etag}"'
        return body

    def bad_name(self, name: str) -> ArmError:
        """How the provider words a name against its rule."""
        return bad_request(
            "InvalidResourceName",
            f"Resource name {name} is invalid. The name can be up to {self.names.longest} "
            "characters long. It must begin with a word character, and it must end with a word "
            "character or with '_'. The name may contain word characters or '.', '-', '_'.",
        )

    def unknown_property(self, path: str, name: str, within: str) -> ArmError:
        """How the provider words a property it does not know."""
        return bad_request(
            "InvalidRequestContent",
            "The request content was invalid and could not be deserialized: "
            f"'Could not find member '{name}' on object of type '{within}'. Path '{path}'.'.",
        )

    def bad_property(self, error: SchemaError) -> ArmError:
        """How the provider words a value of the wrong kind."""
        message = f"{error.problem} Path '{error.path}'."
        return bad_request("InvalidParameter", message, target=error.path)
