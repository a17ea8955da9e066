"""Rule sets as large as any provider takes."""

from __future__ import annotations

import ipaddress
import random

from broker.model import (
    TCP,
    UDP,
    Action,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    FirewallSpec,
    PortRange,
)

SERVICES = (22, 25, 53, 80, 123, 161, 389, 443, 636, 1433, 3306, 3389, 5432, 6379, 8080, 8443, 9090)


def ordered(seed: int, count: int, *, wild: bool = False) -> FirewallSpec:
    """Return a firewall with denies and priorities: an office's, or one of nothing but chance."""
    rng = random.Random(seed)
    numbers = rng.sample(range(100, 4097), count)
    rules = tuple((_wild if wild else _office)(rng, number) for number in numbers)
    return FirewallSpec(name="large", rules=rules)


def shuffled(spec: FirewallSpec, seed: int) -> FirewallSpec:
    """Return the same firewall said differently: each range of addresses as its two halves."""
    halves = []
    for rule in spec.rules:
        assert isinstance(rule.peer, CidrPeer)
        cidr = rule.peer.cidr
        assert isinstance(cidr, ipaddress.IPv4Network)
        for piece in [cidr] if cidr.prefixlen == 32 else cidr.subnets():
            halves.append(rule.model_copy(update={"peer": CidrPeer(cidr=piece)}))
    random.Random(seed).shuffle(halves)
    return spec.model_copy(update={"rules": tuple(halves)})


def _office(rng: random.Random, priority: int) -> FirewallRule:
    length = rng.choice((0, 8, 16, 20, 24, 24, 24, 28, 32, 32, 32))
    number = rng.choice(
        (10 << 24 | rng.getrandbits(24), 172 << 24 | 16 << 16 | rng.getrandbits(20))
    )
    port = rng.choice(SERVICES)
    last = port + rng.choice((0, 0, 0, 1, 10, 100))
    # nobody lets everything in from everywhere: the rules behind that would say nothing
    protocol = rng.choice((TCP, TCP, TCP, UDP, None)) if length >= 20 else TCP
    deny = rng.random() < 0.2 and length >= 16
    return _rule(priority, number, length, protocol, port, last, deny)


def _wild(rng: random.Random, priority: int) -> FirewallRule:
    first, last = sorted(rng.randrange(65536) for _ in range(2))
    length = rng.choice((0, *range(6, 33)))
    protocol = rng.choice((TCP, UDP))
    return _rule(priority, rng.getrandbits(32), length, protocol, first, last, rng.random() < 0.4)


def _rule(
    priority: int, number: int, length: int, protocol: int | None, first: int, last: int, deny: bool
) -> FirewallRule:
    shift = 32 - length
    return FirewallRule(
        direction=Direction.INGRESS if priority % 3 else Direction.EGRESS,
        action=Action.DENY if deny else Action.ALLOW,
        family=Family.IPV4,
        peer=CidrPeer(cidr=ipaddress.IPv4Network((number >> shift << shift, length))),
        protocol=protocol,
        ports=PortRange(first=first, last=last) if protocol else None,
        priority=priority,
    )
