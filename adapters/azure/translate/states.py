"""States of machines, from the two axes the service tells: what was done to it, and its power.

https://learn.microsoft.com/azure/virtual-machines/states-billing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from broker.model import Power, State


class Meaning(NamedTuple):
    """What a native state says of the power, and whether compute is billed."""

    power: Power
    allocated: bool | None


POWER = {
    "PowerState/starting": Meaning(Power.STARTING, allocated=True),
    "PowerState/running": Meaning(Power.RUNNING, allocated=True),
    "PowerState/stopping": Meaning(Power.STOPPING, allocated=True),
    "PowerState/stopped": Meaning(Power.STOPPED, allocated=True),
    "PowerState/deallocating": Meaning(Power.STOPPING, allocated=False),
    "PowerState/deallocated": Meaning(Power.STOPPED, allocated=False),
}

UNKNOWN = Meaning(Power.UNKNOWN, allocated=None)
"""Also where the service tells no power, which happens: it is then not known to be off."""

HIBERNATED = "HibernationState/Hibernated"
HELD_IN_MEMORY_FILE = Meaning(Power.SUSPENDED, allocated=False)

DONE = "Succeeded"


def power_of(codes: Iterable[str]) -> str:
    """Return the code that tells the power, empty where none does."""
    return next((code for code in codes if code.startswith("PowerState/")), "")


def codes_of(machine: Mapping[str, Any]) -> list[str]:
    """Return the codes of a machine's view, empty where it was not asked for or is not there."""
    return [str(each.get("code", "")) for each in _statuses(machine)]


def changed_at(machine: Mapping[str, Any]) -> str:
    """Return when something was last done to a machine, as its view tells it; empty if not."""
    times = (
        each.get("time")
        for each in _statuses(machine)
        if str(each.get("code", "")).startswith("ProvisioningState/")
    )
    return next((str(time) for time in times if time), "")


def _statuses(machine: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    view = (machine.get("properties") or {}).get("instanceView") or {}
    return view.get("statuses") or []


def is_off(machine: Mapping[str, Any]) -> bool:
    """Tell whether a machine is known to be off, whether it holds compute or not."""
    power = power_of(codes_of(machine))
    return power in POWER and POWER[power].power is Power.STOPPED


def state(provisioning: str, codes: Iterable[str], observed_at: datetime) -> State:
    """Return the canonical state; what nobody knows is UNKNOWN, never a neighbour."""
    told = list(codes)
    power = power_of(told)
    meaning = POWER.get(power, UNKNOWN)
    if HIBERNATED in told and meaning.power is Power.STOPPED:
        meaning = HELD_IN_MEMORY_FILE
    if provisioning == "Deleting":
        meaning = Meaning(Power.DELETING, meaning.allocated)
    return State(
        power=meaning.power,
        allocated=meaning.allocated,
        task=provisioning.lower() if provisioning not in ("", DONE) else None,
        native="/".join(part for part in (provisioning, power.partition("/")[2]) if part)
        or "untold",
        observed_at=observed_at,
    )
