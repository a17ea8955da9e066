"""Four ways to say a firewall, as the adapters' limits, and rule sets at random in each."""

from __future__ import annotations

import ipaddress
import random

from adapters.aws.limits import LIMITS as AWS
from adapters.azure.limits import LIMITS as AZURE
from adapters.kvm.limits import LIMITS as KVM
from adapters.openstack.limits import ADDRESS_GROUPS, STATELESS, firewall
from broker.adapter import FirewallLimits
from broker.model import (
    TCP,
    UDP,
    Action,
    AddressSetPeer,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    GroupPeer,
    Icmp,
    Peer,
    PortRange,
)
from tests.firewall import oracle

NEUTRON = firewall({ADDRESS_GROUPS, STATELESS})

DIALECTS: dict[str, FirewallLimits] = {
    "security groups": AWS.firewall,
    "network filters": KVM.firewall,
    "ordered groups with defaults": AZURE.firewall,
    "project groups": NEUTRON,
}

GROUPS = ("fw-own", "fw-known", "fw-unknown")
SETS = ("set-1",)
MEMBERS: dict[str, frozenset[oracle.Address]] = {
    "fw-own": frozenset({ipaddress.ip_address("10.0.0.1")}),
    "fw-known": frozenset(map(ipaddress.ip_address, ("10.0.0.2", "10.1.2.3", "fd00::2"))),
    "fw-unknown": frozenset({ipaddress.ip_address("10.0.1.9")}),
    "set-1": frozenset({ipaddress.ip_address("192.0.2.1")}),
}
FEWER = {**MEMBERS, "fw-own": frozenset[oracle.Address]()}
KNOWN = {"group fw-known": [ipaddress.ip_network(one) for one in MEMBERS["fw-known"]]}
REFERENCES = frozenset({"group fw-own"})

_NEAR = [0x0A000000, 0x0A000100, 0x0A010000, 0xC0000200]


def rules(rng: random.Random, limits: FirewallLimits, most: int = 8) -> tuple[FirewallRule, ...]:
    """Return rules that the dialect can say, crowded so that they overlap."""
    found = [_rule(rng, limits) for _ in range(rng.randrange(most + 1))]
    if limits.peers_in_all_families:
        found = [one for rule in found for one in _in_all_families(rule)]
    if limits.priorities:
        low, high = limits.priorities
        numbers = rng.sample(range(low, min(high, low + 50)), len(found))
        return tuple(
            rule.model_copy(update={"priority": number})
            for rule, number in zip(found, numbers, strict=True)
        )
    return tuple(found)


def _in_all_families(rule: FirewallRule) -> list[FirewallRule]:
    if isinstance(rule.peer, CidrPeer):
        return [rule]
    return [rule.model_copy(update={"family": family}) for family in Family]


def _rule(rng: random.Random, limits: FirewallLimits) -> FirewallRule:
    family = Family.IPV4 if rng.random() < 0.8 else Family.IPV6
    icmp = 1 if family is Family.IPV4 else 58
    pool = [None, TCP, TCP, UDP, icmp, 47, 132]
    named = limits.protocols
    protocol = rng.choice([one for one in pool if one is None or named is None or one in named])
    with_ports = protocol in limits.port_protocols
    types = limits.icmp_types and protocol == icmp
    deny = limits.denies and rng.random() < 0.4
    return FirewallRule(
        direction=rng.choice(list(Direction)),
        action=Action.DENY if deny else Action.ALLOW,
        family=family,
        peer=_peer(rng, family, limits),
        protocol=protocol,
        ports=_span(rng, limits) if with_ports else None,
        source_ports=_span(rng, limits, 0.8) if with_ports and limits.source_ports else None,
        icmp=rng.choice([None, Icmp(), Icmp(type=8), Icmp(type=8, code=0), Icmp(type=3)])
        if types
        else None,
        priority=0 if limits.denies else None,
    )


def _span(rng: random.Random, limits: FirewallLimits, any_port: float = 0.3) -> PortRange | None:
    if rng.random() < any_port:
        return None
    ports = (22, 23, 80, 81, 443, 1024, 8080, 65535, limits.first_port)
    ends = sorted(rng.choice(ports) for _ in range(2))
    first, last = ends if rng.random() < 0.5 else (ends[0], ends[0])
    return PortRange(first=first, last=last)


def _peer(rng: random.Random, family: Family, limits: FirewallLimits) -> Peer:
    draw = rng.random()
    if limits.group_peers and draw < 0.15:
        return GroupPeer(firewall=rng.choice(GROUPS))
    if limits.address_sets and draw < 0.2:
        return AddressSetPeer(address_set=SETS[0])
    if family is Family.IPV6:
        number, length = rng.choice(((0, 0), (0xFD00 << 112, 16), ((0xFD00 << 112) + 2, 128)))
        return CidrPeer(cidr=ipaddress.IPv6Network((number, length)))
    length = rng.choice((0, 0, 8, 9, 16, 23, 24, 30, 31, 32))
    number = rng.choice(_NEAR) + rng.randrange(4)
    return CidrPeer(cidr=ipaddress.IPv4Network((number >> (32 - length) << (32 - length), length)))
