"""Gathering all that a plan is made from. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from broker.adapter import (
    Adapter,
    AddressesInUse,
    ClosedSizes,
    ConsoleLog,
    Counts,
    Limits,
    QuotaUse,
)
from broker.errors import NotFound
from broker.firewall.surroundings import (
    address_sets,
    cards,
    members,
    policies,
    subnet_firewalls,
)
from broker.migrate.quotas import used_by
from broker.model import (
    Firewall,
    FirewallRule,
    Instance,
    Network,
    NicSpec,
    Offer,
    Strict,
)

Addresses = Mapping[str, tuple[IPv4Address | IPv6Address, ...]]


class Look(Strict):
    """The source machine and its surroundings, and what the target offers and has.

    ``members`` are the addresses of the machines that wear a firewall other rules speak of, and
    ``address_sets`` what is in the lists they speak of; ``subnet_firewalls`` stand around the
    subnets of the machine's cards, by subnet, and ``policies`` before all of them, by network;
    ``defaults`` are the source's, behind every firewall. ``target_subnet_firewalls`` and
    ``target_policies`` are the same of those networks there that its cards may go to.
    ``closed_sizes`` are those the target's account cannot have, with why.
    ``taken`` are the addresses in use on each network of the target, and ``used`` is what its
    quotas count.
    """

    source: str
    target: str
    instance: Instance
    networks: tuple[Network, ...]
    firewalls: tuple[Firewall, ...]
    members: Addresses
    limits: Limits
    offers: tuple[Offer, ...]
    target_networks: tuple[Network, ...]
    target_instances: tuple[str, ...]
    taken: Addresses
    target_has_console: bool
    closed_sizes: Mapping[str, str] = {}
    used: Counts = Counts()
    address_sets: Mapping[str, tuple[IPv4Network | IPv6Network, ...]] = {}
    subnet_firewalls: Mapping[str, tuple[Firewall, ...]] = {}
    policies: Mapping[str, tuple[FirewallRule, ...]] = {}
    defaults: tuple[FirewallRule, ...] = ()
    target_subnet_firewalls: Mapping[str, tuple[Firewall, ...]] = {}
    target_policies: Mapping[str, tuple[FirewallRule, ...]] = {}


def look(
    source: Adapter, target: Adapter, instance: Instance, *, wanted: Collection[str] = ()
) -> Look:
    """Return what a plan to move ``instance`` from ``source`` to ``target`` is made from.

    ``wanted`` are names or ids of networks of the target that its cards may go to, beside those
    that are called like the source's.
    """
    nics = instance.spec.nics
    worn = dict.fromkeys(firewall for nic in nics for firewall in nic.firewalls)
    firewalls = tuple(source.firewall(one) for one in worn)
    limits = target.limits
    there = target.instances()
    networks = _found(source, dict.fromkeys(nic.network for nic in nics))
    target_networks = target.networks()
    places = _places(target_networks, {*wanted, *(network.spec.name for network in networks)})
    return Look(
        source=source.name,
        target=target.name,
        instance=instance,
        networks=tuple(networks),
        firewalls=firewalls,
        members=members(source, firewalls),
        limits=limits,
        offers=() if limits.any_size else tuple(target.sizes()),
        closed_sizes=target.closed_sizes() if isinstance(target, ClosedSizes) else {},
        target_networks=tuple(target_networks),
        target_instances=tuple(one.name for one in there),
        taken=_taken(target, there, places),
        target_has_console=isinstance(target, ConsoleLog),
        used=target.quota_use() if isinstance(target, QuotaUse) else used_by(there),
        address_sets=address_sets(source, firewalls, nics),
        subnet_firewalls=subnet_firewalls(source, nics),
        policies=policies(source, nics),
        defaults=source.limits.firewall.defaults,
        target_subnet_firewalls=subnet_firewalls(target, places),
        target_policies=policies(target, places),
    )


def _places(networks: Iterable[Network], wanted: Collection[str]) -> list[NicSpec]:
    """Return a card in every subnet of the networks with these names or ids."""
    return [
        NicSpec(network=network.id, subnet=subnet.id)
        for network in networks
        if network.id in wanted or network.spec.name in wanted
        for subnet in network.subnets
    ]


def _found(source: Adapter, ids: Iterable[str]) -> list[Network]:
    """Return the networks that can be read: a card may be on one the account does not manage."""
    found = []
    for one in ids:
        try:
            found.append(source.network(one))
        except NotFound:
            continue
    return found


def _taken(target: Adapter, instances: Iterable[Instance], places: Iterable[NicSpec]) -> Addresses:
    """Return what machines have, and in the networks of these places also what others have."""
    taken: dict[str, tuple[IPv4Address | IPv6Address, ...]] = {}
    for card in cards(instances):
        taken[card.network] = (*taken.get(card.network, ()), *card.addresses)
    if isinstance(target, AddressesInUse):
        for network in dict.fromkeys(place.network for place in places):
            taken[network] = (*taken.get(network, ()), *target.addresses_in_use(network))
    return taken
