"""Security groups. Their rules only allow, have no order, and cannot be changed once made."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from adapters.openstack import marks
from adapters.openstack.translate.networks import CLOSED, labels
from broker.errors import Unsupported
from broker.model import (
    DCCP,
    ICMP,
    ICMPV6,
    SCTP,
    TCP,
    UDP,
    UDPLITE,
    Action,
    AddressSetPeer,
    Attachment,
    AttachPoint,
    CidrPeer,
    Direction,
    Family,
    Firewall,
    FirewallRule,
    FirewallSpec,
    GroupPeer,
    Icmp,
    Peer,
    PortRange,
)

ETHERTYPES = {Family.IPV4: "IPv4", Family.IPV6: "IPv6"}
ETHERTYPES_READ = {word: family for family, word in ETHERTYPES.items()}
EVERYONE = {
    Family.IPV4: ipaddress.ip_network("0.0.0.0/0"),
    Family.IPV6: ipaddress.ip_network("::/0"),
}

# neutron_lib/constants.py, IP_PROTOCOL_MAP: a rule comes back with the word it was made with
PROTOCOLS: dict[str, int] = {
    "ah": 51,
    "dccp": 33,
    "egp": 8,
    "esp": 50,
    "gre": 47,
    "hopopt": 0,
    "icmp": ICMP,
    "icmpv6": ICMPV6,
    "igmp": 2,
    "ip": 0,
    "ipip": 4,
    "ipv6-encap": 41,
    "ipv6-frag": 44,
    "ipv6-icmp": ICMPV6,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "ipv6-route": 43,
    "ospf": 89,
    "pgm": 113,
    "rsvp": 46,
    "sctp": 132,
    "tcp": 6,
    "udp": 17,
    "udplite": 136,
    "vrrp": 112,
}
# with the words, not the numbers, neutron checks ports and ICMP types of a rule
WORDS = {
    TCP: "tcp",
    UDP: "udp",
    DCCP: "dccp",
    SCTP: "sctp",
    UDPLITE: "udplite",
    ICMP: "icmp",
    ICMPV6: "ipv6-icmp",
}

EVERY = 0
"""Not a protocol to neutron, but all of them (agent/linux/iptables_firewall.py, _protocol_arg)."""

IPV6_ONLY = frozenset({41, 43, 44, 59, 60, ICMPV6})
"""Most are headers between IPv6 and what it carries; neutron takes them in no rule for IPv4."""

FIRST_PORT, LAST_PORT = 1, 65535
"""neutron/db/securitygroups_db.py, _validate_port_range: 0 is an error."""

PROTOCOLS_SAID = frozenset(range(256)) - {EVERY} - IPV6_ONLY | {ICMPV6}
"""Protocols that rules for both families can have, each with its own ICMP."""


def closed(wearers: Iterable[str]) -> Firewall:
    """Return the firewall of the ports that nothing reaches, and that reach nothing."""
    return Firewall(id=CLOSED, spec=FirewallSpec(name=CLOSED), attached=_on(wearers))


def firewall(told: Mapping[str, Any], wearers: Iterable[str]) -> Firewall:
    """Return a security group; ``wearers`` are the ids of the ports that have it."""
    return Firewall(
        id=told["id"],
        spec=FirewallSpec(
            name=told["name"] or told["id"],
            rules=tuple(rule(each) for each in told["security_group_rules"]),
            stateful=told.get("stateful", True),
            description=marks.text(told.get("description")),
            labels=labels(told.get("tags", [])),
        ),
        attached=_on(wearers),
        native=told,
    )


def _on(ports: Iterable[str]) -> tuple[Attachment, ...]:
    return tuple(Attachment(point=AttachPoint.NIC, id=port) for port in ports)


def rule(told: Mapping[str, Any]) -> FirewallRule:
    """Return a rule; with neither peer nor prefix it speaks of everyone."""
    family = ETHERTYPES_READ[told["ethertype"]]
    protocol = _protocol(told["protocol"], family)
    first, last = told["port_range_min"], told["port_range_max"]
    is_icmp = protocol in (ICMP, ICMPV6)
    return FirewallRule(
        direction=Direction(told["direction"]),
        family=family,
        peer=_peer(told, family),
        protocol=protocol,
        ports=None if is_icmp or first is None else PortRange(first=first, last=last),
        icmp=Icmp(type=first, code=last) if is_icmp and first is not None else None,
        description=told.get("description") or "",
    )


def forms(rule: FirewallRule) -> tuple[FirewallRule, ...]:
    """Return the same as rules that neutron gives back as it got them.

    It keeps ports 1 to 65535 as every port, which is one more: those are said in two rules.
    """
    if rule.icmp == Icmp():
        return (rule.model_copy(update={"icmp": None}),)
    if rule.ports == PortRange(first=0, last=LAST_PORT):
        return (rule.model_copy(update={"ports": None}),)
    if rule.ports == PortRange(first=FIRST_PORT, last=LAST_PORT):
        halves = PortRange(first=FIRST_PORT, last=1023), PortRange(first=1024, last=LAST_PORT)
        return tuple(rule.model_copy(update={"ports": half}) for half in halves)
    return (rule,)


def rule_wish(rule: FirewallRule, group: str) -> dict[str, object]:
    """Return the rule to be made; Unsupported for what a security group cannot say."""
    if rule.action is not Action.ALLOW:
        raise Unsupported("a security group only allows", hint="Translate the firewall first")
    if rule.priority is not None:
        raise Unsupported("rules of a security group have no order")
    if rule.source_ports is not None:
        raise Unsupported("a security group does not look at source ports")
    if rule.ports is not None and rule.ports.first < FIRST_PORT:
        raise Unsupported("neutron has no port 0", hint="Let the range begin at port 1")
    if not _is_said(rule):
        raise Unsupported(f"neutron has no rules for protocol {rule.protocol} of {rule.family}")
    wish: dict[str, object] = {
        "security_group_id": group,
        "direction": rule.direction.value,
        "ethertype": ETHERTYPES[rule.family],
        "description": rule.description,
    }
    if rule.protocol is not None:
        wish["protocol"] = WORDS.get(rule.protocol, str(rule.protocol))
    if rule.ports is not None:
        wish["port_range_min"], wish["port_range_max"] = rule.ports.first, rule.ports.last
    if rule.icmp is not None and rule.icmp.type is not None:
        wish["port_range_min"], wish["port_range_max"] = rule.icmp.type, rule.icmp.code
    match rule.peer:
        case CidrPeer(cidr=cidr):
            wish["remote_ip_prefix"] = str(cidr)
        case GroupPeer(firewall=peer):
            wish["remote_group_id"] = peer
        case AddressSetPeer(address_set=peer):
            wish["remote_address_group_id"] = peer
    return wish


def _is_said(rule: FirewallRule) -> bool:
    if rule.family is Family.IPV4:
        return rule.protocol not in IPV6_ONLY | {EVERY}
    # neutron would take ICMP for ICMPv6: another packet than was asked for
    return rule.protocol not in (ICMP, EVERY)


def _protocol(told: str | int | None, family: Family) -> int | None:
    if told is None or told == "any":
        return None
    word = str(told)
    number = int(word) if word.isdigit() else PROTOCOLS[word]
    if number == ICMP and family is Family.IPV6:
        return ICMPV6  # neutron takes one for the other, and keeps the word it was told
    return None if number == EVERY else number


def _peer(told: Mapping[str, Any], family: Family) -> Peer:
    if told.get("remote_group_id"):
        return GroupPeer(firewall=told["remote_group_id"])
    if told.get("remote_address_group_id"):
        return AddressSetPeer(address_set=told["remote_address_group_id"])
    prefix = told.get("remote_ip_prefix")
    return CidrPeer(cidr=ipaddress.ip_network(prefix, strict=False) if prefix else EVERYONE[family])
