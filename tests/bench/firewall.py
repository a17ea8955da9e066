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
from concurrent.futures import ProcessPoolExecutor

from broker.adapter import FirewallLimits
from broker.firewall import Space, in_order, translate
from broker.model import FirewallSpec
from tests.firewall import canonical, dialects
from tests.firewall.judged import DIALECTS, judge
from tests.firewall.large import ordered, shuffled

RULES, ROUNDS = 1000, 5
SETS = 4_000
PACKETS = 30
GOAL_S = 1.0
PAIRS = list(itertools.product(DIALECTS, DIALECTS))


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


def in_our_words(seed: int) -> str:
    """Return what became of one chance rule set; AssertionError when a packet tells otherwise."""
    source, target = (dialects.DIALECTS[name] for name in PAIRS[seed % len(PAIRS)])
    return str(canonical.judge(seed, source, target, PACKETS))


def in_providers_words(seed: int) -> str:
    """Return what became of one that was read and written by adapters; see ``in_our_words``."""
    source, target = PAIRS[seed % len(PAIRS)]
    return judge(seed, source, target, PACKETS)


def judged(judge_one: Callable[[int], str], sets: int) -> dict[str, float]:
    """Return how many rule sets of which verdict there were, and how long it took."""
    start = time.perf_counter()
    verdicts: Counter[str] = Counter()
    with ProcessPoolExecutor() as pool:
        for count, verdict in enumerate(pool.map(judge_one, range(sets), chunksize=20), start=1):
            verdicts[verdict] += 1
            if count % 1_000 == 0:
                print(f"[firewall] {count} sets: {verdicts}", file=sys.stderr, flush=True)
    return {
        "sets": sets,
        "packets": sets * PACKETS,
        **verdicts,
        "wider": 0,  # judges raise on the first
        "seconds": round(time.perf_counter() - start, 1),
    }


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
    report = {
        "bench": f"Firewalls of {RULES} rules, median of {ROUNDS}; {sets} chance ones judged",
        "cpu_seconds": times,
        "judged in our words": judged(in_our_words, sets),
        "judged in providers' words": judged(in_providers_words, sets),
        "goal": {"CPU seconds each": GOAL_S},
        "held": max(times.values()) <= GOAL_S,
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
