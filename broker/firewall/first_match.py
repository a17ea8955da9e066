"""The set that an ordered list of rules lets through, without walking through it packet by packet.

Which rules are still in question is a number with one bit a rule. Field after field the values are
cut where some rule in question begins or ends; what is left to decide depends on that number alone,
so each number is looked at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from broker.firewall.diagram import ALL, NOTHING, Diagrams, Node, Rule


def first_match(diagrams: Diagrams, rules: Sequence[Rule]) -> Node:
    """Return the points that the first rule to match lets through; what none matches is not."""
    return _Search(diagrams, rules).decide(0, (1 << len(rules)) - 1, allow=False)


class _Search:
    def __init__(self, diagrams: Diagrams, rules: Sequence[Rule]) -> None:
        self._diagrams = diagrams
        self._rules = rules
        self._allows = sum(1 << index for index, rule in enumerate(rules) if rule.allow)
        # per field: the rules that match each of its values
        self._wide = _wide(rules, diagrams.sizes)
        # per field: the rules that match whatever it and the fields behind it are
        self._certain = [(1 << len(rules)) - 1]
        for wide in reversed(self._wide):
            self._certain.insert(0, self._certain[0] & wide)
        self._known: dict[tuple[int, int, bool], Node] = {}

    def decide(self, field: int, asked: int, *, allow: bool) -> Node:
        """Return what the rules in ``asked`` let through, and ``allow`` of what none matches."""
        if certain := asked & self._certain[field]:
            first = certain & -certain
            allow = bool(first & self._allows)
            asked &= first - 1
        # the last rules that say what happens anyway are not needed
        opposed = asked & (~self._allows if allow else self._allows)
        if not opposed:
            return ALL if allow else NOTHING
        asked &= (1 << opposed.bit_length()) - 1
        while not asked & ~self._wide[field]:
            field += 1
        key = (field, asked, allow)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._cut(field, asked, allow=allow)
        return found

    def _cut(self, field: int, asked: int, *, allow: bool) -> Node:
        turns: dict[int, int] = {0: 0}
        narrow = asked & ~self._wide[field]
        while narrow:
            bit = narrow & -narrow
            narrow ^= bit
            first, last = self._rules[bit.bit_length() - 1].box[field]
            turns[first] = turns.get(first, 0) ^ bit
            turns[last + 1] = turns.get(last + 1, 0) ^ bit
        turns.pop(self._diagrams.sizes[field], None)
        here = asked & self._wide[field]
        starts = sorted(turns)
        children = []
        for start in starts:
            here ^= turns[start]
            children.append(self.decide(field + 1, here, allow=allow))
        return self._diagrams.node(field, starts, children)


def _wide(rules: Sequence[Rule], sizes: Sequence[int]) -> list[int]:
    full = [(0, size - 1) for size in sizes]
    found = [0] * len(full)
    for index, rule in enumerate(rules):
        for field, run in enumerate(rule.box):
            if run == full[field]:
                found[field] |= 1 << index
    return found
