"""Resource Manager's front: who calls, what is meant, and who answers it."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.services.azure.arm import locations, paging
from tests.services.azure.arm.address import Address, parse
from tests.services.azure.arm.call import Answer, Call, read, refusal
from tests.services.azure.arm.changes import Changes
from tests.services.azure.arm.errors import ArmError, bad_request
from tests.services.azure.arm.faults import Fault, Faults
from tests.services.azure.arm.groups import TYPE as GROUP
from tests.services.azure.arm.groups import ResourceGroups
from tests.services.azure.arm.limits import Limits
from tests.services.azure.arm.operations import Operation, Operations
from tests.services.azure.arm.resource_type import ResourceType
from tests.services.azure.arm.store import Store
from tests.services.azure.arm.subscriptions import Subscriptions
from tests.services.azure.arm.tokens import Tokens
from tests.services.azure.settings import Settings
from tests.services.wire import Request, Response


@dataclass(frozen=True)
class View:
    """Something provider-wide to read: locations/{location}/usages, skus.

    ``pattern`` is matched without regard to case against what follows the namespace; its named
    groups go to ``answer``, which returns the list, or an Answer where it is none.
    """

    namespace: str
    pattern: str
    api_versions: tuple[str, ...]
    answer: Callable[[Arm, Call, dict[str, str]], list[dict[str, Any]] | Answer]


class Arm:
    """The state of the subscription, and everything that answers for it."""

    def __init__(
        self,
        settings: Settings,
        types: Iterable[type[ResourceType]] = (),
        views: Iterable[View] = (),
    ) -> None:
        self.settings = settings
        self.store = Store()
        self.operations = Operations()
        self.limits = Limits()
        self.faults = Faults()
        self.tokens = Tokens(settings, self.limits)
        self.lock = threading.RLock()
        self.types: dict[str, ResourceType] = {}
        for each in (ResourceGroups, *types):
            self.types[each.full_name().lower()] = each(self)
        self.views = list(views)
        self.changes = Changes(self)
        self.subscriptions = Subscriptions(self)

    def forget(self) -> None:
        """Every resource and operation is gone, as in a new subscription."""
        self.store.clear()
        self.operations.clear()

    def answer(self, request: Request) -> Response:
        """The answer to one request; ``hang_up`` where a fault was ordered."""
        request_id = str(uuid.uuid4())
        fault: list[Fault] = []
        try:
            answer = self._answer(request, fault)
        except ArmError as error:
            answer = refusal(error)
            answer.headers["x-ms-failure-cause"] = "gateway"
        if any(each.lost or each.hang_up for each in fault):
            return Response(0, hang_up=True)
        answer.headers |= {
            "x-ms-request-id": request_id,
            "x-ms-correlation-request-id": request.headers.get(
                "x-ms-correlation-request-id", request_id
            ),
        }
        return answer.response()

    def _answer(self, request: Request, faults: list[Fault]) -> Answer:
        principal = self.tokens.principal(request.headers.get("authorization", ""))
        if request.path.rstrip("/").lower() == "/subscriptions":
            return self.subscriptions.all(request)
        call = read(request, parse(request.path))
        action = self._action(call)
        fault = self.faults.next(action)
        if fault is not None:
            faults.append(fault)
            time.sleep(fault.delay)
            if fault.hang_up:
                return Answer(200)
            if fault.status:
                headers = {}
                if fault.retry_after is not None:
                    headers["Retry-After"] = str(fault.retry_after)
                raise ArmError(fault.status, fault.code, fault.message, headers=headers)
            call.fault = fault
        if not principal.may(action):
            raise ArmError(
                403,
                "AuthorizationFailed",
                f"The client '{principal.client}' with object id '{principal.object_id}' does not "
                f"have authorization to perform action '{action}' over scope '{call.address.id}' "
                "or the scope is invalid. If access was recently granted, please refresh your "
                "credentials.",
            )
        with self.lock:
            self.operations.settle()
            return self._route(call)

    def _action(self, call: Call) -> str:
        """What access control calls this: Microsoft.Network/virtualNetworks/subnets/write."""
        address, tail = call.address, call.address.tail
        if address.namespace is None:
            kind = "Microsoft.Resources/subscriptions"
            if address.group is not None or tail == "resourceGroups":
                kind += "/resourceGroups"
        elif address.group is None:
            path = re.sub(r"^locations/[^/]+", "locations", tail or "", flags=re.IGNORECASE)
            kind = "/".join(each for each in (address.namespace, path) if each)
            if "/operation" in path.lower():
                kind = f"{address.namespace}/locations/operations"
            if path.lower() in {one.name.lower() for one in self.types.values()}:
                kind = self._canonical(f"{address.namespace}/{path}")
        else:
            kind = "/".join((address.namespace, *address.types))
            if tail is not None and call.method == "POST":
                return f"{self._canonical(kind)}/{tail}/action"
            if tail is not None:
                kind += f"/{tail}"
            kind = self._canonical(kind)
        verbs = {"GET": "read", "HEAD": "read", "DELETE": "delete", "POST": "action"}
        return f"{kind}/{verbs.get(call.method, 'write')}"

    def _canonical(self, kind: str) -> str:
        found = self.types.get(kind.lower())
        return found.full_name() if found is not None else kind

    def _route(self, call: Call) -> Answer:
        address = call.address
        if "api-version" not in call.query:
            raise bad_request(
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            )
        if address.subscription != self.settings.subscription:
            raise ArmError(
                404,
                "SubscriptionNotFound",
                f"The subscription '{address.subscription}' could not be found.",
            )
        if operation := re.fullmatch(
            r"(?:locations/[^/]+/)?(operations|operationresults)/([^/]+)",
            address.tail or "",
            re.IGNORECASE,
        ):
            return self._operation(call, *operation.groups())
        if address.namespace is None:
            return self._without_provider(call)
        if address.group is None:
            return self._provider_wide(call)
        return self._resource(call)

    def _without_provider(self, call: Call) -> Answer:
        address = call.address
        groups = self.types[GROUP.lower()]
        if address.tail == "resourceGroups":
            self._check_version(call, groups)
            return self._list(call, groups, f"/subscriptions/{address.subscription}")
        if address.group is None:
            return self.subscriptions.answer(call)
        if address.tail is not None:
            self._check_version(call, groups)
            return self.subscriptions.resources(call)
        if call.method in ("GET", "HEAD"):
            self._check_group(address)
        return self._verb(call, groups)

    def _provider_wide(self, call: Call) -> Answer:
        address, path = call.address, call.address.tail or ""
        if not path:
            return self.subscriptions.provider(call)
        for view in self.views:
            found = re.fullmatch(view.pattern, path, re.IGNORECASE)
            if found and view.namespace.lower() == str(address.namespace).lower():
                _check_version(call, view.api_versions, f"{view.namespace}/{path}")
                answer = view.answer(self, call, found.groupdict())
                return Answer(200, {"value": answer}) if isinstance(answer, list) else answer
        kind = self._type(f"{address.namespace}/{path}")
        self._check_version(call, kind)
        return self._list(call, kind, f"/subscriptions/{address.subscription}")

    def _resource(self, call: Call) -> Answer:
        address = call.address
        if address.tail is None:
            kind = self._type(address.type)
            self._check_version(call, kind)
            self._check_group(address)
            return self._verb(call, kind)
        collection = self.types.get(address.collection().type)
        if collection is not None and call.method == "GET":
            self._check_version(call, collection)
            self._check_group(address)
            if address.types:
                self.changes.need(self._type(address.type), address)
            return self._list(call, collection, address.id.removesuffix(f"/{address.namespace}"))
        kind = self._type(address.type)
        self._check_version(call, kind)
        self._check_group(address)
        method = kind.actions.get((call.method, address.tail.lower()))
        if method is None:
            raise ArmError(
                404,
                "InvalidResourceType",
                f"The resource type '{address.tail}' could not be found in the namespace "
                f"'{address.namespace}' for api version '{call.api_version}'.",
            )
        return self.changes.act(kind, call, method)

    def _verb(self, call: Call, kind: ResourceType) -> Answer:
        match call.method:
            case "GET":
                resource = self.changes.need(kind, call.address)
                headers = {"ETag": f'"{resource.etag}"'} if kind.etag_in_body else {}
                return Answer(200, kind.show(resource, call), headers)
            case "HEAD":
                self.changes.need(kind, call.address)
                return Answer(204)
            case "PUT":
                if call.address.namespace is not None:
                    self._check_group(call.address, writing=True)
                return self.changes.put(kind, call)
            case "PATCH":
                return self.changes.patch(kind, call)
            case "DELETE":
                return self.changes.delete(kind, call)
        raise ArmError(
            405,
            "MethodNotAllowed",
            f"The HTTP method '{call.method}' is not supported here.",
        )

    def _list(self, call: Call, kind: ResourceType, beneath: str) -> Answer:
        found = [kind.show(each, call) for each in self.store.of_type(kind.full_name(), beneath)]
        return Answer(200, paging.page(call, found, self.limits.page_size))

    def _operation(self, call: Call, how: str, id: str) -> Answer:
        operation = self.operations.get(id)
        if operation is None:
            raise ArmError(404, "NotFound", f"Operation {id} was not found.")
        if how.lower() == "operations":
            headers = {} if operation.is_done else self._pause()
            return Answer(200, operation.status(), headers)
        if not operation.is_done:
            headers = self.wait_headers(call, operation)
            del headers["Azure-AsyncOperation"]
            return Answer(202, None, headers)
        if operation.error is not None:
            raise operation.error
        return Answer(200 if operation.result is not None else 204, operation.result)

    def wait_headers(self, call: Call, operation: Operation) -> dict[str, str]:
        """Where to ask how an operation goes, and when."""
        address = call.address
        root = f"{call.base}/subscriptions/{address.subscription}"
        if address.namespace is not None:
            root += f"/providers/{address.namespace}/locations/{self.settings.location}"
        tail = f"{operation.id}?api-version={call.api_version}"
        return {
            "Azure-AsyncOperation": f"{root}/operations/{tail}",
            "Location": f"{root}/operationResults/{tail}",
            **self._pause(),
        }

    def _pause(self) -> dict[str, str]:
        if self.limits.retry_after:
            return {"Retry-After": str(self.limits.retry_after)}
        return {"retry-after-ms": str(max(1, round(self.limits.operation_seconds * 1000)))}

    def _type(self, name: str) -> ResourceType:
        kind = self.types.get(name.lower())
        if kind is not None:
            return kind
        namespace, _, rest = name.partition("/")
        if not any(each.startswith(f"{namespace.lower()}/") for each in self.types):
            raise ArmError(
                404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid."
            )
        raise ArmError(
            404,
            "InvalidResourceType",
            f"The resource type '{rest}' could not be found in the namespace '{namespace}'.",
        )

    def _check_version(self, call: Call, kind: ResourceType) -> None:
        _check_version(call, kind.api_versions, kind.full_name())

    def _check_group(self, address: Address, *, writing: bool = False) -> None:
        group = self.store.get(
            f"/subscriptions/{address.subscription}/resourceGroups/{address.group}"
        )
        if group is None:
            raise ArmError(
                404,
                "ResourceGroupNotFound",
                f"Resource group '{address.group}' could not be found.",
            )
        if writing and group.state == "Deleting":
            raise ArmError(
                409,
                "ResourceGroupBeingDeleted",
                f"The resource group '{group.name}' is in deprovisioning state and cannot perform "
                "this operation.",
            )


def _check_version(call: Call, known: tuple[str, ...], kind: str) -> None:
    if call.api_version in known:
        return
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(-preview)?", call.api_version):
        raise bad_request(
            "InvalidApiVersionParameter",
            f"The api-version '{call.api_version}' is invalid. The supported versions are "
            f"'{','.join(known)}'.",
        )
    raise bad_request(
        "NoRegisteredProviderFound",
        "No registered resource provider found for location "
        f"'{','.join(locations.LOCATIONS)}' and API version '{call.api_version}' for type "
        f"'{kind.partition('/')[2]}'. The supported api-versions are '{', '.join(known)}'.",
    )
