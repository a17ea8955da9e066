"""Why a workload is where it is, and what is different between two placements."""

from __future__ import annotations

from decimal import Decimal

from broker.errors import NotFound
from broker.model import Strict
from broker.nearest import did_you_mean
from broker.placement.conflict import conflict
from broker.placement.problem import Problem
from broker.placement.rules import Allows, rules
from broker.placement.search import GAP, SECONDS, solve
from broker.placement.solve import Placement, month_of


class Alternative(Strict):
    """Another place for a workload.

    ``more`` is what all would cost more a month with at least one of its machines there, everything
    else placed anew; None when that cannot be, and then ``because`` has the rules in the way.
    """

    place: str
    option: str | None = None
    more: Decimal | None = None
    because: tuple[str, ...] = ()


class Why(Strict):
    """Where a workload is, what that costs a month, and its other places, the nearest first."""

    workload: str
    at: tuple[str, ...]
    month: Decimal
    alternatives: tuple[Alternative, ...]


class Change(Strict):
    """One workload that is elsewhere, or costs something else, than before. None: it was not."""

    workload: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    month_before: Decimal | None
    month_after: Decimal | None


def why(
    problem: Problem,
    placement: Placement,
    name: str,
    *,
    gap: float = GAP,
    seconds: float = SECONDS,
) -> Why:
    """Return why a workload is where it is; NotFound when there is no such workload.

    Every other place is tried by placing all anew with one of its machines there, so the answer
    includes what would have to make room. ``seconds`` are for each place.
    """
    known = [workload.name for workload in problem.workloads]
    if name not in known:
        raise NotFound(f"there is no workload {name}", hint=did_you_mean(name, known))
    mine = [placed for placed in placement.placed if placed.workload == name]
    here = {placed.place for placed in mine}
    others = [
        _alternative(problem, placement, name, place, gap, seconds)
        for place in sorted({option.place for option in problem.options} - here)
    ]
    others.sort(key=lambda other: (other.more is None, other.more or 0, other.place))
    return Why(
        workload=name,
        at=tuple(f"{placed.count} x {placed.option}" for placed in mine),
        month=sum((placed.count * placed.month for placed in mine), Decimal(0)),
        alternatives=tuple(others),
    )


def _alternative(
    problem: Problem, placement: Placement, name: str, place: str, gap: float, seconds: float
) -> Alternative:
    every = rules(problem)
    forbidding = [
        rule
        for rule in every
        if isinstance(rule, Allows)
        and rule.workload.name == name
        and all(option.id in rule.refused for option in problem.options if option.place == place)
    ]
    if forbidding:
        return Alternative(place=place, because=tuple(rule.name for rule in forbidding))
    forced = (name, place)
    _, counts = solve(problem, every, gap=gap, seconds=seconds, forced=forced)
    if counts is None:
        found = conflict(problem, every, forced=forced, seconds=seconds)
        because = tuple(rule.name for rule in found.rules)
        return Alternative(place=place, because=because)
    at = {option.id: option.place for option in problem.options}
    used = [option for (workload, option) in counts if workload == name and at[option] == place]
    more = month_of(problem, counts) - placement.month
    return Alternative(place=place, option=used[0], more=more)


def diff(before: Placement, after: Placement) -> list[Change]:
    """Return what is different after, by workload; empty when nothing is."""
    names = sorted({placed.workload for each in (before, after) for placed in each.placed})
    changes = []
    for name in names:
        was, month_was = _of(before, name)
        now, month_now = _of(after, name)
        if (was, month_was) != (now, month_now):
            changes.append(
                Change(
                    workload=name,
                    before=was,
                    after=now,
                    month_before=month_was,
                    month_after=month_now,
                )
            )
    return changes


def _of(placement: Placement, name: str) -> tuple[tuple[str, ...], Decimal | None]:
    mine = [placed for placed in placement.placed if placed.workload == name]
    if not mine:
        return (), None
    month = sum((placed.count * placed.month for placed in mine), Decimal(0))
    return tuple(f"{placed.count} x {placed.option}" for placed in mine), month
