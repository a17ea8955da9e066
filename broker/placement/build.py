"""A problem's rules as a mixed-integer program.

A column counts how many machines of a workload use an option. Offers of one place differ only in
price and in what of a quota they use, so of each place only those stay that are not worse in both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from broker.placement.milp import INFINITY, Program
from broker.placement.problem import Option, Problem, Traffic, Workload
from broker.placement.rules import Allows, Apart, Budget, Capacity, Limit, Rule, Together

Key = tuple[str, str]
"""Name of a workload, id of an option."""


@dataclass(frozen=True)
class Built:
    """A program and which of its columns says what. ``hopeless`` has a workload with no option."""

    program: Program
    columns: dict[Key, int]
    hopeless: str | None = None


def build(problem: Problem, rules: Sequence[Rule], forced: Key | None = None) -> Built:
    """Return the program of a problem under some of its rules.

    ``forced`` is a workload and a place that at least one of its machines must be at.
    """
    program = Program()
    columns: dict[Key, int] = {}
    by_workload: dict[str, list[tuple[Option, int]]] = {}
    refused: dict[str, set[str]] = defaultdict(set)
    for rule in rules:
        if isinstance(rule, Allows):
            refused[rule.workload.name] |= rule.refused
    for workload in problem.workloads:
        usable = [each for each in problem.options if each.id not in refused[workload.name]]
        if not usable:
            return Built(program, {}, hopeless=workload.name)
        mine = []
        for option in _undominated(workload, usable, problem.months):
            cost = float(option.cost(workload, problem.months))
            column = program.column(cost, workload.count, integer=True)
            columns[workload.name, option.id] = column
            mine.append((option, column))
        by_workload[workload.name] = mine
        program.row(workload.count, {column: 1 for _, column in mine}, workload.count)
    builder = _Builder(problem, program, by_workload)
    for flow in problem.traffic:
        builder.traffic(flow)
    for rule in rules:
        builder.add(rule)
    if forced is not None:
        name, place = forced
        there = {column: 1.0 for option, column in by_workload[name] if option.place == place}
        program.row(1, there, INFINITY)
    return Built(program, columns)


def _undominated(workload: Workload, options: Iterable[Option], months: int) -> list[Option]:
    """Return the options without the offers that another of the same place beats in all."""
    kept = []
    offers: dict[tuple[str, str | None], list[tuple[Decimal, int, Option]]] = defaultdict(list)
    for option in options:
        if option.offer:
            told = (option.cost(workload, months), option.offer.size.vcpus, option)
            offers[option.place, option.zone].append(told)
        else:
            kept.append(option)
    for group in offers.values():
        fewest = None
        for _, vcpus, option in sorted(group, key=lambda told: (told[0], told[1], told[2].id)):
            if fewest is None or vcpus < fewest:
                fewest = vcpus
                kept.append(option)
    return kept


class _Builder:
    def __init__(
        self,
        problem: Problem,
        program: Program,
        by_workload: dict[str, list[tuple[Option, int]]],
    ) -> None:
        self._problem = problem
        self._program = program
        self._by_workload = by_workload
        self._workloads = {workload.name: workload for workload in problem.workloads}

    def add(self, rule: Rule) -> None:
        match rule:
            case Allows():
                pass  # what is refused has no column
            case Capacity(option=option):
                self._capacity(option)
            case Limit(quota=quota):
                self._limit(quota.place, quota.vcpus, quota.machines)
            case Budget():
                assert self._problem.budget is not None
                self._program.row(0, self._program.costs(), float(self._problem.budget))
            case Together(workloads=names):
                self._together(names)
            case Apart(workloads=names, domain=kind):
                domains: dict[str, dict[int, float]] = defaultdict(dict)
                for name in names:
                    for option, column in self._by_workload[name]:
                        if (domain := option.domain(kind)) is not None:
                            domains[domain][column] = 1
                for shared in domains.values():
                    self._program.row(0, shared, 1)

    def traffic(self, flow: Traffic) -> None:
        """Charge what is sent between two places: a share of it for each share that is apart."""
        if flow.source == flow.target:
            return
        places: dict[str, tuple[float, dict[int, float]]] = {}
        for name, sign in ((flow.source, 1.0), (flow.target, -1.0)):
            count = self._workloads[name].count
            for option, column in self._by_workload[name]:
                price = float((option.egress_gib or 0) * flow.gib)
                places.setdefault(option.place, (price, {}))[1][column] = -sign / count
        for price, share in places.values():
            if price:
                apart = self._program.column(price, 1, integer=False)
                self._program.row(0, {**share, apart: 1}, INFINITY)

    def _capacity(self, option: Option) -> None:
        assert option.capacity is not None
        size = option.capacity
        here = {
            column: self._workloads[name].need.size
            for name, mine in self._by_workload.items()
            for each, column in mine
            if each.id == option.id
        }
        self._program.row(0, {column: need.vcpus for column, need in here.items()}, size.vcpus)
        self._program.row(0, {column: need.memory for column, need in here.items()}, size.memory)
        if any(need.gpus for need in here.values()):
            self._program.row(0, {column: need.gpus for column, need in here.items()}, size.gpus)

    def _limit(self, place: str, vcpus: int | None, machines: int | None) -> None:
        here = [
            (column, option.size(self._workloads[name]).vcpus)
            for name, mine in self._by_workload.items()
            for option, column in mine
            if option.place == place
        ]
        if vcpus is not None:
            self._program.row(0, dict(here), vcpus)
        if machines is not None:
            self._program.row(0, {column: 1 for column, _ in here}, machines)

    def _together(self, names: Sequence[str]) -> None:
        places = sorted({o.place for name in names for o, _ in self._by_workload[name]})
        chosen = {place: self._program.column(0, 1, integer=True) for place in places}
        self._program.row(1, dict.fromkeys(chosen.values(), 1.0), 1)
        for name in names:
            count = self._workloads[name].count
            for place, column in chosen.items():
                here = {c: 1.0 for option, c in self._by_workload[name] if option.place == place}
                self._program.row(0, {**here, column: -float(count)}, 0)
