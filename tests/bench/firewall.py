"""Rule sets of a thousand, compared and translated; and chance ones by the ten thousand, judged.

`python -m tests.bench.firewall SETS` judges that many in place of the usual number. Prints one JSON
object.
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable

from broker.adapter import FirewallLimits
from broker.firewall import Space, in_order, translate
from broker.model import FirewallSpec
from tests.firewall.judged import DIALECTS, judge
from tests.firewall.large import ordered, shuffled

RULES, ROUNDS = 1000, 5
SETS = 4_000
PACKETS = 30
GOAL_S = 1.0


def seconds(measured: Callable[[], object]) -> float:
    """Return the median processor time of a few runs: other people may be at work here."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        measured()
        times.append(time.process_time() - start)
    return round(statistics.median(times), 3)


def equal(one: FirewallSpec, other: FirewallSpec) -> None:
    space = Space()
    first, second = (space.passing(in_order(each.rules)) for each in (one, other))
    assert first is second


def translated(spec: FirewallSpec, limits: FirewallLimits) -> None:
    verdict = translate(spec, limits).proof.verdict
    # all protocols but a denied one: some of the rest have no name there
    assert verdict == "equal" or (verdict == "tighter" and limits.protocols is not None)


def main() -> None:
    sets = int(sys.argv[1]) if len(sys.argv) > 1 else SETS
    kinds = {"office": ordered(1, RULES), "chance": ordered(1, RULES, wild=True)}
    times = {
        f"{kind}, equal to the same in other words": seconds(
            lambda spec=spec: equal(spec, shuffled(spec, 2))  # type: ignore[misc]
        )
        for kind, spec in kinds.items()
    }
    for (kind, spec), (name, dialect) in itertools.product(kinds.items(), DIALECTS.items()):
        times[f"{kind}, translated and proved: {name}"] = seconds(
            lambda spec=spec, limits=dialect.FIREWALL: translated(spec, limits)  # type: ignore[misc]
        )
    pairs = list(itertools.product(DIALECTS, DIALECTS))
    start = time.perf_counter()
    verdicts: Counter[str] = Counter()
    for seed in range(sets):
        source, target = pairs[seed % len(pairs)]
        verdicts[judge(seed, source, target, PACKETS)] += 1
        if seed % 10_000 == 9_999:
            print(f"[firewall] {seed + 1} sets", file=sys.stderr, flush=True)
    report = {
        "bench": f"Firewalls of {RULES} rules, median of {ROUNDS}; {sets} chance ones judged",
        "cpu_seconds": times,
        "judged": {
            "sets": sets,
            "packets": sets * PACKETS,
            "equal": verdicts["equal"],
            "tighter": verdicts["tighter"],
            "refused": verdicts["refused"],
            "wider": 0,  # judge() raises on the first
            "seconds": round(time.perf_counter() - start, 1),
        },
        "goal": {"CPU seconds each": GOAL_S},
        "held": max(times.values()) <= GOAL_S,
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
