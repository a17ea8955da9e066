"""Placing 200 and 1,000 workloads over 50 offers and 3 hosts. Prints one JSON object."""

from __future__ import annotations

import json
import time
from decimal import Decimal

import numpy as np

from broker.fit.need import Need
from broker.model import Firmware, Offer, Size
from broker.placement.problem import Domain, Group, Option, Problem, Quota, Traffic, Workload
from broker.placement.solve import place

OFFERS, HOSTS = 50, 3
GOALS_S = {200: 3.0, 1000: 10.0}
GAP = 0.01
PLACES = [f"{provider}/{number}" for provider in ("x", "y") for number in range(5)]


def problem(workloads: int) -> Problem:
    """Return one with quotas, machines apart and together, traffic, and a budget that binds."""
    generator = np.random.default_rng(11)
    options = [
        Option(
            id=f"offer-{number}",
            place=(place := PLACES[number % len(PLACES)]),
            offer=Offer(
                id=f"s{number}",
                size=Size(vcpus=(vcpus := int(2 ** (number % 6))), memory=vcpus * 4096),
                firmware=frozenset({Firmware.UNKNOWN}),
            ),
            month=Decimal(str(round(float(vcpus * generator.uniform(18, 30)), 2))),
            egress_gib=Decimal("0.08"),
            disk_gib=Decimal("0.08"),
            tags=frozenset({"eu"}) if place.startswith("x") else frozenset(),
        )
        for number in range(OFFERS)
    ]
    options += [
        Option(
            id=f"lab/rack:host-{number}",
            place="lab/rack",
            capacity=Size(vcpus=workloads // 4, memory=workloads * 1024),
            vcpu_month=Decimal(6),
            gib_month=Decimal("1.5"),
            egress_gib=Decimal("0.01"),
            disk_gib=Decimal("0.03"),
            tags=frozenset({"eu"}),
        )
        for number in range(HOSTS)
    ]
    made = tuple(
        Workload(
            name=f"w{number}",
            need=Need(
                size=Size(
                    vcpus=int(generator.integers(1, 17)),
                    memory=int(generator.integers(1, 49)) * 1024,
                )
            ),
            egress_gib=Decimal(int(generator.integers(0, 200))),
            disk_gib=Decimal(int(generator.integers(10, 300))),
            residency=frozenset({"eu"}) if number % 4 == 0 else frozenset(),
        )
        for number in range(workloads)
    )
    return Problem(
        workloads=made,
        options=tuple(options),
        quotas=tuple(Quota(place=place, vcpus=workloads * 3) for place in PLACES),
        groups=tuple(
            Group(workloads=(f"w{number}", f"w{number + 1}", f"w{number + 2}"), apart=Domain.PLACE)
            for number in range(0, workloads - 2, 20)
        )
        + tuple(
            Group(workloads=(f"w{number}", f"w{number + 1}"), together=True)
            for number in range(10, workloads - 1, 40)
        ),
        traffic=tuple(
            Traffic(source=f"w{number}", target=f"w{number + 4}", gib=Decimal(100))
            for number in range(0, workloads - 4, 10)
        ),
        budget=Decimal(workloads * 260),
    )


def main() -> None:
    seconds, gaps, months = {}, {}, {}
    for workloads in GOALS_S:
        asked = problem(workloads)
        start = time.perf_counter()
        found = place(asked, gap=GAP)
        seconds[workloads] = round(time.perf_counter() - start, 2)
        assert not found.conflict, found.conflict
        gaps[workloads] = 1.0 if found.gap is None else round(found.gap, 4)
        months[workloads] = f"{found.month:.0f} of {asked.budget}"
    report = {
        "bench": f"placing workloads over {OFFERS} offers and {HOSTS} hosts",
        "seconds": seconds,
        "gap": gaps,
        "month, of the budget": months,
        "goal": {"seconds": GOALS_S, "gap": GAP},
        "held": all(seconds[n] <= goal and gaps[n] <= GAP for n, goal in GOALS_S.items()),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
