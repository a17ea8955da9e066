"""States of servers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from broker.model import Power, State


class Told(NamedTuple):
    """What a native state means on our two axes."""

    power: Power
    allocated: bool | None


# https://docs.openstack.org/nova/latest/reference/vm-states.html
VM_STATES: dict[str, Told] = {
    "building": Told(Power.STARTING, allocated=True),
    "active": Told(Power.RUNNING, allocated=True),
    "paused": Told(Power.PAUSED, allocated=True),
    "suspended": Told(Power.SUSPENDED, allocated=True),
    "stopped": Told(Power.STOPPED, allocated=True),
    "rescued": Told(Power.RUNNING, allocated=True),
    "shelved": Told(Power.STOPPED, allocated=True),
    "shelved_offloaded": Told(Power.STOPPED, allocated=False),
    "soft-delete": Told(Power.DELETING, allocated=True),
    "deleted": Told(Power.DELETING, allocated=False),
}

TASKS: dict[str, Power] = {
    "powering-on": Power.STARTING,
    "powering-off": Power.STOPPING,
    "shelving": Power.STOPPING,
    "unshelving": Power.STARTING,
    "deleting": Power.DELETING,
    "soft-deleting": Power.DELETING,
}
"""Tasks that say more than the state they began in."""

# nova/compute/power_state.py; a resized server's state does not say whether it runs
POWER_STATES: dict[int, Power] = {1: Power.RUNNING, 3: Power.PAUSED, 4: Power.STOPPED}

VERIFY_RESIZE = "verify_resize"
"""What we call the task of a resized server that waits to be confirmed or reverted."""


def state(server: Mapping[str, Any], now: datetime) -> State:
    """Return a server's state; a state or task without a place here is UNKNOWN."""
    vm_state: str = server.get("OS-EXT-STS:vm_state") or ""
    task: str | None = server.get("OS-EXT-STS:task_state")
    told = VM_STATES.get(vm_state, Told(Power.UNKNOWN, allocated=None))
    power = told.power
    if vm_state == "resized":
        power = POWER_STATES.get(server.get("OS-EXT-STS:power_state") or 0, Power.UNKNOWN)
        told, task = Told(power, allocated=True), task or VERIFY_RESIZE
    if task in TASKS:
        power = TASKS[task]
    return State(
        power=power,
        allocated=told.allocated,
        task=task,
        native=server.get("status") or vm_state or "unknown",
        reason=fault(server) if server.get("status") == "ERROR" else None,
        observed_at=now,
    )


def fault(server: Mapping[str, Any]) -> str:
    """Return why a server is in ERROR, in nova's words."""
    told = server.get("fault") or {}
    return str(told.get("message") or "").strip() or "nova does not say why"


def given_up(action: Mapping[str, Any]) -> str:
    """Return why nova gave up an action: members are told where it failed, but hardly ever why."""
    for event in action.get("events", ()):
        if event["result"] == "Error":
            where = f"it failed in {event['event']}, and only administrators are told why"
            return str(event.get("details") or where)
    return "nova does not say why"
