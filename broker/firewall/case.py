"""One firewall to say in the words of one target: all that is known before the saying."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from broker.adapter import FirewallLimits
from broker.firewall.diagram import NOTHING, Node
from broker.firewall.effective import NOBODY, Around, Layer, connections
from broker.firewall.needless import without_needless
from broker.firewall.pack import pack
from broker.firewall.sayable import in_all, sayable, unspoken
from broker.firewall.space import MOST_NAMES, Known, Space, in_order, names_in, peer_name
from broker.model import AddressSetPeer, Family, FirewallRule, FirewallSpec, GroupPeer, Peer


@dataclass(frozen=True, kw_only=True)
class Case:
    """``before`` is what passes at the source, ``wanted`` the most of it that allows can say.

    ``lists`` are the rules of each firewall in the order they are asked, with those the source puts
    behind every firewall; ``alone`` tells that nothing else decides.
    ``peers`` are the names the target's rules may use, ``partly`` those of them that have fewer
    members there. ``forgets`` tells that both sides look at each packet by itself. ``families`` are
    those that the target's network speaks. ``platform`` is what the target's firewalls have no say
    in, ``there`` what stands around the target's cards.
    """

    spec: FirewallSpec
    limits: FirewallLimits
    lists: Sequence[Sequence[FirewallRule]]
    alone: bool
    forgets: bool
    peers: Mapping[str, Peer]
    partly: Collection[str]
    known: Known
    families: Collection[Family]
    there: Around
    space: Space
    before: Node
    wanted: Node
    platform: Node

    @classmethod
    def of(
        cls,
        spec: FirewallSpec,
        limits: FirewallLimits,
        also: Sequence[FirewallSpec],
        behind: Around,
        there: Around,
        defaults: Sequence[FirewallRule],
        references: Collection[str],
        partly: Collection[str],
        known: Known,
        families: Collection[Family],
    ) -> Self:
        """Return the case; see ``translate`` for the arguments."""
        lists = [[*in_order(one.rules), *defaults] for one in (spec, *also)]
        rules = [rule for one in lists for rule in one]
        alone = not also and behind == NOBODY
        forgets = not spec.stateful and limits.stateless and alone and there == NOBODY
        deep = [*_rules(behind), *_rules(there)]
        platform = [rule for each in limits.platform for rule in each.rules]
        peers = _peers([*rules, *deep], limits, {*references, *partly})
        known = {name: where for name, where in known.items() if name not in peers}
        space = Space(names_in([*rules, *deep, *limits.defaults, *platform]), known)
        own = Layer(firewalls=(spec, *also), defaults=tuple(defaults))
        before = space.passing(rules) if forgets else connections(space, [own], behind)
        return cls(
            spec=spec,
            limits=limits,
            lists=lists,
            alone=alone,
            forgets=forgets,
            peers=peers,
            partly=partly,
            known=known,
            families=families,
            there=there,
            space=space,
            before=before,
            wanted=sayable(space, before, limits, frozenset(peers), families),
            platform=space.diagrams.either(
                space.passing(platform), unspoken(space, limits, families)
            ),
        )

    @cached_property
    def rules(self) -> Sequence[FirewallRule]:
        """All rules, those of one firewall behind each other."""
        return [rule for one in self.lists for rule in one]

    @cached_property
    def deciding(self) -> frozenset[FirewallRule]:
        """The rules without which something else could pass at the source, whoever is in a group.

        All of them where there are more groups than can be told apart.
        """
        names = names_in(self.rules)
        if len(names) > MOST_NAMES:
            return frozenset(self.rules)
        space = Space(names)
        return frozenset(rule for one in self.lists for rule in without_needless(space, one))

    @cached_property
    def places(self) -> Mapping[FirewallRule, int]:
        """Where each rule stands in the firewall, the first time it does."""
        return {rule: place for place, rule in reversed(list(enumerate(self.spec.rules)))}

    def packed(self, packets: Node) -> list[FirewallRule] | None:
        """Return the fewest rules that let through a set which the target can say; see ``pack``."""

        def for_names(members: Node) -> Node:
            return in_all(self.space, members, self.limits, self.families)

        return pack(self.space, packets, self.peers, for_names)

    def after(self, parts: Sequence[FirewallSpec]) -> Node:
        """Return what passes a card of the target that wears ``parts``."""
        if self.forgets:
            passing = NOTHING
            for part in parts:
                rules = [*in_order(part.rules), *self.limits.defaults]
                passing = self.space.diagrams.either(passing, self.space.passing(rules))
            return passing
        return connections(self.space, [self.worn(parts)], self.there)

    def behind_edge(self, layer: Layer) -> Self:
        """Return the case with one more layer around the target's cards."""
        there = self.there.model_copy(update={"layers": (*self.there.layers, layer)})
        return replace(self, there=there)

    def worn(self, parts: Sequence[FirewallSpec]) -> Layer:
        """Return what stands at a card of the target that wears ``parts``."""
        return Layer(firewalls=tuple(parts), defaults=self.limits.defaults)

    def judged(self, packets: Node) -> Node:
        """Return the packets of a set that the target's firewalls have a say in."""
        return self.space.diagrams.but_not(packets, self.platform)


def _rules(around: Around) -> list[FirewallRule]:
    return [
        *around.policy,
        *(
            rule
            for layer in around.layers
            for rules in (*(each.rules for each in layer.firewalls), layer.defaults)
            for rule in rules
        ),
    ]


def _peers(
    rules: Sequence[FirewallRule], limits: FirewallLimits, references: Collection[str]
) -> dict[str, Peer]:
    can_name = {GroupPeer: limits.group_peers, AddressSetPeer: limits.address_sets}
    return {
        name: rule.peer
        for rule in rules
        if can_name.get(type(rule.peer), False)
        if (name := peer_name(rule.peer)) is not None and name in references
    }
