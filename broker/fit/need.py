"""What a machine needs of the size it gets, and what an offer lacks of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from broker.model import GIB, Arch, Bytes, Firmware, Offer, Size, Strict

Share = Annotated[float, Field(ge=0, le=1)]

MemoryShare = Annotated[float, Field(gt=0, le=1)]
"""No machine runs in none of its memory: 0 is a meter that does not work."""

HEADROOM = 0.2
"""Beyond the 95th percentile: peaks are above it one hour in twenty."""


class Need(Strict):
    """Everything an offer is measured by; it may have more of anything, never less.

    ``drivers`` are the devices the guest has drivers for, None when nobody looked: then every offer
    is in question and what was not checked is told; so it is with ``local_disk``. ``vcpu_quota`` is
    what the account may still start, in vCPUs.
    """

    size: Size
    firmware: Firmware = Firmware.UNKNOWN
    disks: Annotated[int, Field(ge=0)] = 1
    nics: Annotated[int, Field(ge=0)] = 1
    local_disk: Bytes | None = 0
    drivers: frozenset[str] | None = None
    burstable: bool = False
    old_generations: bool = False
    zone: str | None = None
    vcpu_quota: Annotated[int, Field(ge=0)] | None = None
    character: str | None = None


def measured(
    size: Size,
    *,
    cpu_p95: Share | None = None,
    memory_p95: MemoryShare | None = None,
    headroom: float = HEADROOM,
) -> Size:
    """Return the size that carries what was measured, with headroom; never more than ``size`` has.

    The 95th percentiles are shares of what ``size`` has; all of it where nobody measured.
    """
    return size.model_copy(
        update={
            "vcpus": _enough(size.vcpus, cpu_p95, headroom),
            "memory": _enough(size.memory, memory_p95, headroom),
        }
    )


def _enough(had: int, p95: Share | None, headroom: float) -> int:
    if p95 is None:
        return had
    used = Fraction(p95 * (1 + headroom)).limit_denominator(10**6) * had
    return min(had, max(1, math.ceil(used)))


def lacks(need: Need, offer: Offer) -> str | None:
    """Return the first thing, besides being large enough, that keeps the machine off the offer."""
    if offer.bare_metal:
        return "bare metal only"
    if need.size.arch is not offer.size.arch and Arch.UNKNOWN not in (
        need.size.arch,
        offer.size.arch,
    ):
        return "another architecture"
    if need.firmware is not Firmware.UNKNOWN and not offer.firmware & {
        need.firmware,
        Firmware.UNKNOWN,
    }:
        return f"no {need.firmware} firmware"
    if need.drivers is not None and (missing := offer.drivers - need.drivers):
        return f"devices the guest has no driver for ({', '.join(sorted(missing))})"
    if offer.size.gpus < need.size.gpus:
        return "too few GPUs"
    if offer.local_disk is not None and offer.local_disk < (need.local_disk or 0):
        return "too little local disk"
    if offer.disks is not None and offer.disks < need.disks:
        return "too few disks"
    if offer.nics is not None and offer.nics < need.nics:
        return "too few network cards"
    if not offer.current and not need.old_generations:
        return "an old generation"
    if offer.burstable and not need.burstable:
        return "only a share of its vCPUs for long (burstable)"
    if need.zone is not None and offer.zones is not None and need.zone not in offer.zones:
        return f"no machines in zone {need.zone}"
    if need.vcpu_quota is not None and offer.size.vcpus > need.vcpu_quota:
        return "more vCPUs than the quota leaves"
    return None


def too_small(need: Need, offer: Offer) -> str | None:
    """Return which of memory and vCPUs the offer has too little of."""
    if offer.size.memory < need.size.memory:
        return "too little memory"
    if offer.size.vcpus < need.size.vcpus:
        return "too few vCPUs"
    return None


def unchecked(need: Need, offer: Offer) -> list[str]:
    """Return what could not be told of an offer that was taken all the same."""
    told = []
    if Arch.UNKNOWN in (need.size.arch, offer.size.arch):
        told.append("whether its architecture is the guest's")
    if need.drivers is None and offer.drivers:
        told.append(f"whether the guest has drivers for {', '.join(sorted(offer.drivers))}")
    if need.firmware is Firmware.UNKNOWN and Firmware.UNKNOWN not in offer.firmware:
        told.append(f"whether the guest starts with {', '.join(sorted(offer.firmware))}")
    if need.local_disk is None and not offer.local_disk:
        told.append("whether the machine uses the local disk of its size")
    if need.local_disk and offer.local_disk is None:
        told.append("whether it has local disk")
    if need.zone is not None and offer.zones is None:
        told.append(f"whether zone {need.zone} has it")
    return told


def synthesised(need: Need, hosts: Sequence[tuple[str, Size]]) -> list[Offer]:
    """Return the size hosts of one's own give for a need: exactly it, where one can carry it.

    Hosts have no sizes: any machine that is no larger than one of them can be had.
    """
    wanted = need.size
    able = [
        name
        for name, host in hosts
        if host.vcpus >= wanted.vcpus
        and host.memory >= wanted.memory
        and host.gpus >= wanted.gpus
        and wanted.arch in (host.arch, Arch.UNKNOWN)
    ]
    if not able:
        return []
    gib = Fraction(wanted.memory, GIB // 2**20)
    return [
        Offer(
            id=f"{wanted.vcpus}x{float(gib):g}",
            size=wanted,
            firmware=frozenset({Firmware.UNKNOWN}),
            local_disk=0,
            burstable=False,
            character="own",
        )
    ]
