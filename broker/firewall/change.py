"""From the rules that are there to those wanted, step by step, with no moment in between.

At every step each packet meets its old decision or its new one. Rules that are in both stay where
they are; new ones go in from the first to the last, then the old go out from the last to the first.
So the first rule to match is one of the old with all the old before it, or one of the new with all
the new before it. No two rules ever share a priority.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

from broker.adapter import FirewallLimits
from broker.errors import Invalid
from broker.firewall.budget import PRIORITY_STEP, fits
from broker.firewall.proof import Proof, compare
from broker.firewall.space import Space, in_order, names_in
from broker.firewall.swap import swap
from broker.model import Direction, FirewallRule, Strict

UNBOUNDED = (1, 65535)
"""Priorities where the target has an order and no bounds for it."""

Same = Callable[[FirewallRule], object]
"""What a target tells rules apart by; it has a hash."""


class Do(StrEnum):
    """What happens to a rule."""

    ADD = "add"
    REMOVE = "remove"


class Change(Strict):
    """Rules that come or go together, because the target holds them as one; most often just one."""

    do: Do
    rules: tuple[FirewallRule, ...]


def bare(rule: FirewallRule) -> object:
    """Return the rule without what may differ between two that are the same: where it stands."""
    return rule.model_copy(update={"priority": None, "description": ""})


def drift(there: Sequence[FirewallRule], wanted: Sequence[FirewallRule]) -> Proof:
    """Return how the rules that are there stand to those wanted; ``equal`` however they look."""
    space = Space(names_in([*there, *wanted]))
    return compare(space, space.passing(in_order(wanted)), space.passing(in_order(there)))


def change(
    there: Sequence[FirewallRule],
    wanted: Sequence[FirewallRule],
    limits: FirewallLimits,
    *,
    same: Same = bare,
) -> tuple[Change, ...]:
    """Return the steps from one set of rules to another; none when they are the same already.

    Rules for which ``same`` is equal are one to the target. A new rule gets its own priority where
    that is free, else another in the same order. Invalid, before anything is changed, where the
    target has no room on the way: of each direction the old and the new are there at once, unless
    rules that only allow can make room for each other.
    """
    if not limits.denies and limits.priorities is None:
        old, new = (_units(rules, same, ordered=False) for rules in (there, wanted))
        gone = [unit.rules for unit in old if unit.key not in {one.key for one in new}]
        come = [unit.rules for unit in new if unit.key not in {one.key for one in old}]
        if fits([*there, *_flat(come)], limits):
            return _steps(come, gone)
        return tuple(
            Change(do=Do.ADD if added else Do.REMOVE, rules=rules)
            for added, rules in swap(list(there), come, gone, wanted, limits)
        )
    steps: list[Change] = []
    for direction in Direction:
        old, new = (
            _units(in_order(one for one in rules if one.direction is direction), same, ordered=True)
            for rules in (there, wanted)
        )
        steps += _in_order(old, new, limits)
    return tuple(steps)


class _Unit(NamedTuple):
    """Rules that are one to the target."""

    key: object
    rules: tuple[FirewallRule, ...]

    @property
    def priority(self) -> int | None:
        return self.rules[0].priority

    def at(self, priority: int) -> tuple[FirewallRule, ...]:
        return tuple(rule.model_copy(update={"priority": priority}) for rule in self.rules)


def _units(rules: Iterable[FirewallRule], same: Same, *, ordered: bool) -> list[_Unit]:
    found: dict[object, list[FirewallRule]] = {}
    for rule in rules:
        # in an order the same rule may well stand twice
        found.setdefault((same(rule), rule.priority if ordered else None), []).append(rule)
    return [_Unit(same(own[0]), tuple(dict.fromkeys(own))) for own in found.values()]


def _flat(units: Iterable[Sequence[FirewallRule]]) -> list[FirewallRule]:
    return [rule for rules in units for rule in rules]


def _steps(
    come: Iterable[tuple[FirewallRule, ...]], gone: Iterable[tuple[FirewallRule, ...]]
) -> tuple[Change, ...]:
    return (
        *(Change(do=Do.ADD, rules=rules) for rules in come),
        *(Change(do=Do.REMOVE, rules=rules) for rules in gone),
    )


def _in_order(
    old: Sequence[_Unit], new: Sequence[_Unit], limits: FirewallLimits
) -> tuple[Change, ...]:
    kept = _kept(old, new)
    gaps = _gaps(old, kept, len(new), limits)
    while short := [place for place, gap in enumerate(gaps) if len(gap.free) < len(gap.places)]:
        if not kept:
            raise _no_room(len(new), len(old))
        # what stays leaves too little room beside it: it is one more to be replaced
        del kept[min(short[0], len(kept) - 1)]
        gaps = _gaps(old, kept, len(new), limits)
    come = [rules for gap in gaps for rules in gap.filled(new)]
    gone = [unit.rules for place, unit in enumerate(old) if place not in {one for one, _ in kept}]
    if come and not fits([*_flat(unit.rules for unit in old), *_flat(come)], limits):
        raise _no_room(len(come), len(old))
    return _steps(come, reversed(gone))


def _kept(old: Sequence[_Unit], new: Sequence[_Unit]) -> list[tuple[int, int]]:
    """Return the places of units that are in both, in the same order in both."""
    matcher = SequenceMatcher(None, [each.key for each in old], [each.key for each in new], False)
    pairs = [
        (block.a + index, block.b + index)
        for block in matcher.get_matching_blocks()
        for index in range(block.size)
    ]
    shared = Counter(unit.priority for unit in old)
    return [
        pair for pair in pairs if (own := old[pair[0]].priority) is not None and shared[own] < 2
    ]


class _Gap(NamedTuple):
    """Between two rules that stay: the places of the new ones, and the priorities nobody has."""

    places: range
    free: list[int]
    bounded: bool

    def filled(self, new: Sequence[_Unit]) -> Iterator[tuple[FirewallRule, ...]]:
        """Yield the new rules with the priorities they came with where those are free."""
        own = [priority for place in self.places if (priority := new[place].priority) is not None]
        usable = own == sorted(set(own)) and set(own) <= set(self.free)
        if len(own) < len(self.places) or not usable:
            step = max(1, min(PRIORITY_STEP, len(self.free) // max(1, len(self.places))))
            own = self.free[step // 2 if self.bounded else 0 :: step]
        return (new[place].at(priority) for place, priority in zip(self.places, own, strict=False))


def _gaps(
    old: Sequence[_Unit], kept: Sequence[tuple[int, int]], count: int, limits: FirewallLimits
) -> list[_Gap]:
    low, high = limits.priorities or UNBOUNDED
    taken = {unit.priority for unit in old}
    gaps: list[_Gap] = []
    floor, first = low - 1, 0
    for here, there in [*kept, (None, count)]:
        ceiling = high + 1 if here is None else old[here].priority
        assert ceiling is not None
        free = [one for one in range(floor + 1, ceiling) if one not in taken]
        gaps.append(_Gap(range(first, there), free, bounded=here is not None))
        floor, first = ceiling, there + 1
    return gaps


def _no_room(new: int, old: int) -> Invalid:
    return Invalid(
        f"{new} new rules have no room beside the {old} that are there",
        hint="Take away what is not needed first, or make a new firewall and wear that instead",
    )
