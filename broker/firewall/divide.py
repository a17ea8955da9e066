"""Denies that would be many allows, said once around the subnet, with plain allows on the cards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from broker.adapter import FirewallLimits
from broker.firewall.budget import fits, numbered
from broker.firewall.case import Case
from broker.firewall.diagram import NOTHING, Node
from broker.firewall.effective import Layer, connections
from broker.firewall.naming import edge_name
from broker.firewall.pack import pack
from broker.firewall.rewrite import rewritten
from broker.firewall.sayable import sayable
from broker.firewall.space import FAMILIES, Network
from broker.model import EVERYONE, Action, CidrPeer, Direction, FirewallRule, FirewallSpec, Strict


class Edge(Strict):
    """A subnet with nobody but the machine in it: what its firewall can say, and its addresses."""

    limits: FirewallLimits
    inside: tuple[Network, ...]

    def layer(self, around: FirewallSpec) -> Layer:
        """Return what stands at the edge, with what does not cross it in front."""
        spared = self.inside if self.limits.spares_neighbours else ()
        rules = (*neighbours(spared), *around.rules)
        return Layer(
            firewalls=(around.model_copy(update={"rules": rules}),), defaults=self.limits.defaults
        )


class Divided(NamedTuple):
    """What the cards let through, what the subnet's firewall says, and what passes both."""

    on_cards: Node
    around: FirewallSpec
    passing: Node


def neighbours(inside: Sequence[Network]) -> tuple[FirewallRule, ...]:
    """Return rules for the packets between machines of one subnet, asked before all others."""
    return tuple(
        FirewallRule(
            direction=direction,
            family=family,
            peer=CidrPeer(cidr=cidr),
            priority=0,
            description="does not leave the subnet",
        )
        for cidr in inside
        for family in FAMILIES
        if family == f"ipv{cidr.version}"
        for direction in Direction
    )


def divide(case: Case, edge: Edge) -> Divided | None:
    """Return the best way to say it at two places, None where none stops all that it has to.

    The cards let through what the source's allows do, the subnet's edge stops what they should not.
    """
    diagrams = case.space.diagrams
    own = rewritten(case.rules, case.limits, case.peers, case.partly, case.known)
    allowed = case.space.passing(rule for rule in own if rule.action is Action.ALLOW)
    on_cards = sayable(case.space, allowed, case.limits, frozenset(case.peers), case.families)
    excess = case.judged(diagrams.but_not(on_cards, case.before))
    found: list[Divided] = []
    for denies in _denies(case, excess, edge.limits):
        around = _around(case, denies, edge.limits)
        if fits(around.rules, edge.limits):
            passing = diagrams.both(on_cards, connections(case.space, [edge.layer(around)]))
            if case.judged(diagrams.but_not(passing, case.before)) is NOTHING:
                found.append(Divided(on_cards, around, passing))
    return min(
        found,
        key=lambda each: (
            case.judged(diagrams.but_not(case.wanted, each.passing)) is not NOTHING,
            len(each.around.rules),
        ),
        default=None,
    )


def _denies(case: Case, excess: Node, limits: FirewallLimits) -> Iterator[list[FirewallRule]]:
    """Yield denies of the excess: as the source says them, and the least that can be said."""
    own = [rule for rule in case.rules if rule.action is Action.DENY]
    yield rewritten(own, limits, {}, (), case.known)
    diagrams = case.space.diagrams
    least = diagrams.negated(sayable(case.space, diagrams.negated(excess), limits))
    packed = pack(case.space, least, {})
    if packed is not None:
        yield packed


def _around(case: Case, denies: Sequence[FirewallRule], limits: FirewallLimits) -> FirewallSpec:
    stop = [rule.model_copy(update={"action": Action.DENY, "priority": 0}) for rule in denies]
    others = [
        FirewallRule(direction=direction, family=family, peer=EVERYONE[family])
        for direction in Direction
        for family in FAMILIES
    ]
    return case.spec.model_copy(
        update={
            "name": edge_name(case.spec.name),
            "rules": tuple(numbered([*stop, *others], limits)),
            "stateful": not limits.stateless,
        }
    )
