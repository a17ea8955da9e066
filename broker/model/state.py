"""What an instance is doing, on two axes: its power, and whether it holds (and bills) compute."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime

from broker.model.base import Strict


class Power(StrEnum):
    """Is the guest executing? A native state without a place here is UNKNOWN, never a neighbour."""

    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    STOPPING = "stopping"
    STOPPED = "stopped"
    CRASHED = "crashed"
    DELETING = "deleting"
    UNKNOWN = "unknown"


class StopMode(StrEnum):
    """The ways to stop, by their effect. Only DEALLOCATE promises that compute is given back."""

    SHUTDOWN = "shutdown"
    POWER_OFF = "power_off"
    DEALLOCATE = "deallocate"


class State(Strict):
    """``allocated`` tells whether compute is still held and billed; ``None`` when unknown.

    ``reason`` is why it is in a state nobody asked for, where the provider says so.
    """

    power: Power
    allocated: bool | None
    task: str | None = None
    native: str
    reason: str | None = None
    observed_at: AwareDatetime
