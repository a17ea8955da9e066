"""A judge of single packets that shares no code with what it judges."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from broker.model import (
    Action,
    CidrPeer,
    Direction,
    FirewallRule,
    FirewallSpec,
    GroupPeer,
    PortRange,
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Members = Mapping[str, frozenset[Address]]
"""Who is in each group and address set, by id."""


@dataclass(frozen=True)
class Probe:
    direction: Direction
    address: Address
    protocol: int
    port: int = 0
    source_port: int = 0
    icmp: tuple[int, int] = (0, 0)


ANSWERS = {1: {8: 0, 13: 14, 15: 16, 17: 18}, 58: {128: 129}}
"""ICMP questions and their answers, of each family."""


def answer(probe: Probe) -> Probe | None:
    """The packet that comes back, None where none has to."""
    other = Direction.EGRESS if probe.direction is Direction.INGRESS else Direction.INGRESS
    icmp = probe.icmp
    if probe.protocol in ANSWERS:
        if icmp[0] not in ANSWERS[probe.protocol]:
            return None
        icmp = (ANSWERS[probe.protocol][icmp[0]], icmp[1])
    return Probe(other, probe.address, probe.protocol, probe.source_port, probe.port, icmp)


def exists(probe: Probe) -> bool:
    """Whether there are such packets: each ICMP has its own family."""
    return probe.protocol != {4: 58, 6: 1}[probe.address.version]


def matches(rule: FirewallRule, probe: Probe, members: Members) -> bool:
    if rule.direction != probe.direction or rule.family != f"ipv{probe.address.version}":
        return False
    match rule.peer:
        case CidrPeer(cidr=cidr):
            here = probe.address in cidr
        case GroupPeer(firewall=group):
            here = probe.address in members.get(group, frozenset())
        case _:
            here = probe.address in members.get(rule.peer.address_set, frozenset())
    if not here or rule.protocol not in (None, probe.protocol):
        return False
    if rule.ports and not rule.ports.first <= probe.port <= rule.ports.last:
        return False
    if rule.source_ports and not (
        rule.source_ports.first <= probe.source_port <= rule.source_ports.last
    ):
        return False
    if rule.icmp and rule.icmp.type is not None:
        if probe.icmp[0] != rule.icmp.type:
            return False
        return rule.icmp.code in (None, probe.icmp[1])
    return True


def passes(rules: Iterable[FirewallRule], probe: Probe, members: Members) -> bool:
    """First match, by priority; of one priority denies first; without a priority last."""

    def rank(rule: FirewallRule) -> tuple[float, int]:
        place = float("inf") if rule.priority is None else rule.priority
        return place, 0 if rule.action is Action.DENY else 1

    for rule in sorted(rules, key=rank):
        if matches(rule, probe, members):
            return rule.action is Action.ALLOW
    return False


def lets(
    specs: Sequence[FirewallSpec],
    probe: Probe,
    members: Members,
    defaults: Sequence[FirewallRule] = (),
) -> bool:
    """Whether one of several firewalls lets the packet through."""
    return any(
        passes(spec.rules, probe, members)
        if any(matches(rule, probe, members) for rule in spec.rules)
        else passes([], probe, members) or _default(defaults, probe, members)
        for spec in specs
    )


def _default(defaults: Sequence[FirewallRule], probe: Probe, members: Members) -> bool:
    for rule in defaults:
        if matches(rule, probe, members):
            return rule.action is Action.ALLOW
    return False


def probes(
    rng: random.Random, rules: Sequence[FirewallRule], members: Members, count: int
) -> list[Probe]:
    """Return packets at and beside the edges of the rules, where mistakes are."""
    addresses: list[Address] = [
        ipaddress.ip_address("198.51.100.1"),
        ipaddress.ip_address("2001:db8::1"),
        *(one for group in members.values() for one in group),
    ]
    ports = [0, 1, 65535]
    protocols = [6, 17, 1, 58, 47, 132]
    types = [(8, 0), (0, 0), (3, 1)]
    for rule in rules:
        if isinstance(rule.peer, CidrPeer):
            addresses += _edges(rule.peer.cidr)
        for span in (rule.ports, rule.source_ports):
            ports += _around(span)
        if rule.protocol is not None:
            protocols.append(rule.protocol)
        if rule.icmp and rule.icmp.type is not None:
            types += [(rule.icmp.type, rule.icmp.code or 0), (rule.icmp.type, 7)]
    return [
        Probe(
            direction=rng.choice(list(Direction)),
            address=rng.choice(addresses),
            protocol=rng.choice(protocols),
            port=rng.choice(ports),
            source_port=rng.choice(ports),
            icmp=rng.choice(types),
        )
        for _ in range(count)
    ]


def _around(span: PortRange | None) -> list[int]:
    if span is None:
        return []
    wanted = (span.first - 1, span.first, span.last, span.last + 1)
    return [port for port in wanted if 0 <= port <= 65535]


def _edges(cidr: ipaddress.IPv4Network | ipaddress.IPv6Network) -> list[Address]:
    make = ipaddress.IPv4Address if cidr.version == 4 else ipaddress.IPv6Address
    first, last = int(cidr.network_address), int(cidr.broadcast_address)
    top = (1 << cidr.max_prefixlen) - 1
    return [make(one) for one in (first - 1, first, last, last + 1) if 0 <= one <= top]
