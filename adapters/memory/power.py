"""The state machine of an instance, as a table."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from adapters.memory.state import InstanceRecord
from broker.errors import Conflict
from broker.model import Power, State


class Verb(StrEnum):
    """What can be asked of a machine."""

    START = "start"
    STOP = "stop"
    REBOOT = "reboot"
    PAUSE = "pause"
    RESUME = "resume"


class Turn(NamedTuple):
    """What a machine goes to, and what it is on the way there."""

    to: Power
    through: Power | None = None
    boots: bool = False


_BOOT = Turn(Power.RUNNING, Power.STARTING, boots=True)
_HALT = Turn(Power.STOPPED, Power.STOPPING)
_GO_ON = Turn(Power.RUNNING)

TURNS: dict[tuple[Verb, Power], Turn | None] = {
    (Verb.START, Power.STOPPED): _BOOT,
    (Verb.START, Power.STOPPING): _BOOT,
    (Verb.START, Power.STARTING): None,
    (Verb.START, Power.RUNNING): None,
    (Verb.START, Power.PAUSED): _GO_ON,
    (Verb.STOP, Power.STARTING): _HALT,
    (Verb.STOP, Power.RUNNING): _HALT,
    (Verb.STOP, Power.PAUSED): _HALT,
    (Verb.STOP, Power.STOPPING): None,
    (Verb.STOP, Power.STOPPED): None,
    (Verb.REBOOT, Power.RUNNING): _BOOT,
    (Verb.REBOOT, Power.STARTING): _BOOT,
    (Verb.PAUSE, Power.RUNNING): Turn(Power.PAUSED),
    (Verb.PAUSE, Power.PAUSED): None,
    (Verb.RESUME, Power.PAUSED): _GO_ON,
    (Verb.RESUME, Power.RUNNING): None,
}
"""None is what is there already: quiet. What is not in the table is a Conflict."""


def power(record: InstanceRecord, now: datetime) -> Power:
    """Return what the machine is doing at this moment."""
    arrived = record.turns_at is not None and record.turns_at <= now
    return record.turns_to if arrived and record.turns_to else record.power


def state(record: InstanceRecord, now: datetime) -> State:
    """Return the state people see."""
    doing = power(record, now)
    return told(doing, allocated=record.allocated or doing is not Power.STOPPED, now=now)


def told(doing: Power, *, allocated: bool, now: datetime) -> State:
    """Return a state in the words of this cloud, which are the canonical ones."""
    return State(
        power=doing,
        allocated=allocated,
        task=doing.value if doing in {Power.STARTING, Power.STOPPING} else None,
        native=doing.value,
        observed_at=now,
    )


def turned(record: InstanceRecord, verb: Verb, now: datetime, seconds: float) -> InstanceRecord:
    """Return the machine on its way to where the verb leads; Conflict when it leads nowhere."""
    doing = power(record, now)
    if (verb, doing) not in TURNS:
        raise Conflict(f"a machine that is {doing} cannot {verb}", code="IncorrectState")
    turn = TURNS[verb, doing]
    if turn is None:
        return record
    boots = record.boots + turn.boots
    arrives = now + timedelta(seconds=seconds if turn.through else 0)
    return record.model_copy(
        update={
            "power": turn.through or turn.to,
            "turns_to": turn.to,
            "turns_at": arrives,
            "allocated": True,
            "boots": boots,
            "console": record.console + (f"boot {boots}\n" if turn.boots else ""),
        }
    )
