"""The cheapest size for 100,000 needs over 60,000 offers, and one answer of the command line.

The same needs are put to SQLite (offers in order of price, by an index, until one is large enough)
and to NumPy (one comparison of all offers a need): fewer of them, told as of all. Prints one JSON
object.
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import numpy as np

from broker.catalog import Catalogue, sizes
from broker.catalog.table import NONE, CheapestTable, Integers
from broker.model import Arch, Money, Offer

NEEDS, OFFERS, ROUNDS = 100_000, 62_322, 7
PEER_NEEDS = 500
Needs = list[tuple[str, int, int]]
"""Architecture, vCPUs, MiB."""

GOAL_TABLE_MS, GOAL_COMMAND_S = 20, 0.6


def offers() -> list[Offer]:
    """Return as many offers as there are in all regions: every size, at prices that differ."""
    known = [offer for table in sizes.tables().values() for offer in table if not offer.bare_metal]
    generator = np.random.default_rng(5)
    factors = generator.uniform(0.8, 1.3, OFFERS)
    return [
        (base := known[number % len(known)]).model_copy(
            update={
                "id": f"{base.id}-{number}",
                "price_per_hour": Money(
                    amount=round(Decimal(base.size.vcpus * 0.03 * factors[number]), 6),
                    currency="USD",
                ),
            }
        )
        for number in range(OFFERS)
    ]


def sqlite_ms(table: CheapestTable, needs: Needs, expected: Integers) -> float:
    """Return the milliseconds SQLite would take for all needs."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE offer(number INT, arch TEXT, vcpus INT, memory INT)")
    rows = [
        (number, offer.size.arch, offer.size.vcpus, offer.size.memory)
        for number, offer in enumerate(table.offers)
    ]
    database.executemany("INSERT INTO offer VALUES(?,?,?,?)", rows)
    database.execute("CREATE INDEX cheapest ON offer(arch, number, vcpus, memory)")
    query = (
        "SELECT number FROM offer WHERE arch = ? AND vcpus >= ? AND memory >= ? "
        "ORDER BY number LIMIT 1"
    )
    start = time.perf_counter()
    found = [database.execute(query, need).fetchone() for need in needs]
    taken = time.perf_counter() - start
    database.close()
    assert [row[0] if row else NONE for row in found] == expected.tolist()
    return taken * 1000 * NEEDS / len(needs)


def numpy_ms(table: CheapestTable, needs: Needs, expected: Integers) -> float:
    """Return the milliseconds NumPy would take for all needs, one after the other."""
    vcpus = np.array([offer.size.vcpus for offer in table.offers])
    memory = np.array([offer.size.memory for offer in table.offers])
    arch = np.array([str(offer.size.arch) for offer in table.offers])
    of_arch = {each: arch == each for each in set(arch.tolist())}
    start = time.perf_counter()
    found = []
    for wanted, least_vcpus, least_memory in needs:
        fits = of_arch[wanted] & (vcpus >= least_vcpus) & (memory >= least_memory)
        first = int(fits.argmax())
        found.append(first if fits[first] else NONE)
    taken = time.perf_counter() - start
    assert found == expected.tolist()
    return taken * 1000 * NEEDS / len(needs)


def command_s(folder: Path) -> list[float]:
    """Return the wall seconds of `interop size map`, the catalogue made before."""
    environment = os.environ | {"INTEROP_CATALOGUE": str(folder / "catalogue.sqlite")}
    command = [
        sys.executable, "-c", "from broker.cli import main; main()", "size", "map", "4x16",
        "--to", "aws/eu-central-1",
    ]  # fmt: skip
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run(command, env=environment, check=True, capture_output=True)
        found.append(time.perf_counter() - start)
    return found


def main() -> None:
    start = time.perf_counter()
    sold = offers()
    made = time.perf_counter()
    table = CheapestTable(sold)
    built = time.perf_counter() - made
    generator = np.random.default_rng(7)
    vcpus = generator.integers(1, 97, NEEDS)
    memory = generator.integers(512, 512 * 1024, NEEDS)
    wanted = [list(Arch)[number % 2] for number in range(NEEDS)]
    arches = table.arches(wanted)
    rounds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        found = table.cheapest(vcpus, memory, arches)
        rounds.append((time.perf_counter() - begun) * 1000)
    few: Needs = [
        (str(wanted[number]), int(vcpus[number]), int(memory[number]))
        for number in range(PEER_NEEDS)
    ]
    peers = {
        f"sqlite {sqlite3.sqlite_version}": round(sqlite_ms(table, few, found[:PEER_NEEDS])),
        f"numpy {np.__version__}, a need at a time": round(
            numpy_ms(table, few, found[:PEER_NEEDS])
        ),
    }
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        Catalogue(Path(folder) / "catalogue.sqlite").close()
        loaded = time.perf_counter() - begun
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = command_s(Path(folder))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    report = {
        "bench": f"cheapest fit of {NEEDS:,} needs over {OFFERS:,} offers; one as a command",
        "needs_ms": round(statistics.median(rounds), 1),
        "peers, needs_ms": peers,
        "table_built_s": round(built, 2),
        "offers_made_s": round(made - start, 2),
        "fitted": int((found != NONE).sum()),
        "size map, wall s": {
            "median": round(statistics.median(command), 2),
            "least": round(min(command), 2),
        },
        "size map, cpu s": round(used / ROUNDS, 2),
        "first load of the catalogue, s": round(loaded, 2),
        "goal": {"needs, ms": GOAL_TABLE_MS, "size map, s": GOAL_COMMAND_S},
        "held": statistics.median(rounds) <= GOAL_TABLE_MS
        and statistics.median(command) <= GOAL_COMMAND_S,
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
