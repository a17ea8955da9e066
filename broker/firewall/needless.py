"""Rules that change nothing: all they say is said by others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import or_
from typing import NamedTuple, Self

from broker.firewall.diagram import Box, Rule, Run
from broker.firewall.first_match import any_match
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
    """Tell whether earlier rules leave nothing of a box."""
    within = listed.every[here].box
    around = _places(listed.boxes.sharing(within) & earlier)
    rest = [_stretched(space, listed.every[place].box, within, allow=False) for place in around]
    return not any_match(space.diagrams, [*rest, _everything(space)])


def _decides_nothing(space: Space, listed: _Listed, asked: int, index: int) -> bool:
    """Tell whether, where a rule is the first to match, what comes behind it decides the same."""
    own = listed.own(index)
    for here in listed.places[index]:
        within, allow = listed.every[here]
        around = listed.boxes.sharing(within) & asked & ~own
        otherwise = [
            _stretched(space, box, within, allow=place > here and behind is not allow)
            for place in _places(around)
            for box, behind in [listed.every[place]]
        ]
        if allow:
            otherwise.append(_everything(space))
        if any_match(space.diagrams, otherwise):
            return False
    return True


def _stretched(space: Space, box: Box, within: Box, *, allow: bool) -> Rule:
    """Return a rule for a box's part within another, where that reaches its edge without an edge.

    So the other becomes all there is, and a rule that fills it ends the search behind it.
    """
    runs = []
    for (first, last), (low, high), size in zip(box, within, space.diagrams.sizes, strict=True):
        runs.append((0 if first <= low else first, size - 1 if last >= high else last))
    return Rule(tuple(runs), allow)


def _everything(space: Space) -> Rule:
    """Return a rule that lets everything through."""
    return Rule(tuple((0, size - 1) for size in space.diagrams.sizes), allow=True)


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
        self._starts, self._started = _up_to([first for first, _ in runs])
        self._ends, self._ended = _up_to([last for _, last in runs])

    def sharing(self, run: Run) -> int:
        """Return the runs that started by the end of this one and had not ended before it."""
        started = self._started[bisect_right(self._starts, run[1])]
        return started & ~self._ended[bisect_left(self._ends, run[0])]


def _up_to(values: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return the values in order, each once, and who has one of the first so many of them."""
    having: dict[int, int] = {}
    for index, value in enumerate(values):
        having[value] = having.get(value, 0) | 1 << index
    inorder = sorted(having)
    return inorder, list(accumulate((having[value] for value in inorder), or_, initial=0))
