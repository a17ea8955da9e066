"""Where workloads should run: the cheapest placement that keeps every rule, and why."""

from __future__ import annotations

from pathlib import Path

from broker.catalog import Catalogue
from broker.placement.document import read
from broker.placement.explain import Alternative, Change, Why, diff, why
from broker.placement.moves import Moves, moves
from broker.placement.problem import Problem
from broker.placement.search import GAP, SECONDS
from broker.placement.solve import Placed, Placement
from broker.placement.solve import place as solved

__all__ = [
    "Alternative",
    "Change",
    "Moves",
    "Placed",
    "Placement",
    "Problem",
    "Why",
    "diff",
    "moves",
    "place",
    "read",
    "why",
]


def place(what: Problem | str | Path, *, gap: float = GAP, seconds: float = SECONDS) -> Placement:
    """Return the cheapest placement of a problem, or of a file that tells one.

    Within ``gap`` of the best there is; with ``conflict`` when its rules contradict each other.
    ConfigError when the file cannot be read, BrokerError when no placement is found in time.
    """
    if isinstance(what, Problem):
        return solved(what, gap=gap, seconds=seconds)
    with Catalogue() as catalogue:
        return solved(read(Path(what), catalogue).problem, gap=gap, seconds=seconds)
