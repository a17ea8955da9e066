"""One run of the solver over a problem under some of its rules."""

from __future__ import annotations

from collections.abc import Sequence

from broker.placement.build import Key, build
from broker.placement.milp import Outcome
from broker.placement.problem import Problem
from broker.placement.rules import Rule

GAP = 0.01
SECONDS = 60.0


def solve(
    problem: Problem,
    kept: Sequence[Rule],
    *,
    gap: float = GAP,
    seconds: float = SECONDS,
    forced: Key | None = None,
    any_will_do: bool = False,
    divided: bool = False,
) -> tuple[Outcome | None, dict[Key, int] | None]:
    """Return the solver's outcome and how many machines use what; None if nothing is possible.

    With ``divided`` machines may be cut in parts: then only whether it is possible means anything.
    """
    built = build(problem, kept, forced)
    if built.hopeless is not None:
        return None, None
    if any_will_do:
        built.program.without_costs()
    if divided:
        built.program.divide()
    outcome = built.program.solve(gap=gap, seconds=seconds)
    if outcome.values is None:
        return outcome, None
    values = outcome.values
    return outcome, {
        key: count for key, column in built.columns.items() if (count := round(values[column]))
    }
