"""What firewall rules speak of, read from an account: groups' members, address sets, subnets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from broker.adapter import Adapter, AddressSets, SubnetFirewalls
from broker.errors import NotFound
from broker.firewall.space import Known
from broker.model import AddressSetPeer, Firewall, FirewallRule, GroupPeer, Instance, NicSpec

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
    source: Adapter, firewalls: Iterable[Firewall]
) -> dict[str, tuple[IPv4Network | IPv6Network, ...]]:
    """Return what is in the address sets that rules speak of, as far as that can be read."""
    if not isinstance(source, AddressSets):
        return {}
    named = {
        rule.peer.address_set
        for rule in (*_rules(firewalls), *source.limits.firewall.defaults)
        if isinstance(rule.peer, AddressSetPeer)
    }
    found = {}
    for name in sorted(named):
        try:
            found[name] = tuple(source.address_set(name))
        except NotFound:
            continue
    return found


def subnet_firewalls(source: Adapter, nics: Iterable[NicSpec]) -> dict[str, tuple[Firewall, ...]]:
    """Return the firewalls around the subnets of cards."""
    if not isinstance(source, SubnetFirewalls):
        return {}
    subnets = sorted({nic.subnet for nic in nics if nic.subnet})
    return {subnet: tuple(source.subnet_firewalls(subnet)) for subnet in subnets}


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
