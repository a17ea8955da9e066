"""The local control endpoint: how a test orders trouble and looks behind the scenes.

POST   /_control/faults     one fault, as JSON (see arm/faults.py)
GET    /_control/faults     the faults still to come
DELETE /_control/faults     forget all faults and call counts
GET    /_control/calls      how often each action was called
PUT    /_control/limits     {"page_size": 2, "quotas": {"cores": 4}} and the like (arm/limits.py)
DELETE /_control/limits     all back to normal
DELETE /_control/tokens     forget every token handed out, as if they were all revoked
DELETE /_control/resources  forget every resource; an empty group "interop" is left
DELETE /_control/everything forget resources, faults and call counts; limits are back to normal
GET    /_control/hidden/ID  what is kept of a resource beside its body

A provider adds its own to HANDLERS: (method, first word of the path) -> function. Those of
Microsoft.Compute are told in compute/control.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.services.azure.arm.front import Arm
from tests.services.azure.compute import control as compute_control
from tests.services.wire import Request, Response

PREFIX = "/_control/"
# gets the state, what follows the first word, and the JSON that was sent
Handler = Callable[[Arm, str, Any], Any]


def _add_fault(arm: Arm, _rest: str, value: Any) -> None:
    arm.faults.add(value)


def _forget(arm: Arm, _rest: str, _value: Any) -> None:
    with arm.lock:
        arm.forget()


def _reset(arm: Arm, rest: str, value: Any) -> None:
    _forget(arm, rest, value)
    arm.faults.clear()
    arm.limits.reset()


def _hidden(arm: Arm, rest: str, _value: Any) -> Any:
    with arm.lock:
        arm.operations.settle()
        resource = arm.store.get(f"/{rest}")
        if resource is None:
            raise LookupError(f"no resource /{rest}")
        return resource.hidden


HANDLERS: dict[tuple[str, str], Handler] = {
    ("POST", "faults"): _add_fault,
    ("GET", "faults"): lambda arm, _rest, _value: arm.faults.planned(),
    ("DELETE", "faults"): lambda arm, _rest, _value: arm.faults.clear(),
    ("GET", "calls"): lambda arm, _rest, _value: arm.faults.calls(),
    ("PUT", "limits"): lambda arm, _rest, value: arm.limits.set(value),
    ("DELETE", "limits"): lambda arm, _rest, _value: arm.limits.reset(),
    ("DELETE", "tokens"): lambda arm, _rest, _value: arm.tokens.forget(),
    ("DELETE", "resources"): _forget,
    ("DELETE", "everything"): _reset,
    ("GET", "hidden"): _hidden,
    **compute_control.HANDLERS,
}


class Control:
    """Answers the control endpoint."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    def answer(self, request: Request) -> Response:
        word, _, rest = request.path.removeprefix(PREFIX).partition("/")
        try:
            handler = HANDLERS[request.method, word]
            value = json.loads(bytes(request.body)) if len(request.body) else None
            return _json(handler(self._arm, rest, value))
        except (ValueError, LookupError, TypeError) as error:
            return _json({"error": str(error)}, status=400)


def _json(value: Any, status: int = 200) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(value).encode())
