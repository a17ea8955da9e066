"""What stands between one machine and its networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network

from broker.adapter import Adapter, PlatformTraffic
from broker.errors import NotFound
from broker.firewall.diagram import NOTHING, Node
from broker.firewall.effective import Around, Layer, connections
from broker.firewall.proof import Proof, compare
from broker.firewall.space import Space, names_in, peer_name
from broker.firewall.surroundings import (
    address_sets,
    known_peers,
    members,
    policies,
    spoken,
    subnet_firewalls,
)
from broker.model import (
    AttachPoint,
    Family,
    Firewall,
    FirewallRule,
    GroupPeer,
    Instance,
    NicSpec,
    Strict,
)
from broker.model.base import SetOf


class Barrier(Strict):
    """The firewalls at one attach point of one card: a packet passes when any lets it."""

    point: AttachPoint
    firewalls: tuple[Firewall, ...]


class Card(Strict):
    """One card and what a packet has to pass on its way, all of it.

    What a rule of ``policy`` decides, no barrier is asked about.
    """

    nic: NicSpec
    barriers: tuple[Barrier, ...]
    policy: tuple[FirewallRule, ...] = ()


class Guard(Strict):
    """All that decides which packets reach a machine and leave it.

    ``known`` has the addresses behind the groups and address sets rules speak of; ``stale`` the
    groups that are gone. ``defaults`` stand behind the rules of every firewall; ``platform`` is
    traffic that no rule is asked about. ``families`` are spoken on the networks of its cards.
    """

    machine: str
    cards: tuple[Card, ...]
    defaults: tuple[FirewallRule, ...]
    platform: tuple[PlatformTraffic, ...]
    known: Mapping[str, tuple[IPv4Network | IPv6Network, ...]]
    stale: tuple[str, ...] = ()
    families: SetOf[Family] = frozenset(Family)

    @property
    def firewalls(self) -> tuple[Firewall, ...]:
        """Every firewall once."""
        found = {
            firewall.id: firewall
            for card in self.cards
            for barrier in card.barriers
            for firewall in barrier.firewalls
        }
        return tuple(found.values())

    @property
    def rules(self) -> list[FirewallRule]:
        """Every rule, of firewalls and defaults."""
        own = [rule for firewall in self.firewalls for rule in firewall.spec.rules]
        policy = dict.fromkeys(rule for card in self.cards for rule in card.policy)
        return [*policy, *own, *self.defaults]

    def connections(self, space: Space) -> Node:
        """Return the first packets of the connections that some card lets through."""
        passing = NOTHING
        for card in self.cards:
            layers = [
                Layer(
                    firewalls=tuple(each.spec for each in barrier.firewalls),
                    defaults=self.defaults if barrier.firewalls else (),
                )
                for barrier in card.barriers
            ]
            around = Around(policy=card.policy)
            passing = space.diagrams.either(passing, connections(space, layers, around))
        return passing


def guard(adapter: Adapter, instance: Instance) -> Guard:
    """Return what stands between a machine and its networks now."""
    nics = [nic.spec for nic in instance.nics] or list(instance.spec.nics)
    worn = {
        one: adapter.firewall(one)
        for one in dict.fromkeys(firewall for nic in nics for firewall in nic.firewalls)
    }
    around = subnet_firewalls(adapter, nics)
    every = [*worn.values(), *(one for found in around.values() for one in found)]
    limits = adapter.limits.firewall
    policy = policies(adapter, nics)
    known = known_peers(members(adapter, every), address_sets(adapter, every, nics))
    return Guard(
        machine=f"{adapter.name}/{instance.name}",
        cards=tuple(_card(nic, worn, around, policy) for nic in nics),
        defaults=limits.defaults,
        platform=limits.platform,
        known={name: tuple(found) for name, found in known.items()},
        stale=tuple(_stale(adapter, every)),
        families=spoken(adapter, nics),
    )


def _card(
    nic: NicSpec,
    worn: Mapping[str, Firewall],
    around: Mapping[str, Sequence[Firewall]],
    policy: Mapping[str, Sequence[FirewallRule]],
) -> Card:
    own = Barrier(
        point=AttachPoint.NIC, firewalls=tuple(worn[firewall] for firewall in nic.firewalls)
    )
    beside = around.get(nic.subnet, ()) if nic.subnet else ()
    return Card(
        nic=nic,
        barriers=(own, *(Barrier(point=AttachPoint.SUBNET, firewalls=(one,)) for one in beside)),
        policy=tuple(policy.get(nic.network, ())),
    )


def _stale(adapter: Adapter, firewalls: Iterable[Firewall]) -> list[str]:
    """Return the groups that rules speak of and that are gone."""
    named = {
        rule.peer.firewall
        for firewall in firewalls
        for rule in firewall.spec.rules
        if isinstance(rule.peer, GroupPeer)
    }
    gone = []
    for group in sorted(named - {firewall.id for firewall in firewalls}):
        try:
            adapter.firewall(group)
        except NotFound:
            gone.append(group)
    return gone


class Difference(Strict):
    """How what reaches one machine stands to what reaches another.

    ``platform`` names what only one of the platforms lets through unasked.
    """

    before: str
    after: str
    proof: Proof
    platform: tuple[str, ...]


def diff(before: Guard, after: Guard) -> Difference:
    """Return the difference of two machines, wherever they are.

    Groups are compared by their members' addresses, or by name where those are not known.
    """
    known = {**after.known, **before.known}
    if before.machine.partition("/")[0] != after.machine.partition("/")[0]:
        clash = before.known.keys() & after.known.keys()
        known = {name: where for name, where in known.items() if name not in clash}
    space = Space(names_in([*before.rules, *after.rules]), known)
    proof = compare(space, before.connections(space), after.connections(space))
    mine, theirs = ({each.name for each in one.platform} for one in (before, after))
    return Difference(
        before=before.machine,
        after=after.machine,
        proof=proof,
        platform=(
            *(f"only {before.machine}: {name}" for name in sorted(mine - theirs)),
            *(f"only {after.machine}: {name}" for name in sorted(theirs - mine)),
        ),
    )


def stale_peer(guard: Guard, rule: FirewallRule) -> bool:
    """Tell whether a rule speaks of a group that is gone."""
    return isinstance(rule.peer, GroupPeer) and rule.peer.firewall in guard.stale


def unknown_peer(guard: Guard, rule: FirewallRule) -> bool:
    """Tell whether nobody knows the addresses a rule speaks of."""
    name = peer_name(rule.peer)
    return name is not None and name not in guard.known
