"""A firewall rule in one line, for people."""

from __future__ import annotations

from broker.model import (
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    AddressSetPeer,
    CidrPeer,
    Direction,
    FirewallRule,
    GroupPeer,
    Peer,
    PortRange,
)

PROTOCOLS = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMPV6: "icmpv6"}


def in_words(rule: FirewallRule) -> str:
    """Return the rule as people say it: ``allow tcp 22 from 10.0.0.0/8``."""
    parts = [rule.action.value, _protocol(rule)]
    if rule.ports:
        parts.append(_ports(rule.ports))
    if rule.source_ports:
        parts.append(f"source port {_ports(rule.source_ports)}")
    if rule.icmp and rule.icmp.type is not None:
        code = "" if rule.icmp.code is None else f" code {rule.icmp.code}"
        parts.append(f"type {rule.icmp.type}{code}")
    parts.append("from" if rule.direction is Direction.INGRESS else "to")
    parts.append(_peer(rule.peer))
    return " ".join(parts)


def _protocol(rule: FirewallRule) -> str:
    if rule.protocol is None:
        return f"any {rule.family}"
    return PROTOCOLS.get(rule.protocol, f"protocol {rule.protocol}")


def _ports(ports: PortRange) -> str:
    return str(ports.first) if ports.first == ports.last else f"{ports.first}-{ports.last}"


def _peer(peer: Peer) -> str:
    match peer:
        case CidrPeer(cidr=cidr):
            return str(cidr)
        case GroupPeer(firewall=firewall):
            return f"group {firewall}"
        case AddressSetPeer(address_set=address_set):
            return f"address set {address_set}"
