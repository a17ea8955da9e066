"""PUT, PATCH, DELETE and POST of one resource: the part that is the same for every type."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.services.azure.arm import conditions, locations, tags
from tests.services.azure.arm.address import Address
from tests.services.azure.arm.call import Answer, Call
from tests.services.azure.arm.errors import ArmError, bad_request, conflict
from tests.services.azure.arm.operations import Finish, Operation
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.resource_type import Later, ResourceType
from tests.services.azure.arm.schema import TEXT, SchemaError, Shape, Words

if TYPE_CHECKING:
    from tests.services.azure.arm.front import Arm

# answers name them; a request that repeats them is not refused
READ_ONLY = ("id", "name", "type", "etag", "systemData")


# where to ask how an operation goes; a type tells which of them its answers have
ADDRESSES = ("Azure-AsyncOperation", "Location")


class Changes:
    """Changes resources, each through an operation where its type is slow."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._store = arm.store

    def put(self, kind: ResourceType, call: Call) -> Answer:
        address = call.address
        self._check_name(kind, address)
        clean = self._clean(kind, kind.body, call)
        old = self._store.get(address.id)
        conditions.check(call, old)
        if old is not None:
            address = old.address
            _free(old)
        if len(address.types) > 1:
            self._check_parent(address)
        body: dict[str, Any] = {
            "id": address.id,
            "name": address.leaf,
            "type": kind.full_name(),
        }
        if kind.is_located:
            body |= self._place(kind, clean, old)
        body |= clean
        resource = Resource(address, kind.full_name(), body, api_version=call.api_version)
        return self._keep(kind, call, resource, old)

    def patch(self, kind: ResourceType, call: Call) -> Answer:
        if kind.patch is None and not kind.is_located:
            raise ArmError(405, "MethodNotAllowed", f"A {kind.name} cannot be patched.")
        old = self.need(kind, call.address)
        conditions.check(call, old)
        shape = kind.patch or Shape(name=kind.name)
        clean = self._clean(kind, shape, call, is_partial=True)
        _free(old)
        resource = Resource(
            old.address, old.type, copy.deepcopy(old.body), api_version=call.api_version
        )
        _merge(resource.body, clean)
        if kind.patch is None:
            resource.hidden, resource.state = old.hidden, old.state
            self._store.put(resource)
            return Answer(200, kind.show(resource, call))
        return self._keep(kind, call, resource, old, patched=True)

    def delete(self, kind: ResourceType, call: Call) -> Answer:
        resource = self._store.get(call.address.id)
        if resource is None:
            return Answer(204)
        conditions.check(call, resource)
        if resource.deletion is not None and not resource.deletion.is_done:
            return self._told(call, kind.deleted, None, resource.deletion, kind.delete_headers)
        finish = kind.delete(resource)

        def gone() -> None:
            if finish is not None:
                finish()
            for each in [*self._store.beneath(resource.id), resource]:
                self._store.remove(each)
            self._touch_parent(resource.address)

        before = resource.state

        def kept() -> None:
            resource.state = before

        if kind.deleted != 202:
            gone()
            return Answer(kind.deleted)
        resource.state = "Deleting"
        resource.deletion = self._started(call, gone, kept)
        return self._told(call, kind.deleted, None, resource.deletion, kind.delete_headers)

    def act(self, kind: ResourceType, call: Call, method: str) -> Answer:
        resource = self.need(kind, call.address)
        done = getattr(kind, method)(resource, call)
        if isinstance(done, Later):
            operation = self._started(call, done.finish, done.failed)
            return self._told(call, done.status, None, operation, ADDRESSES)
        answer: Answer = done
        return answer

    def need(self, kind: ResourceType, address: Address) -> Resource:
        """Return the resource; ArmError 404 where there is none."""
        resource = self._store.get(address.id)
        if resource is None:
            if len(address.types) > 1:
                raise ArmError(404, "NotFound", f"Resource {address.id} not found.")
            raise ArmError(
                404,
                "ResourceNotFound",
                f"The Resource '{kind.full_name()}/{address.leaf}' under resource group "
                f"'{address.group}' was not found. For more details please go to "
                "https://aka.ms/ARMResourceNotFoundFix",
            )
        return resource

    def _started(self, call: Call, finish: Finish, failed: Callable[[], None]) -> Operation:
        """An operation on its way, with the trouble a test ordered for it."""
        fault, seconds = call.fault, self._arm.limits.operation_seconds
        if fault is not None and fault.seconds is not None:
            seconds = fault.seconds
        operation = Operation(finish, time.monotonic() + seconds, failed=failed)
        if fault is not None and fault.fail is not None:
            inner = fault.fail
            details = inner.get("details", [])
            operation.error = ArmError(409, inner["code"], inner["message"], details=details)
        return self._arm.operations.start(operation)

    def _told(
        self, call: Call, status: int, body: Any, operation: Operation, wanted: tuple[str, ...]
    ) -> Answer:
        """The answer that tells where to ask how the operation goes."""
        everything = self._arm.wait_headers(call, operation)
        kept = {n: v for n, v in everything.items() if n not in ADDRESSES or n in wanted}
        return Answer(status, body, kept)

    def _keep(
        self,
        kind: ResourceType,
        call: Call,
        resource: Resource,
        old: Resource | None,
        *,
        patched: bool = False,
    ) -> Answer:
        if old is not None:
            resource.hidden = dict(old.hidden)
        finish = kind.put(resource, old)
        self._store.put(resource)
        self._touch_parent(resource.address)
        written = kind.created if old is None else kind.replaced
        status = kind.patched if patched else written
        if not kind.is_slow:
            if finish is not None:
                finish()
            resource.state = "Succeeded"
            return Answer(status, kind.show(resource, call))
        resource.state = "Creating" if old is None else "Updating"

        def done() -> Any:
            result = finish() if finish is not None else None
            resource.state = "Succeeded"
            if self._store.get(resource.id) is resource:
                self._store.put(resource)
            return result

        def failed() -> None:
            resource.state = "Failed"

        shown = copy.deepcopy(kind.show(resource, call))
        return self._told(call, status, shown, self._started(call, done, failed), kind.put_headers)

    def _clean(
        self, kind: ResourceType, shape: Shape, call: Call, *, is_partial: bool = False
    ) -> dict[str, Any]:
        if not isinstance(call.body, dict):
            raise bad_request("InvalidRequestContent", "The request content is no JSON object.")
        if kind.is_located:
            shape = shape.also(tags=Words())
            if not is_partial:
                shape = shape.also(location=TEXT)
        whole = Shape(
            shape.properties,
            () if is_partial else shape.required,
            (*shape.read_only, *READ_ONLY),
            shape.name or kind.name,
        )
        try:
            clean = whole.read(call.body, "")
        except SchemaError as error:
            if error.unknown is not None:
                raise kind.unknown_property(error.path, error.unknown, error.within) from None
            raise kind.bad_property(error) from None
        tags.check(clean.get("tags", {}))
        return clean

    def _place(
        self, kind: ResourceType, clean: dict[str, Any], old: Resource | None
    ) -> dict[str, str]:
        asked = clean.pop("location", None)
        if asked is None:
            raise bad_request(
                "LocationRequired",
                "The location property is required for this definition.",
            )
        location = locations.check(asked, kind.full_name())
        if old is not None and old.location != location:
            raise conflict(
                "InvalidResourceLocation",
                f"The resource '{old.name}' already exists in location '{old.location}' in "
                f"resource group '{old.address.group}'. A resource with the same name cannot be "
                f"created in location '{location}'. Please select a new resource name.",
            )
        return {"location": location}

    def _check_name(self, kind: ResourceType, address: Address) -> None:
        if not kind.names.allows(address.leaf):
            raise kind.bad_name(address.leaf)

    def _check_parent(self, address: Address) -> None:
        if self._store.get(address.parent.id) is None:
            raise ArmError(
                404,
                "ParentResourceNotFound",
                "Failed to perform 'write' on resource(s) of type "
                f"'{'/'.join(address.types)}', because the parent resource "
                f"'{address.parent.id}' could not be found.",
            )

    def _touch_parent(self, address: Address) -> None:
        if len(address.types) > 1 and (parent := self._store.get(address.parent.id)):
            parent.touch()


def _free(resource: Resource) -> None:
    if resource.state == "Deleting":
        raise conflict(
            "AnotherOperationInProgress",
            f"Another operation on this or dependent resource is in progress: {resource.id} "
            "is being deleted.",
        )


def _merge(body: dict[str, Any], change: dict[str, Any]) -> None:
    """Merge objects into objects; tags and everything else is replaced."""
    for name, value in change.items():
        if isinstance(value, dict) and isinstance(body.get(name), dict) and name != "tags":
            _merge(body[name], value)
        else:
            body[name] = value
