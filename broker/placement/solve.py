"""The placement that costs least, and the rules that contradict each other when there is none."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from broker.errors import BrokerError
from broker.model import Strict
from broker.placement.build import Key, build
from broker.placement.milp import Outcome
from broker.placement.problem import Problem
from broker.placement.rules import Allows, Rule, rules

GAP = 0.01
SECONDS = 60.0


class Placed(Strict):
    """How many machines of a workload use an option, and what one of them costs a month."""

    workload: str
    option: str
    place: str
    count: int
    month: Decimal
    moved: bool = False


class Placement(Strict):
    """Where everything goes.

    ``month`` is what that costs, ``gap`` how much less it could at most cost, as a share. With
    ``conflict`` nothing is placed: these rules cannot hold at once, and without any one of them the
    others can.
    """

    placed: tuple[Placed, ...] = ()
    month: Decimal = Decimal(0)
    currency: str = "USD"
    gap: float = 0.0
    out_of_time: bool = False
    conflict: tuple[str, ...] = ()

    @property
    def moves(self) -> list[Placed]:
        """What goes elsewhere than where it runs now."""
        return [each for each in self.placed if each.moved]


def place(problem: Problem, *, gap: float = GAP, seconds: float = SECONDS) -> Placement:
    """Return the cheapest placement within ``gap``, or which rules conflict.

    The same problem gives the same placement. BrokerError when no placement is found in time.
    """
    every = rules(problem)
    outcome, counts = solve(problem, every, gap=gap, seconds=seconds)
    if counts is None:
        if outcome is not None and outcome.out_of_time:
            raise BrokerError(
                f"no placement was found within {seconds:g} s", hint="Give it more time (--seconds)"
            )
        return Placement(
            currency=problem.currency,
            conflict=tuple(rule.name for rule in conflict(problem, every)),
        )
    assert outcome is not None
    placed = _placed(problem, counts)
    return Placement(
        placed=tuple(placed),
        month=month_of(problem, counts),
        currency=problem.currency,
        gap=outcome.gap,
        out_of_time=outcome.out_of_time,
    )


def solve(
    problem: Problem,
    kept: Sequence[Rule],
    *,
    gap: float = GAP,
    seconds: float = SECONDS,
    forced: Key | None = None,
    any_will_do: bool = False,
) -> tuple[Outcome | None, dict[Key, int] | None]:
    """Return the solver's outcome and how many machines use what; None if nothing is possible."""
    built = build(problem, kept, forced)
    if built.hopeless is not None:
        return None, None
    if any_will_do:
        built.program.without_costs()
    outcome = built.program.solve(gap=gap, seconds=seconds)
    if outcome.values is None:
        return outcome, None
    values = outcome.values
    return outcome, {
        key: count for key, column in built.columns.items() if (count := round(values[column]))
    }


def conflict(
    problem: Problem, every: Sequence[Rule], *, forced: Key | None = None, seconds: float = SECONDS
) -> list[Rule]:
    """Return rules that cannot hold at once, of which none can be left out (QuickXplain).

    What machines need is not for sale: it is among them only where it alone cannot be had. Empty
    when all can hold; BrokerError when that is not settled in time.
    """
    end = time.monotonic() + seconds

    def possible(kept: Sequence[Rule]) -> bool:
        left = max(0.01, end - time.monotonic())
        outcome, counts = solve(problem, kept, seconds=left, forced=forced, any_will_do=True)
        if counts is None and outcome is not None and outcome.out_of_time:
            raise BrokerError(
                f"the rules contradict each other, or nearly; which was not found in {seconds:g} s",
                hint="Give it more time (--seconds)",
            )
        return counts is not None

    def explain(background: list[Rule], added: bool, left: list[Rule]) -> list[Rule]:
        if added and not possible(background):
            return []
        if len(left) == 1:
            return left
        half = len(left) // 2
        second = explain(background + left[:half], True, left[half:])
        first = explain(background + second, bool(second), left[:half])
        return first + second

    if possible(every):
        return []
    needs: list[Rule] = [rule for rule in every if isinstance(rule, Allows) and rule.essential]
    if not possible(needs):
        return explain([], False, needs)
    return explain(needs, False, [rule for rule in every if rule not in needs])


def _placed(problem: Problem, counts: dict[Key, int]) -> list[Placed]:
    options = {option.id: option for option in problem.options}
    found = []
    for workload in problem.workloads:
        for option in problem.options:
            if count := counts.get((workload.name, option.id)):
                there = options[option.id]
                found.append(
                    Placed(
                        workload=workload.name,
                        option=option.id,
                        place=there.place,
                        count=count,
                        month=there.cost(workload, problem.months),
                        moved=workload.at not in (None, there.place),
                    )
                )
    return found


def month_of(problem: Problem, counts: dict[Key, int]) -> Decimal:
    """Return what a placement costs a month, exactly: machines, and traffic between places."""
    options = {option.id: option for option in problem.options}
    workloads = {workload.name: workload for workload in problem.workloads}
    total = Decimal(0)
    shares: dict[str, Counter[str]] = {name: Counter() for name in workloads}
    egress = {option.place: option.egress_gib or Decimal(0) for option in problem.options}
    for (name, option), count in counts.items():
        total += count * options[option].cost(workloads[name], problem.months)
        shares[name][options[option].place] += count
    for flow in problem.traffic:
        if flow.source == flow.target:
            continue
        source, target = shares[flow.source], shares[flow.target]
        for place, count in source.items():
            mine = Decimal(count) / workloads[flow.source].count
            theirs = Decimal(target[place]) / workloads[flow.target].count
            total += max(Decimal(0), mine - theirs) * flow.gib * egress[place]
    return total
