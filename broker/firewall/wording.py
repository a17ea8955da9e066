"""Firewall rules and sets of packets in few words, for people."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from broker.firewall.diagram import Box, Run
from broker.firewall.space import (
    ADDRESS_BITS,
    DIRECTIONS,
    FAMILIES,
    FAMILY_BITS,
    SIZES,
    Field,
    peer_name,
)
from broker.model import (
    DCCP,
    ICMP,
    ICMPV6,
    SCTP,
    TCP,
    UDP,
    UDPLITE,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    PortRange,
)

PROTOCOLS = {
    TCP: "tcp",
    UDP: "udp",
    SCTP: "sctp",
    ICMP: "icmp",
    ICMPV6: "icmpv6",
    DCCP: "dccp",
    UDPLITE: "udplite",
}
WITH_TYPES = frozenset({ICMP, ICMPV6})

SHOWN = 4
"""More address ranges than this are a listing, not a sentence."""


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
    parts.append(WAYS[rule.direction])
    parts.append(str(rule.peer.cidr) if isinstance(rule.peer, CidrPeer) else f"{_name(rule)}")
    return " ".join(parts)


WAYS = {Direction.INGRESS: "from", Direction.EGRESS: "to"}


def _name(rule: FirewallRule) -> str | None:
    return peer_name(rule.peer)


def _protocol(rule: FirewallRule) -> str:
    return f"any {rule.family}" if rule.protocol is None else protocol_name(rule.protocol)


def protocol_name(number: int) -> str:
    """Return the name of a protocol, or its number in words."""
    return PROTOCOLS.get(number, f"protocol {number}")


def _ports(ports: PortRange) -> str:
    return _run((ports.first, ports.last))


def _run(run: Run) -> str:
    first, last = run
    return str(first) if first == last else f"{first}-{last}"


def packets_in_words(boxes: Iterable[Box], names: Sequence[str]) -> list[str]:
    """Return one line for all addresses the same packets come from: ``tcp/22 from 10.0.0.0/8``."""
    addresses: dict[tuple[Box, Box], list[Run]] = {}
    for box in boxes:
        key = (box[: Field.ADDRESS], box[Field.ADDRESS + 1 :])
        addresses.setdefault(key, []).append(box[Field.ADDRESS])
    return [_line(before, runs, behind, names) for (before, behind), runs in addresses.items()]


def _line(before: Box, runs: Sequence[Run], behind: Box, names: Sequence[str]) -> str:
    protocol, port, source_port, *members = behind
    # a box with both directions or families holds all of either: one of them stands for both
    direction = DIRECTIONS[before[Field.DIRECTION][0]]
    family = FAMILIES[before[Field.FAMILY][0]]
    both_ways = before[Field.DIRECTION] == (0, 1)
    words = [service(protocol, port, family if before[Field.FAMILY] != (0, 1) else None)]
    words.append("from or to" if both_ways else WAYS[direction])
    words.append(_addresses(runs, family, everyone=before[Field.FAMILY] == (0, 1)))
    if source_port != (0, SIZES[Field.SOURCE_PORT] - 1):
        words.append(f"source port {_run(source_port)}")
    for name, member in zip(names, members, strict=True):
        if member != (0, 1):
            words.append(f"in {name}" if member == (1, 1) else f"not in {name}")
    return " ".join(words)


def service(protocol: Run, port: Run, family: Family | None) -> str:
    """Return protocol and ports in words: ``tcp/443``, ``icmp/8/0``, ``any ipv6``."""
    if protocol == (0, 255):
        return f"any {family}" if family else "anything"
    if protocol[0] != protocol[1]:
        return f"protocols {_run(protocol)}"
    name = protocol_name(protocol[0])
    if port == (0, SIZES[Field.PORT] - 1):
        return name
    if protocol[0] in WITH_TYPES:
        return f"{name}/{_types(port)}"
    return f"{name}/{_run(port)}"


def _types(run: Run) -> str:
    (first, first_code), (last, last_code) = (divmod(value, 256) for value in run)
    if first == last and (first_code, last_code) == (0, 255):
        return str(first)
    if first == last:
        return f"{first}/{_run((first_code, last_code))}"
    if (first_code, last_code) == (0, 255):
        return _run((first, last))
    return f"{first}/{first_code}-{last}/{last_code}"


def _addresses(runs: Sequence[Run], family: Family, *, everyone: bool) -> str:
    if everyone:
        return "anyone"
    shift = ADDRESS_BITS - FAMILY_BITS[family]
    make = ipaddress.IPv4Address if family is Family.IPV4 else ipaddress.IPv6Address
    joined: list[list[int]] = []
    for first, last in runs:
        if joined and joined[-1][1] + 1 == first:
            joined[-1][1] = last
        else:
            joined.append([first, last])
    told = []
    for first, last in joined[:SHOWN]:
        ends = (make(first >> shift), make(last >> shift))
        networks = list(_networks(*ends))
        told.append(str(networks[0]) if len(networks) == 1 else f"{ends[0]}-{ends[1]}")
    more = len(joined) - SHOWN
    return ", ".join(told) + (f" and {more} more ranges" if more > 0 else "")


def _networks(
    first: ipaddress.IPv4Address | ipaddress.IPv6Address,
    last: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    if isinstance(first, ipaddress.IPv4Address) and isinstance(last, ipaddress.IPv4Address):
        return ipaddress.summarize_address_range(first, last)
    assert isinstance(first, ipaddress.IPv6Address)
    assert isinstance(last, ipaddress.IPv6Address)
    return ipaddress.summarize_address_range(first, last)
