"""A report of 10,000 machines against 4 places, and its page. Prints one JSON object."""

from __future__ import annotations

import io
import json
import random
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from broker.catalog import Catalogue, Place
from broker.cost import Disk, Machine, compare
from broker.cost.page import as_html
from broker.cost.tables import write_csv

MACHINES = 10_000
GOAL_S = 5.0
TARGETS = ("azure/westeurope", "azure/eastus", "aws/us-east-1", "aws/eu-west-1")


def machines(catalogue: Catalogue) -> list[Machine]:
    """Return machines as large fleets have them: 60 sizes, disks of any size, some traffic."""
    chance = random.Random(3)
    names = [
        f"{family}.{size}"
        for family in ("m5", "c5", "r5", "m6i", "c6i", "r6i", "m6g", "t3", "m7g", "c7g")
        for size in ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "small")
    ]
    known = {
        name: catalogue.offer("aws", name) for name in names if name in set(catalogue.sizes("aws"))
    }
    shapes = list(known.values())
    return [
        Machine(
            name=f"m{number}",
            place=Place.parse(chance.choice(("aws/eu-central-1", "aws/us-east-1"))),
            size=(shape := chance.choice(shapes)).size,
            offer=shape.id,
            burstable=bool(shape.burstable),
            os="windows" if number % 10 == 0 else "linux",
            disks=(
                Disk(gib=Decimal(chance.randint(8, 500)), kind="gp3"),
                Disk(gib=Decimal(chance.randint(8, 2000)), kind="gp2"),
            ),
            addresses=int(number % 3 == 0),
            egress_gib=Decimal(chance.randint(0, 300)),
            snapshots_gib=Decimal(0),
            labels={"team": f"t{number % 9}"},
        )
        for number in range(MACHINES)
    ]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Catalogue(Path(folder) / "c.sqlite") as catalogue:
        fleet = machines(catalogue)
        start, begun = time.perf_counter(), time.process_time()
        report = compare(fleet, [Place.parse(each) for each in TARGETS], catalogue=catalogue)
        compared = time.perf_counter()
        page = as_html(report)
        drawn, used = time.perf_counter(), time.process_time() - begun
        table = io.StringIO()
        write_csv(report, table)
        written = time.perf_counter()
    print(
        json.dumps(
            {
                "bench": f"a report of {MACHINES:,} machines x {len(TARGETS)} places",
                "compare_s": round(compared - start, 2),
                "page_s": round(drawn - compared, 2),
                "compare and page, cpu s": round(used, 2),
                "page_kib": len(page) // 1024,
                "csv_s": round(written - drawn, 2),
                "csv_rows": table.getvalue().count("\n"),
                "goal": {"compare and page, s": GOAL_S},
                "held": drawn - start <= GOAL_S,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
