"""The placement that costs least, and the rules that contradict each other when there is none."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from broker.errors import BrokerError
from broker.model import Strict
from broker.placement.build import Key
from broker.placement.conflict import conflict
from broker.placement.problem import Problem
from broker.placement.rules import rules
from broker.placement.search import GAP, SECONDS, solve


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

    ``month`` is what that costs, ``gap`` how much less it could at most cost, as a share; None
    when time ran out before anything was known of that. With
    ``conflict`` nothing is placed: these rules cannot hold at once, and without any one of them
    all others can; not ``conflict_exact`` means that the latter was not proved in time.
    """

    placed: tuple[Placed, ...] = ()
    month: Decimal = Decimal(0)
    currency: str = "USD"
    gap: float | None = 0.0
    out_of_time: bool = False
    conflict: tuple[str, ...] = ()
    conflict_exact: bool = True

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
        found = conflict(problem, every, seconds=seconds)
        return Placement(
            currency=problem.currency,
            conflict=tuple(rule.name for rule in found.rules),
            conflict_exact=found.exact,
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
