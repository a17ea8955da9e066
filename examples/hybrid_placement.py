"""Place workloads over two clouds and hosts of one's own, and say why.

python examples/hybrid_placement.py
"""

from __future__ import annotations

import datetime
import tempfile
from decimal import Decimal
from pathlib import Path

from broker import placement
from broker.catalog import Catalogue, onprem

WORKLOADS = """
places:
  - {place: kvm/lab, tags: [eu, own], account: lab}
  - {place: aws/eu-central-1, tags: [eu], account: aws-eu}
  - {place: azure/westeurope, tags: [eu]}
budget: 2500
quotas: [{place: aws/eu-central-1, vcpus: 24}]
latency_ms: {office: {kvm/lab: 1, aws/eu-central-1: 9, azure/westeurope: 14}}
groups: [{workloads: [web, cache], together: true}]
traffic: [{from: web, to: db, gib: 400}]
workloads:
  - {name: web, size: 2x4, count: 4, egress_gib: 200}
  - {name: cache, size: 2x16}
  - {name: db, size: 8x64, count: 2, residency: [own], latency: {site: office, ms: 5},
     disk_gib: 500, spread: host, at: aws/eu-central-1, machines: [aws-eu/db-1, aws-eu/db-2]}
  - {name: batch, size: 16x32, count: 3, disk_gib: 100}
"""

SITE = onprem.Site(
    place="kvm/lab",
    currency="USD",
    as_of=datetime.date(2026, 11, 1),
    hosts=2,
    threads=16,
    memory_gib=128,
    price=Decimal(9000),
    years=Decimal(4),
    watts=Decimal(300),
    kwh=Decimal("0.22"),
    space_per_month=Decimal(40),
    staff_per_month=Decimal(60),
    licences_per_year=Decimal(0),  # said, for what is not said is not nothing
    egress_per_gib=Decimal("0.002"),
    utilisation=Decimal("0.6"),
    storage=(
        onprem.Storage(
            kind="ssd", price=Decimal(6000), years=Decimal(5), usable_gib=8000, watts=Decimal(60)
        ),
    ),
)


def main() -> None:
    """Print the placement, what it moves, why one workload is where it is, and a contradiction."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "workloads.yaml"
        file.write_text(WORKLOADS)
        with Catalogue(Path(folder) / "catalogue.sqlite") as catalogue:
            onprem.Own(site=[SITE]).keep(catalogue, "example")
            told = placement.read(file, catalogue)
    problem = told.problem
    found = placement.place(problem)
    for each in found.placed:
        moves = "  (moves)" if each.moved else ""
        print(f"{each.count} x {each.workload:8} {each.option:32} {each.month:9.2f}{moves}")
    within = "not known how near" if found.gap is None else f"within {found.gap:.1%} of"
    print(f"{found.month:.2f} {found.currency} a month, {within} the best")

    for request in placement.moves(problem, found, told.accounts).requests:
        # request.plan() makes the plan, where the accounts are there
        print(f"to make it so: {request.machine} moves to {request.target}")

    because = placement.why(problem, found, "batch")
    for other in because.alternatives:
        more = f"{other.more:+.2f} a month" if other.more is not None else "; ".join(other.because)
        print(f"batch at {other.place}: {more}")

    poor = placement.place(problem.model_copy(update={"budget": Decimal(300)}))
    print(f"for 300 a month: {'; '.join(poor.conflict)}")


if __name__ == "__main__":
    main()
