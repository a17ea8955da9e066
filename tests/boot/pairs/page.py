"""docs/pairs.md: the round as it went, for readers."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from broker.model import Fidelity
from broker.units import readable
from tests.boot.pairs.tour import Leg

HEAD = """# Every pair

Written by `make pairs` on {date}: {machine}.

One small Linux guest with a boot disk, two data disks, a network, a fixed address, a firewall and a
label was made on local KVM and moved along every ordered pair of the four providers, and once
between two projects of one OpenStack. At every stop all disks were read back and their root hashes
compared, and the address, the firewall, the label and the data looked at; at every KVM and
OpenStack stop the guest came up for real, on KVM with that address, its boot counter one higher.
Libvirt and OpenStack are real here; AWS and Azure are stand-ins (moto with our overlay; our ARM
emulator with Azurite), where machines do not run but their disks' bytes are real.

Times are of planning, moving and proving on that machine, emulated boots included. The losses are
what the plan named beforehand: "exact" ones are told and cost nothing, "unchecked" ones nobody
could look at, and of the others the thing is not as it was.

| from | to | s | sent | came up | exact | unchecked | tightened | approximated | dropped |
|---|---|---:|---:|---|---:|---:|---:|---:|---:|
"""

COUNTED = (
    Fidelity.EXACT,
    Fidelity.UNCHECKED,
    Fidelity.TIGHTENED,
    Fidelity.APPROXIMATED,
    Fidelity.DROPPED,
)


def page(legs: Sequence[Leg], machine: str) -> str:
    """Return the page."""
    today = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"
    rows = [_row(leg) for leg in legs]
    return HEAD.format(date=today, machine=machine) + "\n".join(rows) + "\n"


def _row(leg: Leg) -> str:
    came_up = "not run there" if leg.boots is None else f"boot {leg.boots}"
    losses = (str(leg.losses.get(fidelity, 0)) for fidelity in COUNTED)
    cells = (leg.here, leg.there, f"{leg.seconds:.0f}", readable(leg.sent), came_up, *losses)
    return f"| {' | '.join(cells)} |"
