"""A monthly cost report over a mixed inventory: two clouds and hosts of one's own.

    python examples/cost_report.py [FOLDER]

Writes report.html, report.csv and focus.csv to FOLDER (default: the current one). The inventory is
made up; `broker.cost.of_listings(broker.inventory(), places)` gives your own.
"""

from __future__ import annotations

import datetime
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

from broker.catalog import Catalogue, Place, onprem
from broker.cost import Disk, Machine, compare
from broker.cost.focus import write_focus
from broker.cost.page import as_html
from broker.cost.tables import write_csv

LAB = onprem.Site(
    place="kvm/lab",
    currency="USD",
    as_of=datetime.date(2026, 11, 1),
    hosts=2,
    threads=64,
    memory_gib=512,
    price=Decimal(14000),
    years=Decimal(4),
    watts=Decimal(450),
    kwh=Decimal("0.22"),
    space_per_month=Decimal(60),
    staff_per_month=Decimal(120),
    licences_per_year=Decimal(800),
    egress_per_gib=Decimal("0.002"),
    address_per_month=Decimal(1),
    overcommit=Decimal(2),
    utilisation=Decimal("0.6"),
    storage=(
        onprem.Storage(
            kind="ceph",
            price=Decimal(24000),
            years=Decimal(5),
            usable_gib=80000,
            watts=Decimal(800),
        ),
    ),
)


def machines(catalogue: Catalogue) -> list[Machine]:
    """Return a small mixed fleet; one of them is stopped, and billed all the same."""
    found = []
    for name, place, size, gib, team in (
        ("shop-1", "aws/eu-central-1", "m5.large", 50, "shop"),
        ("shop-2", "aws/eu-central-1", "m5.large", 50, "shop"),
        ("shop-db", "aws/eu-central-1", "r5.2xlarge", 500, "shop"),
        ("build", "azure/westeurope", "Standard_D8s_v5", 256, "tools"),
        ("stopped", "azure/westeurope", "Standard_D4s_v5", 128, "tools"),
    ):
        where = Place.parse(place)
        offer = catalogue.offer(where.provider, size)
        found.append(
            Machine(
                name=name,
                place=where,
                size=offer.size,
                offer=size,
                disks=(Disk(gib=Decimal(gib)),),
                egress_gib=Decimal(200) if team == "shop" else Decimal(0),
                snapshots_gib=Decimal(0),
                labels={"team": team},
            )
        )
    return found


def main(folder: Path) -> None:
    """Write the report and print its totals."""
    with (
        tempfile.TemporaryDirectory() as temporary,  # your own catalogue stays as it is
        Catalogue(Path(temporary) / "catalogue.sqlite") as catalogue,
    ):
        onprem.Own(site=[LAB]).keep(catalogue, "example")
        places = [Place.parse("azure/westeurope"), Place.parse("kvm/lab")]
        report = compare(machines(catalogue), places, catalogue=catalogue)
    for column in report.columns:
        print(f"{column.name:20} {column.monthly} a month; moving once {column.one_off.short()}")
    for team, totals in report.by_label("team").items():
        print(f"team {team:15} {', '.join(total.short() for total in totals)}")
    (folder / "report.html").write_text(as_html(report), "utf-8")
    with (folder / "report.csv").open("w", encoding="utf-8", newline="") as file:
        write_csv(report, file)
    with (folder / "focus.csv").open("w", encoding="utf-8", newline="") as file:
        left_out = write_focus(report, file, report.made_on)
    print(f"report.html, report.csv and focus.csv are in {folder} ({left_out} charges unpriced)")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path())
