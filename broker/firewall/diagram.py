"""Sets of points as decision diagrams over intervals: one set, one form.

A node looks at one field, cuts the field's values into runs and leads from each run to a node of a
later field, to ALL or to NOTHING. Neighbouring runs lead to different nodes, a node with a single
run is left out, and equal nodes are one object. So each set has exactly one form, and two sets are
equal when they are the same object (Bryant 1986, with runs of values in place of bits).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

Run = tuple[int, int]
"""First and last value, both included."""

Box = tuple[Run, ...]
"""One run a field: the points that are in every one of them."""

BEYOND = 1 << 30
"""The field of ALL and NOTHING: behind every other."""


class Node:
    """A set. Compared by identity; made only by ``Diagrams``."""

    __slots__ = ("children", "field", "starts")

    def __init__(self, field: int, starts: tuple[int, ...], children: tuple[Node, ...]) -> None:
        self.field = field
        self.starts = starts
        self.children = children


ALL = Node(BEYOND, (), ())
NOTHING = Node(BEYOND, (), ())


class Rule(NamedTuple):
    """What happens to the points of a box, unless an earlier rule said so."""

    box: Box
    allow: bool


class Diagrams:
    """The sets over fields with these numbers of values, and their algebra.

    Nodes of two different ``Diagrams`` do not mix.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = tuple(sizes)
        self._nodes: dict[tuple[int, tuple[int, ...], tuple[Node, ...]], Node] = {}
        self._both: dict[tuple[Node, Node], Node] = {}
        self._not: dict[Node, Node] = {ALL: NOTHING, NOTHING: ALL}

    def node(self, field: int, starts: Iterable[int], children: Iterable[Node]) -> Node:
        """Return the set that is each of ``children`` from its start in values of ``field`` on."""
        kept_starts: list[int] = []
        kept: list[Node] = []
        for start, child in zip(starts, children, strict=True):
            if not kept or kept[-1] is not child:
                kept_starts.append(start)
                kept.append(child)
        if len(kept) == 1:
            return kept[0]
        key = (field, tuple(kept_starts), tuple(kept))
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = Node(*key)
        return found

    def both(self, one: Node, other: Node) -> Node:
        """Return the points in both sets."""
        if one is NOTHING or other is NOTHING:
            return NOTHING
        if one is ALL or one is other:
            return other
        if other is ALL:
            return one
        found = self._both.get((one, other))
        if found is None:
            field = min(one.field, other.field)
            starts: list[int] = []
            children: list[Node] = []
            for start, mine, theirs in _side_by_side(one, other, field):
                starts.append(start)
                children.append(self.both(mine, theirs))
            found = self.node(field, starts, children)
            self._both[one, other] = self._both[other, one] = found
        return found

    def negated(self, one: Node) -> Node:
        """Return the points not in the set."""
        found = self._not.get(one)
        if found is None:
            found = self.node(one.field, one.starts, [self.negated(each) for each in one.children])
            self._not[one] = found
            self._not[found] = one
        return found

    def either(self, one: Node, other: Node) -> Node:
        """Return the points in at least one of the sets."""
        return self.negated(self.both(self.negated(one), self.negated(other)))

    def but_not(self, one: Node, other: Node) -> Node:
        """Return the points in ``one`` that are not in ``other``."""
        return self.both(one, self.negated(other))

    def whatever(self, one: Node, field: int) -> Node:
        """Return the points that stay in the set whatever their value of ``field`` becomes."""

        def of_field(node: Node) -> Node:
            kept = ALL
            for child in node.children:
                kept = self.both(kept, child)
            return kept

        return self._at(one, field, of_field, {})

    def given(self, one: Node, field: int, value: int) -> Node:
        """Return the points that are in the set once their value of ``field`` is ``value``."""

        def of_field(node: Node) -> Node:
            return node.children[bisect_right(node.starts, value) - 1]

        return self._at(one, field, of_field, {})

    def _at(
        self, one: Node, field: int, of_field: Callable[[Node], Node], seen: dict[Node, Node]
    ) -> Node:
        """Replace the nodes of one field."""
        if one.field > field:
            return one
        found = seen.get(one)
        if found is None:
            if one.field == field:
                found = of_field(one)
            else:
                below = [self._at(child, field, of_field, seen) for child in one.children]
                found = self.node(one.field, one.starts, below)
            seen[one] = found
        return found

    def box(self, box: Box) -> Node:
        """Return the set of the points of a box."""
        found = ALL
        for field in range(len(box) - 1, -1, -1):
            first, last = box[field]
            starts, children = [first], [found]
            if first > 0:
                starts, children = [0, *starts], [NOTHING, *children]
            if last + 1 < self.sizes[field]:
                starts, children = [*starts, last + 1], [*children, NOTHING]
            found = self.node(field, starts, children)
        return found

    def boxes(self, one: Node) -> Iterator[Box]:
        """Yield boxes that share no point and together are the set, in ascending order."""
        yield from self._boxes(one, ())

    def _boxes(self, one: Node, before: Box) -> Iterator[Box]:
        if one is NOTHING:
            return
        field = len(before)
        if field == len(self.sizes):
            yield before
        elif one.field > field:
            yield from self._boxes(one, (*before, (0, self.sizes[field] - 1)))
        else:
            for (first, last), child in self.runs(one):
                yield from self._boxes(child, (*before, (first, last)))

    def runs(self, one: Node) -> Iterator[tuple[Run, Node]]:
        """Yield the runs of a node's field and what each leads to."""
        ends = (*(start - 1 for start in one.starts[1:]), self.sizes[one.field] - 1)
        return zip(zip(one.starts, ends, strict=True), one.children, strict=True)


def has(one: Node, point: Sequence[int]) -> bool:
    """Tell whether a point, one value a field, is in the set."""
    while one.field != BEYOND:
        one = one.children[bisect_right(one.starts, point[one.field]) - 1]
    return one is ALL


def _side_by_side(one: Node, other: Node, field: int) -> Iterator[tuple[int, Node, Node]]:
    """Yield the runs on which both sets lead to one node each, with those."""
    mine, my_children = (one.starts, one.children) if one.field == field else ((0,), (one,))
    theirs, their_children = (
        (other.starts, other.children) if other.field == field else ((0,), (other,))
    )
    i = j = 0
    start = 0
    while True:
        yield start, my_children[i], their_children[j]
        my_next = mine[i + 1] if i + 1 < len(mine) else None
        their_next = theirs[j + 1] if j + 1 < len(theirs) else None
        if my_next is None and their_next is None:
            return
        if their_next is None or (my_next is not None and my_next <= their_next):
            assert my_next is not None
            start = my_next
        else:
            start = their_next
        i += my_next == start
        j += their_next == start
