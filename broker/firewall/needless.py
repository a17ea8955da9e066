"""Rules that change nothing: all they say is said by others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from broker.firewall.diagram import Box, Rule
from broker.firewall.first_match import first_match
from broker.firewall.space import Space
from broker.model import Action, FirewallRule


def without_needless(
    space: Space, rules: Sequence[FirewallRule], behind: Sequence[FirewallRule] = ()
) -> list[FirewallRule]:
    """Return the rules, in their order, without those that decide nothing others would not.

    ``behind`` are rules that follow them and stay.
    """
    every = [*rules, *behind]
    boxes = [list(space.boxes_of(rule)) for rule in every]
    kept = set(range(len(every)))
    near = _Near(boxes)
    for index in reversed(range(len(rules))):
        around = [other for other in near.of(index) if other in kept]
        if all(_decides_nothing(space, every, boxes, index, box, around) for box in boxes[index]):
            kept.discard(index)
    return [rule for index, rule in enumerate(rules) if index in kept]


def _decides_nothing(
    space: Space,
    rules: Sequence[FirewallRule],
    boxes: Sequence[Sequence[Box]],
    index: int,
    within: Box,
    around: Sequence[int],
) -> bool:
    """Compare what passes within a box with the rule and without it."""
    clipped = [
        (other, Rule(clip, rules[other].action is Action.ALLOW))
        for other in around
        for box in boxes[other]
        if (clip := common(box, within)) is not None
    ]
    with_it = first_match(space.diagrams, [rule for _, rule in clipped])
    without_it = first_match(space.diagrams, [rule for other, rule in clipped if other != index])
    return with_it is without_it


def common(one: Box, other: Box) -> Box | None:
    """Return what two boxes share, None when nothing."""
    shared = []
    for (first, last), (other_first, other_last) in zip(one, other, strict=True):
        start, end = max(first, other_first), min(last, other_last)
        if start > end:
            return None
        shared.append((start, end))
    return tuple(shared)


class _Near:
    """Which rules share packets with which."""

    def __init__(self, boxes: Sequence[Sequence[Box]]) -> None:
        self._boxes = boxes
        self._kinds: dict[tuple[object, ...], list[int]] = {}
        for index, own in enumerate(boxes):
            for kind in {(box[0], box[1]) for box in own}:
                self._kinds.setdefault(kind, []).append(index)

    def of(self, index: int) -> Iterator[int]:
        """Yield the rules that share packets with one, and itself, in order."""
        own = self._boxes[index]
        if not own:
            return
        for other in self._kinds[own[0][0], own[0][1]]:
            if any(_meet(box, theirs) for box in own for theirs in self._boxes[other]):
                yield other


def _meet(one: Box, other: Box) -> bool:
    # addresses, protocols and ports tell most rules apart: compared first, the rest rarely
    for field in (2, 3, 4, 5):
        if one[field][0] > other[field][1] or other[field][0] > one[field][1]:
            return False
    return True
