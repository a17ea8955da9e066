"""Gathering all that a plan is made from. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address

from broker.adapter import Adapter, ConsoleLog, Limits
from broker.errors import NotFound
from broker.model import Firewall, GroupPeer, Instance, Network, NicSpec, Offer, Strict

Addresses = Mapping[str, tuple[IPv4Address | IPv6Address, ...]]


class Look(Strict):
    """The source machine and its surroundings, and what the target offers and has.

    ``members`` are the addresses of the machines that wear a firewall other rules speak of;
    ``taken`` are the addresses in use on each network of the target.
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


def look(source: Adapter, target: Adapter, instance: Instance) -> Look:
    """Return what a plan to move ``instance`` from ``source`` to ``target`` is made from."""
    nics = instance.spec.nics
    worn = dict.fromkeys(firewall for nic in nics for firewall in nic.firewalls)
    firewalls = tuple(source.firewall(one) for one in worn)
    limits = target.limits
    there = target.instances()
    return Look(
        source=source.name,
        target=target.name,
        instance=instance,
        networks=tuple(_found(source, dict.fromkeys(nic.network for nic in nics))),
        firewalls=firewalls,
        members=_members(source, firewalls),
        limits=limits,
        offers=() if limits.any_size else tuple(target.sizes()),
        target_networks=tuple(target.networks()),
        target_instances=tuple(one.name for one in there),
        taken=_taken(there),
        target_has_console=isinstance(target, ConsoleLog),
    )


def _found(source: Adapter, ids: Iterable[str]) -> list[Network]:
    """Return the networks that can be read: a card may be on one the account does not manage."""
    found = []
    for one in ids:
        try:
            found.append(source.network(one))
        except NotFound:
            continue
    return found


def _members(source: Adapter, firewalls: Iterable[Firewall]) -> Addresses:
    groups = dict.fromkeys(
        rule.peer.firewall
        for firewall in firewalls
        for rule in firewall.spec.rules
        if isinstance(rule.peer, GroupPeer)
    )
    cards = _cards(source.instances()) if groups else []
    return {
        group: tuple(
            address for card in cards if group in card.firewalls for address in card.addresses
        )
        for group in groups
    }


def _taken(instances: Iterable[Instance]) -> Addresses:
    taken: dict[str, tuple[IPv4Address | IPv6Address, ...]] = {}
    for card in _cards(instances):
        taken[card.network] = (*taken.get(card.network, ()), *card.addresses)
    return taken


def _cards(instances: Iterable[Instance]) -> list[NicSpec]:
    """Return the cards as they exist, with the addresses the provider gave them."""
    return [
        card
        for instance in instances
        for card in (*instance.spec.nics, *(nic.spec for nic in instance.nics))
    ]
