"""What firewall rules speak of, read from an account: groups' members, address sets, subnets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from broker.adapter import (
    Adapter,
    AddressSets,
    NetworkAddressSets,
    NetworkPolicies,
    SubnetFirewalls,
)
from broker.errors import NotFound
from broker.firewall.space import Known, Network
from broker.model import (
    AddressSetPeer,
    Family,
    Firewall,
    FirewallRule,
    GroupPeer,
    Instance,
    NicSpec,
)

Addresses = Mapping[str, tuple[IPv4Address | IPv6Address, ...]]


def members(source: Adapter, firewalls: Iterable[Firewall]) -> Addresses:
    """Return the addresses of the machines in the groups that rules speak of."""
    groups = dict.fromkeys(
        rule.peer.firewall for rule in _rules(firewalls) if isinstance(rule.peer, GroupPeer)
    )
    every = cards(source.instances()) if groups else []
    return {
        group: tuple(
            address for card in every if group in card.firewalls for address in card.addresses
        )
        for group in groups
    }


def cards(instances: Iterable[Instance]) -> list[NicSpec]:
    """Return the cards as they exist, with the addresses the provider gave them."""
    return [
        card
        for instance in instances
        for card in (*instance.spec.nics, *(nic.spec for nic in instance.nics))
    ]


def address_sets(
    source: Adapter, firewalls: Iterable[Firewall], nics: Iterable[NicSpec]
) -> dict[str, tuple[Network, ...]]:
    """Return what is in the address sets that rules speak of, as far as that can be read.

    One that means different things on the networks of the cards stays unknown.
    """
    networks = sorted({nic.network for nic in nics})
    policy = [rule for rules in policies(source, nics).values() for rule in rules]
    named = {
        rule.peer.address_set
        for rule in (*_rules(firewalls), *policy, *source.limits.firewall.defaults)
        if isinstance(rule.peer, AddressSetPeer)
    }
    found = {}
    for name in sorted(named):
        meanings = set(_meanings(source, name, networks))
        if len(meanings) == 1:
            found[name] = meanings.pop()
    return found


def _meanings(source: Adapter, name: str, networks: Iterable[str]) -> Iterator[tuple[Network, ...]]:
    """Yield what a name stands for: on each network, or by itself where that is the same."""
    if isinstance(source, NetworkAddressSets):
        for network in networks:
            with contextlib.suppress(NotFound):
                yield tuple(sorted(source.network_address_set(name, network), key=str))
    if isinstance(source, AddressSets):
        with contextlib.suppress(NotFound):
            yield tuple(sorted(source.address_set(name), key=str))


def policies(source: Adapter, nics: Iterable[NicSpec]) -> dict[str, tuple[FirewallRule, ...]]:
    """Return the rules that come before all firewalls on the networks of cards."""
    if not isinstance(source, NetworkPolicies):
        return {}
    networks = sorted({nic.network for nic in nics})
    return {network: tuple(source.network_policy(network)) for network in networks}


def subnet_firewalls(source: Adapter, nics: Iterable[NicSpec]) -> dict[str, tuple[Firewall, ...]]:
    """Return the firewalls around the subnets of cards."""
    if not isinstance(source, SubnetFirewalls):
        return {}
    subnets = sorted({nic.subnet for nic in nics if nic.subnet})
    return {subnet: tuple(source.subnet_firewalls(subnet)) for subnet in subnets}


def spoken(source: Adapter, nics: Iterable[NicSpec]) -> frozenset[Family]:
    """Return the families on the networks of cards: all of them where one does not tell."""
    found: set[Family] = set()
    for network in sorted({nic.network for nic in nics}):
        try:
            found |= source.network(network).families or set(Family)
        except NotFound:
            return frozenset(Family)
    return frozenset(found)


def known_peers(
    groups: Addresses, sets: Mapping[str, Sequence[IPv4Network | IPv6Network]]
) -> Known:
    """Return the addresses behind groups that have members, and behind address sets."""
    return {
        **{
            f"group {group}": [ip_network(one) for one in dict.fromkeys(addresses)]
            for group, addresses in groups.items()
            if addresses
        },
        **{f"address set {name}": list(found) for name, found in sets.items()},
    }


def _rules(firewalls: Iterable[Firewall]) -> list[FirewallRule]:
    return [rule for firewall in firewalls for rule in firewall.spec.rules]
