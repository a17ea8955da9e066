"""The way round: every ordered pair of providers once, and one between projects of one cloud."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from broker import migrate
from broker.adapter import Adapter
from broker.model import Fidelity, Instance, System
from tests.boot.openstack_guests import ready
from tests.boot.pairs import machine

STOPS = (
    *("kvm", "openstack", "kvm", "aws", "kvm", "azure", "openstack", "openstack-b", "aws"),
    *("azure", "aws", "openstack", "azure", "kvm"),
)
"""Where the machine is, one after the other: a circuit over all twelve pairs."""

LEGS = tuple(pairwise(STOPS))
REAL_GUESTS = ("kvm", "openstack", "openstack-b")
"""Where machines really run, so that the moved one must come up; elsewhere only disks are real."""


SERVED = ("kvm",)
"""Where a network serves the guest its address; the OpenStack of these tests moves no packets."""


@dataclass(frozen=True)
class Leg:
    """One move, as it went; ``proved`` disks were read back with the source's root hash."""

    here: str
    there: str
    seconds: float
    sent: int
    proved: int
    boots: int | None
    losses: Mapping[Fidelity, int]


def go_round(
    places: Mapping[str, Adapter],
    micro: Path,
    folder: Path,
    *,
    legs: Sequence[tuple[str, str]] = LEGS,
) -> Generator[Leg]:
    """Move one new machine along ``legs`` and yield each when it is proved; nothing is left behind.

    AssertionError when a disk, the firewall, a label or the address is not what it was, or the
    guest does not come up with the next number on its boot counter.
    """
    name = f"web-{secrets.token_hex(3)}"
    with ExitStack() as stack:
        first = machine.make(places[legs[0][0]], name, micro, folder, stack)
        boots = 1
        begun = legs[0][0]
        _assert_worn(begun, ready(places[begun], first.id, boots=boots))
        for here, there in legs:
            real = there in REAL_GUESTS
            boots += real
            console = rf"INTEROP-GUEST-READY .*\bboots={boots} " if real else None
            began = time.monotonic()
            plan = migrate.plan(
                f"{here}/{name}",
                there,
                allow_smaller=True,  # the size that is large enough grows from stop to stop
                console=console,
                opened=places,
            )
            assert not plan.blocking, f"{here} -> {there}: {plan.blocking}"
            stack.callback(migrate.undo, plan, opened=places, state=folder)
            report = migrate.apply(plan, opened=places, state=folder)
            seconds = time.monotonic() - began
            assert report.status == "done", f"{here} -> {there}: {report.text}"
            assert report.target_id is not None
            assert all(disk.target_root == disk.source_root for disk in report.disks), report.text

            moved = places[there].instance(report.target_id)
            machine.assert_same(places[there], moved)
            _assert_runs(places[there], moved, plan)
            if real:
                told = ready(places[there], moved.id, boots=boots)
                assert (told["data"], told["root"]) == (machine.DATA[0].decode(), "/dev/vda3")
                _assert_worn(there, told)
            machine.forget(places[here], name)
            yield Leg(
                here=here,
                there=there,
                seconds=seconds,
                sent=sum(disk.sent for disk in report.disks),
                proved=len(report.disks),
                boots=boots if real else None,
                losses=Counter(loss.fidelity for loss in report.losses),
            )


def _assert_runs(target: Adapter, moved: Instance, plan: migrate.Plan) -> None:
    """What it runs is told as planned; of what nobody knows the target has a word of its own."""
    own = [target.limits.system.otherwise] if plan.spec.system == System() else []
    assert moved.spec.system in (plan.spec.system, *(System(kind=kind) for kind in own))


def _assert_worn(place: str, told: Mapping[str, str]) -> None:
    if place in SERVED:
        assert told["ip"] == f"{machine.ADDRESS}/{machine.CIDR.prefixlen}"
