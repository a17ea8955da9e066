"""Rules that change nothing: all they say is said by others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import prod
from operator import or_
from typing import NamedTuple, Self

from broker.firewall.diagram import ALL, Box, Rule, Run
from broker.firewall.first_match import first_match
from broker.firewall.space import Space
from broker.model import Action, FirewallRule


class Standing(NamedTuple):
    """One rule among the others: the earlier ones that decide packets of it, and what is left."""

    overlapped: tuple[int, ...]
    shadowed: bool
    needless: bool


def without_needless(
    space: Space, rules: Sequence[FirewallRule], behind: Sequence[FirewallRule] = ()
) -> list[FirewallRule]:
    """Return the rules, in their order, without those that decide nothing others would not.

    ``behind`` are rules that follow them and stay.
    """
    listed = _Listed.of(space, [*rules, *behind])
    asked = (1 << len(listed.every)) - 1
    needless: set[int] = set()
    for index in reversed(range(len(rules))):
        if _decides_nothing(space, listed, asked, index):
            needless.add(index)
            asked &= ~listed.own(index)
    return [rule for index, rule in enumerate(rules) if index not in needless]


def standings(
    space: Space, rules: Sequence[FirewallRule], behind: Sequence[FirewallRule] = ()
) -> list[Standing]:
    """Return how each rule stands, the others being there; see ``without_needless``.

    Rules that say the same of the packets they share do not count as overlapped, unless nothing is
    left of the later one.
    """
    listed = _Listed.of(space, [*rules, *behind])
    asked = (1 << len(listed.every)) - 1
    found = []
    for index, rule in enumerate(rules):
        if not listed.places[index]:  # nobody of its family is in the group
            found.append(Standing(overlapped=(), shadowed=False, needless=True))
            continue
        before = listed.own(index) & -listed.own(index)
        earlier = {
            listed.owners[place]
            for here in listed.places[index]
            for place in _places(listed.boxes.sharing(listed.every[here].box) & (before - 1))
        }
        shadowed = all(_covered(space, listed, before - 1, here) for here in listed.places[index])
        opposed = {one for one in earlier if rules[one].action is not rule.action}
        found.append(
            Standing(
                overlapped=tuple(sorted(earlier if shadowed else opposed)),
                shadowed=shadowed,
                needless=_decides_nothing(space, listed, asked, index),
            )
        )
    return found


class _Listed(NamedTuple):
    """Rules as boxes: the boxes of all, where those of each are, and whose each is."""

    every: list[Rule]
    boxes: _Boxes
    places: list[range]
    owners: list[int]

    @classmethod
    def of(cls, space: Space, rules: Sequence[FirewallRule]) -> Self:
        every: list[Rule] = []
        places: list[range] = []
        owners: list[int] = []
        for index, rule in enumerate(rules):
            own = [Rule(box, rule.action is Action.ALLOW) for box in space.boxes_of(rule)]
            places.append(range(len(every), len(every) + len(own)))
            every += own
            owners += [index] * len(own)
        return cls(every, _Boxes([rule.box for rule in every]), places, owners)

    def own(self, index: int) -> int:
        """Return the boxes of one rule."""
        return sum(1 << place for place in self.places[index])


def _covered(space: Space, listed: _Listed, earlier: int, here: int) -> bool:
    within = listed.every[here].box
    around = listed.boxes.sharing(within) & earlier
    rules = [
        Rule(_stretched(space, listed.every[place], within).box, True) for place in _places(around)
    ]
    return first_match(space.diagrams, rules) is ALL


def _decides_nothing(space: Space, listed: _Listed, asked: int, index: int) -> bool:
    """Compare what passes within each box of a rule with all its boxes and with none of them."""
    own = listed.own(index)
    for here in listed.places[index]:
        within = listed.every[here].box
        around = listed.boxes.sharing(within) & asked
        if listed.every[here].allow and _more_than(listed, within, around & ~own):
            return False  # it lets in what no other rule speaks of
        up_to_it = around & ((2 << here) - 1)  # it fills the box: nothing behind it is asked
        with_it, without_it = (
            [_stretched(space, listed.every[place], within) for place in _places(those)]
            for those in (up_to_it, around & ~own)
        )
        if first_match(space.diagrams, with_it) is not first_match(space.diagrams, without_it):
            return False
    return True


def _more_than(listed: _Listed, within: Box, others: int) -> bool:
    """Tell whether a box has more points than all it shares with the others, counted one by one."""
    left = _points(within)
    for place in _places(others):
        shared = common(listed.every[place].box, within)
        left -= _points(shared) if shared else 0
    return left > 0


def _points(box: Box) -> int:
    return prod(last - first + 1 for first, last in box)


def _stretched(space: Space, rule: Rule, within: Box) -> Rule:
    """Return the rule's part within a box, where that reaches the box's edge without an edge.

    So the box becomes all there is, and a rule that fills it ends the search behind it.
    """
    runs = []
    for (first, last), (low, high), size in zip(
        rule.box, within, space.diagrams.sizes, strict=True
    ):
        runs.append((0 if first <= low else first, size - 1 if last >= high else last))
    return Rule(tuple(runs), rule.allow)


def _places(bits: int) -> Iterator[int]:
    while bits:
        bit = bits & -bits
        bits ^= bit
        yield bit.bit_length() - 1


def common(one: Box, other: Box) -> Box | None:
    """Return what two boxes share, None when nothing."""
    shared = []
    for (first, last), (other_first, other_last) in zip(one, other, strict=True):
        start, end = max(first, other_first), min(last, other_last)
        if start > end:
            return None
        shared.append((start, end))
    return tuple(shared)


class _Boxes:
    """Boxes that can tell which of them share points with one, as a number with one bit each."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        self._fields = [_Runs(runs) for runs in zip(*boxes, strict=True)]

    def sharing(self, box: Box) -> int:
        """Return the boxes that share a point with this one."""
        found: int = -1
        for runs, run in zip(self._fields, box, strict=True):
            found &= runs.sharing(run)
        return found


class _Runs:
    """Runs of one field, by where they start and where they end."""

    def __init__(self, runs: Sequence[Run]) -> None:
        starts = sorted((first, index) for index, (first, _) in enumerate(runs))
        ends = sorted((last, index) for index, (_, last) in enumerate(runs))
        self._starts = [first for first, _ in starts]
        self._ends = [last for last, _ in ends]
        self._started: list[int] = [0, *accumulate((1 << index for _, index in starts), or_)]
        self._ended: list[int] = [0, *accumulate((1 << index for _, index in ends), or_)]

    def sharing(self, run: Run) -> int:
        """Return the runs that started by the end of this one and had not ended before it."""
        started: int = self._started[bisect_right(self._starts, run[1])]
        return started & ~self._ended[bisect_left(self._ends, run[0])]
