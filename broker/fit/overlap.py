"""Which packets two firewall rules both speak of. Where that is not known, they overlap."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from broker.model import CidrPeer, FirewallRule, Icmp, Peer, PortRange

AnyNetwork = IPv4Network | IPv6Network


def overlap(one: FirewallRule, other: FirewallRule) -> bool:
    """Return whether some packet may match both rules."""
    return (
        one.direction is other.direction
        and one.family is other.family
        and (None in (one.protocol, other.protocol) or one.protocol == other.protocol)
        and _ports_overlap(one.ports, other.ports)
        and _ports_overlap(one.source_ports, other.source_ports)
        and _icmp_overlap(one.icmp, other.icmp)
        and _peers_overlap(one.peer, other.peer)
    )


def covers_but_for_peer(outer: FirewallRule, inner: FirewallRule) -> bool:
    """Return whether ``outer`` matches all that ``inner`` does, from the peers it speaks of."""
    return (
        outer.direction is inner.direction
        and outer.family is inner.family
        and outer.protocol in (None, inner.protocol)
        and _ports_cover(outer.ports, inner.ports)
        and _ports_cover(outer.source_ports, inner.source_ports)
        and _icmp_covers(outer.icmp, inner.icmp)
    )


def without(cidr: AnyNetwork, taken: AnyNetwork) -> list[AnyNetwork]:
    """Return the addresses of ``cidr`` that are not in ``taken``, as the fewest ranges."""
    if isinstance(cidr, IPv4Network) and isinstance(taken, IPv4Network):
        return _without4(cidr, taken)
    if isinstance(cidr, IPv6Network) and isinstance(taken, IPv6Network):
        return _without6(cidr, taken)
    return [cidr]


def _without4(cidr: IPv4Network, taken: IPv4Network) -> list[AnyNetwork]:
    if cidr.subnet_of(taken):
        return []
    return sorted(cidr.address_exclude(taken)) if taken.subnet_of(cidr) else [cidr]


def _without6(cidr: IPv6Network, taken: IPv6Network) -> list[AnyNetwork]:
    if cidr.subnet_of(taken):
        return []
    return sorted(cidr.address_exclude(taken)) if taken.subnet_of(cidr) else [cidr]


def _peers_overlap(one: Peer, other: Peer) -> bool:
    if isinstance(one, CidrPeer) and isinstance(other, CidrPeer):
        return one.cidr.overlaps(other.cidr)
    return True


def _ports_overlap(one: PortRange | None, other: PortRange | None) -> bool:
    if one is None or other is None:
        return True
    return one.first <= other.last and other.first <= one.last


def _ports_cover(outer: PortRange | None, inner: PortRange | None) -> bool:
    if outer is None:
        return True
    return inner is not None and outer.first <= inner.first and inner.last <= outer.last


def _icmp_overlap(one: Icmp | None, other: Icmp | None) -> bool:
    if one is None or other is None or one.type is None or other.type is None:
        return True
    return one.type == other.type and (None in (one.code, other.code) or one.code == other.code)


def _icmp_covers(outer: Icmp | None, inner: Icmp | None) -> bool:
    if outer is None or outer.type is None:
        return True
    if inner is None or inner.type != outer.type:
        return False
    return outer.code in (None, inner.code)
