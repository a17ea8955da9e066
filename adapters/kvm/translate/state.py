"""What a domain is doing, in the model's words. What is not listed is UNKNOWN."""

from __future__ import annotations

from datetime import datetime

import libvirt

from broker.model import Power, State

POWER: dict[int, Power] = {
    libvirt.VIR_DOMAIN_RUNNING: Power.RUNNING,
    libvirt.VIR_DOMAIN_BLOCKED: Power.RUNNING,  # it runs, and waits for a resource
    libvirt.VIR_DOMAIN_PAUSED: Power.PAUSED,
    libvirt.VIR_DOMAIN_SHUTDOWN: Power.STOPPING,
    libvirt.VIR_DOMAIN_SHUTOFF: Power.STOPPED,
    libvirt.VIR_DOMAIN_CRASHED: Power.CRASHED,
    libvirt.VIR_DOMAIN_PMSUSPENDED: Power.SUSPENDED,
}

# where the reason says more than the state
REASONS: dict[tuple[int, int], Power] = {
    (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_STARTING_UP): Power.STARTING,
    (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_SHUTTING_DOWN): Power.STOPPING,
    (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_CRASHED): Power.CRASHED,
    (libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_CRASHED): Power.CRASHED,
    # its memory is kept in a file, and it goes on from there
    (libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_SAVED): Power.SUSPENDED,
}

# a domain that is not shut off has a process on the host; the rest has none
HOLDS_MEMORY: dict[int, bool] = {
    libvirt.VIR_DOMAIN_RUNNING: True,
    libvirt.VIR_DOMAIN_BLOCKED: True,
    libvirt.VIR_DOMAIN_PAUSED: True,
    libvirt.VIR_DOMAIN_SHUTDOWN: True,
    libvirt.VIR_DOMAIN_PMSUSPENDED: True,
    libvirt.VIR_DOMAIN_SHUTOFF: False,
}

_NAMES: dict[int, str] = {
    libvirt.VIR_DOMAIN_NOSTATE: "no state",
    libvirt.VIR_DOMAIN_RUNNING: "running",
    libvirt.VIR_DOMAIN_BLOCKED: "blocked",
    libvirt.VIR_DOMAIN_PAUSED: "paused",
    libvirt.VIR_DOMAIN_SHUTDOWN: "in shutdown",
    libvirt.VIR_DOMAIN_SHUTOFF: "shut off",
    libvirt.VIR_DOMAIN_CRASHED: "crashed",
    libvirt.VIR_DOMAIN_PMSUSPENDED: "pmsuspended",
}


def state(number: int, reason: int, *, at: datetime) -> State:
    """Return the state for libvirt's two numbers."""
    power = REASONS.get((number, reason), POWER.get(number, Power.UNKNOWN))
    native = f"{_NAMES.get(number, number)} (reason {reason})"
    return State(power=power, allocated=HOLDS_MEMORY.get(number), native=native, observed_at=at)
