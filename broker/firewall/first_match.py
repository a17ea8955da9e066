"""What an ordered list of rules lets through, without walking through it packet by packet.

Which rules are still in question is a number with one bit a rule. Field after field the values are
cut where some rule in question begins or ends; what is left to decide depends on that number alone,
so each number is looked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from broker.firewall.diagram import ALL, NOTHING, Diagrams, Node, Rule

Found = TypeVar("Found")


def first_match(diagrams: Diagrams, rules: Sequence[Rule]) -> Node:
    """Return the points that the first rule to match lets through; what none matches is not."""
    return _Search(diagrams.sizes, rules, (NOTHING, ALL), diagrams.node).found()


def any_match(diagrams: Diagrams, rules: Sequence[Rule]) -> bool:
    """Tell whether the first rule to match lets any point through: the search ends at one."""
    return _Search(diagrams.sizes, rules, (False, True), _any).found()


def _any(_field: int, _starts: Sequence[int], children: Iterable[bool]) -> bool:
    return any(children)


class _Search(Generic[Found]):
    """``ends`` are what is found where nothing and where everything is let through.

    ``joined`` makes one of what is found behind the starts of a field's runs.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        rules: Sequence[Rule],
        ends: tuple[Found, Found],
        joined: Callable[[int, Sequence[int], Iterable[Found]], Found],
    ) -> None:
        self._sizes = sizes
        self._rules = rules
        self._ends = ends
        self._joined = joined
        self._every = (1 << len(rules)) - 1
        allows = sum(1 << index for index, rule in enumerate(rules) if rule.allow)
        # by what happens anyway: the rules that say otherwise
        self._opposed = (allows, self._every ^ allows)
        # per field: the rules that do not match each of its values
        self._narrow = _narrow(rules, sizes)
        # per field: the rules that match whatever it and the fields behind it are
        self._certain = [self._every]
        for narrow in reversed(self._narrow):
            self._certain.insert(0, self._certain[0] & ~narrow)
        self._known: dict[tuple[int, int, bool], Found] = {}

    def found(self) -> Found:
        """Return what is found of all rules."""
        return self._decide(0, self._every, allow=False)

    def _decide(self, field: int, asked: int, *, allow: bool) -> Found:
        """Return what the rules in ``asked`` let through, and ``allow`` of what none matches."""
        if certain := asked & self._certain[field]:
            first = certain & -certain
            allow = bool(first & self._opposed[False])
            asked &= first - 1
        # the last rules that say what happens anyway are not needed
        opposed = asked & self._opposed[allow]
        if not opposed:
            return self._ends[allow]
        asked &= (1 << opposed.bit_length()) - 1
        while not asked & self._narrow[field]:
            field += 1
        key = (field, asked, allow)
        found = self._known.get(key)
        if found is None:
            turns = self._turns(field, asked)
            starts = sorted(turns)
            behind = self._behind(field + 1, asked & ~self._narrow[field], allow, turns, starts)
            found = self._known[key] = self._joined(field, starts, behind)
        return found

    def _behind(
        self, field: int, asked: int, allow: bool, turns: dict[int, int], starts: Sequence[int]
    ) -> Iterator[Found]:
        for start in starts:
            asked ^= turns[start]
            yield self._decide(field, asked, allow=allow)

    def _turns(self, field: int, asked: int) -> dict[int, int]:
        """Return the values where rules begin or end to match, with those rules."""
        turns: dict[int, int] = {0: 0}
        left = asked & self._narrow[field]
        while left:
            bit = left & -left
            left ^= bit
            first, last = self._rules[bit.bit_length() - 1].box[field]
            turns[first] = turns.get(first, 0) ^ bit
            turns[last + 1] = turns.get(last + 1, 0) ^ bit
        turns.pop(self._sizes[field], None)
        return turns


def _narrow(rules: Sequence[Rule], sizes: Sequence[int]) -> list[int]:
    full = [(0, size - 1) for size in sizes]
    found = [0] * len(full)
    for index, rule in enumerate(rules):
        for field, run in enumerate(rule.box):
            if run != full[field]:
                found[field] |= 1 << index
    return found
