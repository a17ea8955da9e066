"""Rules that change nothing: all they say is said by others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import or_

from broker.firewall.diagram import Box, Rule, Run
from broker.firewall.first_match import first_match
from broker.firewall.space import Space
from broker.model import Action, FirewallRule


def without_needless(
    space: Space, rules: Sequence[FirewallRule], behind: Sequence[FirewallRule] = ()
) -> list[FirewallRule]:
    """Return the rules, in their order, without those that decide nothing others would not.

    ``behind`` are rules that follow them and stay.
    """
    every = [
        Rule(box, rule.action is Action.ALLOW)
        for rule in (*rules, *behind)
        for box in space.boxes_of(rule)
    ]
    boxes = _Boxes([rule.box for rule in every])
    asked = (1 << len(every)) - 1
    needless: set[int] = set()
    places: list[range] = []
    for rule in rules:
        start = places[-1].stop if places else 0
        places.append(range(start, start + sum(1 for _ in space.boxes_of(rule))))
    for index in reversed(range(len(rules))):
        own = sum(1 << place for place in places[index])
        if all(_decides_nothing(space, every, boxes, asked, own, here) for here in places[index]):
            needless.add(index)
            asked &= ~own
    return [rule for index, rule in enumerate(rules) if index not in needless]


def _decides_nothing(
    space: Space, every: Sequence[Rule], boxes: _Boxes, asked: int, own: int, here: int
) -> bool:
    """Compare what passes within one box of a rule with all its boxes and with none of them."""
    within = every[here].box
    around = boxes.sharing(within) & asked
    with_it = [_stretched(space, every[place], within) for place in _places(around)]
    without_it = [_stretched(space, every[place], within) for place in _places(around & ~own)]
    return first_match(space.diagrams, with_it) is first_match(space.diagrams, without_it)


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
