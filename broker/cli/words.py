"""Canonical values in a few words, for cells of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broker.model import MIB
from broker.units import readable

if TYPE_CHECKING:
    from broker.model import Instance, Labels, Money, Size, State

BILLED = {True: "billed", False: "not billed", None: "billing unknown"}


def size(size: Size, offer: str | None = None) -> str:
    """Return vCPUs and memory, and the catalogue name where there is one."""
    words = f"{size.vcpus} vCPU, {readable(size.memory * MIB)}"
    if size.gpus:
        words += f", {size.gpus} GPU"
    return f"{words} ({offer})" if offer else words


def state(state: State) -> str:
    """Return power and whether compute is billed, with the task that is under way."""
    words = f"{state.power}, {BILLED[state.allocated]}"
    return f"{words}, {state.task}" if state.task else words


def disks(instance: Instance) -> str:
    """Return the disks' sizes, in the guest's order."""
    return " + ".join(readable(volume.size) for volume in instance.spec.volumes)


def addresses(instance: Instance) -> str:
    """Return private addresses, then public ones."""
    private = [str(address) for nic in instance.nics for address in nic.spec.addresses]
    public = [f"{address} (public)" for nic in instance.nics for address in nic.public_addresses]
    return ", ".join(private + public)


def labels(labels: Labels) -> str:
    """Return labels as key=value, sorted by key."""
    return ", ".join(f"{key}={value}" if value else key for key, value in sorted(labels.items()))


def money(money: Money | None) -> str:
    """Return an amount with its currency; what is not known is not nothing."""
    if money is None:
        return "unknown"
    return f"{money.amount.normalize():f} {money.currency}"
