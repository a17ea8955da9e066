"""Rules that only allow, exchanged for others where there is no room for both at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from broker.adapter import FirewallLimits
from broker.errors import Invalid
from broker.firewall.budget import fits
from broker.firewall.diagram import NOTHING, Node
from broker.firewall.space import Space, names_in
from broker.model import FirewallRule

Rules = tuple[FirewallRule, ...]


def swap(
    there: Sequence[FirewallRule],
    come: Sequence[Rules],
    gone: Sequence[Rules],
    wanted: Sequence[FirewallRule],
    limits: FirewallLimits,
) -> Iterator[tuple[bool, Rules]]:
    """Yield what comes (True) and what goes (False), in the order that never has too many.

    A rule goes before all have come when what it lets through, and shall be let through from now
    on, is let through by others. Invalid where no order has room.
    """
    return iter(_Swap(there, come, gone, wanted, limits).steps())


class _Swap:
    def __init__(
        self,
        there: Sequence[FirewallRule],
        come: Sequence[Rules],
        gone: Sequence[Rules],
        wanted: Sequence[FirewallRule],
        limits: FirewallLimits,
    ) -> None:
        self._now = list(there)
        self._come = list(come)
        self._gone = list(gone)
        self._limits = limits
        self._space = Space(names_in([*there, *wanted]))
        self._wanted = self._space.passing(wanted)

    def steps(self) -> list[tuple[bool, Rules]]:
        steps: list[tuple[bool, Rules]] = []
        while self._come or self._gone:
            left = len(self._come) + len(self._gone)
            steps += [(False, rules) for rules in self._leaving()]
            steps += [(True, rules) for rules in self._coming()]
            if left == len(self._come) + len(self._gone):
                raise Invalid(
                    f"{len(self._come)} new rules have no room beside the {len(self._gone)} that "
                    "let the same through until then",
                    hint="Change the rules in two smaller steps, or make a new firewall and wear "
                    "that instead",
                )
        return steps

    def _leaving(self) -> Iterator[Rules]:
        """Take away what is not missed now."""
        for rules in list(self._gone):
            if self._missed(rules) is NOTHING:
                self._gone.remove(rules)
                self._now = [rule for rule in self._now if rule not in rules]
                yield rules

    def _coming(self) -> Iterator[Rules]:
        """Add what there is room for, first what lets another go."""
        missed = [self._missed(rules) for rules in self._gone]
        for rules in sorted(self._come, key=lambda each: not self._frees(each, missed)):
            if fits([*self._now, *rules], self._limits):
                self._come.remove(rules)
                self._now += rules
                yield rules

    def _missed(self, rules: Rules) -> Node:
        """Return what shall pass and would not without these."""
        diagrams = self._space.diagrams
        others = self._space.passing(rule for rule in self._now if rule not in rules)
        own = diagrams.both(self._space.passing(rules), self._wanted)
        return diagrams.but_not(own, others)

    def _frees(self, rules: Rules, missed: Sequence[Node]) -> bool:
        own = self._space.passing(rules)
        return any(self._space.diagrams.but_not(one, own) is NOTHING for one in missed)
