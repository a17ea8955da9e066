"""Security groups of neutron: one ethertype a rule, united, stateless ones too."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from adapters.openstack.limits import ADDRESS_GROUPS, STATELESS, firewall
from adapters.openstack.translate import firewalls
from broker.model import Direction, FirewallSpec
from tests.firewall.native import source
from tests.firewall.native.source import Lets, Source
from tests.firewall.oracle import Probe, answer

FIREWALL = firewall({ADDRESS_GROUPS, STATELESS})
NUMBERS = {
    "tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58, "icmpv6": 58, "gre": 47, "sctp": 132,
    "dccp": 33, "udplite": 136,
}  # fmt: skip

Native = dict[str, Any]


def made(rng: random.Random) -> Source:
    """Up to two groups that remember connections, or one that does not."""
    stateful = rng.random() < 0.7
    groups = [_rules(rng) for _ in range(rng.randrange(1, 3) if stateful else 1)]
    specs = [_read(rules, stateful=stateful) for rules in groups]
    every = [rule for rules in groups for rule in rules]
    return Source(lambda probe: _opens(every, probe, stateful), specs[0], also=tuple(specs[1:]))


def written(parts: Sequence[FirewallSpec], *, without: str = "") -> Lets:
    """What groups let through once the adapter has written them; nobody is in ``without``."""
    rules = [
        firewalls.rule_wish(form, "group")
        for part in parts
        for rule in part.rules
        for form in firewalls.forms(rule)
    ]
    for rule in rules:
        _check(rule)
    stateful = all(part.stateful for part in parts)
    return lambda probe: _opens(rules, probe, stateful, without)


def _read(rules: Sequence[Native], *, stateful: bool) -> FirewallSpec:
    told = {"id": "group", "name": "group", "security_group_rules": rules, "stateful": stateful}
    return firewalls.firewall(told, []).spec


def _rules(rng: random.Random) -> list[Native]:
    return [_rule(rng) for _ in range(rng.randrange(7))]


def _rule(rng: random.Random) -> Native:
    family = rng.choice(("IPv4", "IPv4", "IPv6"))
    icmp = "icmp" if family == "IPv4" else rng.choice(("ipv6-icmp", "icmpv6", "58"))
    protocol = rng.choice(("tcp", "6", "udp", icmp, icmp, None, "gre", "132", "dccp", "136"))
    first = last = None
    if protocol in ("tcp", "6", "udp", "132", "dccp", "136") and rng.random() < 0.8:
        first, last = source.span(rng, first=1)
        if (first, last) == (1, 65535):
            first = last = None  # which is how neutron keeps it
    elif protocol == icmp:
        first, last = rng.choice(((None, None), (8, 0), (8, None), (3, None), (128, 0)))
    told: Native = {
        "direction": rng.choice(("ingress", "egress")),
        "ethertype": family,
        "protocol": protocol,
        "port_range_min": first,
        "port_range_max": last,
        "remote_group_id": None,
        "remote_address_group_id": None,
        "remote_ip_prefix": None,
    }
    draw = rng.random()
    if draw < 0.15:
        told["remote_group_id"] = rng.choice((source.OWN, source.KNOWN, source.UNKNOWN))
    elif draw < 0.25:
        told["remote_address_group_id"] = source.LIST
    elif draw < 0.9:
        told["remote_ip_prefix"] = rng.choice(source.V4 if family == "IPv4" else source.V6)
    return told


def _check(rule: Native) -> None:
    """What neutron answers 400 to (db/securitygroups_db.py, _validate_port_range)."""
    if _number(rule.get("protocol")) in (6, 17, 33, 132, 136):
        ports = (rule.get("port_range_min"), rule.get("port_range_max"))
        assert ports == (None, None) or all(ports), rule


def _number(word: str | None) -> int | None:
    return None if word is None else NUMBERS[word] if word in NUMBERS else int(word)


def _opens(rules: Sequence[Native], probe: Probe, stateful: bool, without: str = "") -> bool:
    back = None if stateful else answer(probe)
    return _passes(rules, probe, without) and (back is None or _passes(rules, back, without))


def _passes(rules: Sequence[Native], probe: Probe, without: str) -> bool:
    return any(_allows(rule, probe, without) for rule in rules)


def _allows(rule: Native, probe: Probe, without: str) -> bool:
    if (rule["direction"] == "ingress") != (probe.direction is Direction.INGRESS):
        return False
    if rule["ethertype"] != f"IPv{probe.address.version}":
        return False
    protocol = _number(rule.get("protocol"))
    if protocol not in (None, probe.protocol):
        return False
    first, last = rule.get("port_range_min"), rule.get("port_range_max")
    if first is not None:
        if protocol in (1, 58):
            if probe.icmp[0] != first or last not in (None, probe.icmp[1]):
                return False
        elif last is None or not first <= probe.port <= last:
            return False
    if group := rule.get("remote_group_id"):
        return source.is_in(group, probe, without=without)
    if addresses := rule.get("remote_address_group_id"):
        return source.is_in(addresses, probe)
    prefix = rule.get("remote_ip_prefix")
    return prefix is None or source.within(prefix, probe)
