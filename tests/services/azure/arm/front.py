"""Resource Manager's front: who calls, what is meant, and who answers it."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.services.azure.arm.address import Address, parse
from tests.services.azure.arm.call import Answer, Call, read, refusal
from tests.services.azure.arm.changes import Changes
from tests.services.azure.arm.errors import ArmError
from tests.services.azure.arm.faults import Fault, Faults
from tests.services.azure.arm.groups import TYPE as GROUP
from tests.services.azure.arm.groups import ResourceGroups
from tests.services.azure.arm.limits import Limits
from tests.services.azure.arm.operations import Operation, Operations
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.resource_type import ResourceType
from tests.services.azure.arm.router import Router
from tests.services.azure.arm.store import Store
from tests.services.azure.arm.subscriptions import Subscriptions
from tests.services.azure.arm.tokens import Tokens
from tests.services.azure.blobs.service import Blobs
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
        self.blobs = Blobs(settings, self.faults)
        self.lock = threading.RLock()
        self.types: dict[str, ResourceType] = {}
        known: list[type[ResourceType]] = [ResourceGroups, *types]
        for each in known:
            self.types[each.full_name().lower()] = each(self)
        self.views = list(views)
        self.changes = Changes(self)
        self.subscriptions = Subscriptions(self)
        self._router = Router(self)
        self.forget()

    def forget(self) -> None:
        """Every resource and operation is gone; there is one resource group, and it is empty."""
        self.store.clear()
        self.operations.clear()
        name, where = self.settings.resource_group, self.settings.location
        address = Address(self.settings.subscription, group=name)
        body = {"id": address.id, "name": name, "type": GROUP, "location": where}
        group = Resource(address, GROUP, body)
        group.state = "Succeeded"
        self.store.put(group)
        self.blobs.forget()

    def answer(self, request: Request) -> Response:
        """The answer to one request; ``hang_up`` where a fault was ordered."""
        request_id = str(uuid.uuid4())
        fault: list[Fault] = []
        try:
            answer = self._answer(request, fault)
        except ArmError as error:
            answer = refusal(error)
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
        call = read(request, parse(request.path))
        action = self._router.action(call)
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
        if not principal.may(action, call.address):
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
            return self._router.route(call).write()

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
            **self.pause(),
        }

    def pause(self) -> dict[str, str]:
        """How long to wait before asking again."""
        if self.limits.retry_after:
            return {"Retry-After": str(self.limits.retry_after)}
        return {"retry-after-ms": str(max(1, round(self.limits.operation_seconds * 1000)))}
