"""Security groups, which only allow and are united, and network ACLs, ordered and forgetful."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from adapters.aws.limits import LIMITS
from adapters.aws.translate import firewalls, network_acls
from broker.firewall import Around, Layer
from broker.model import Direction, Family, FirewallSpec
from tests.firewall.native import source
from tests.firewall.native.source import Lets, Source
from tests.firewall.oracle import Probe, answer

NAMES = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}
FIREWALL = LIMITS.firewall
FAMILIES = list(Family)

Native = dict[str, Any]


def made(rng: random.Random) -> Source:
    """Up to three groups on a card, now and then a network ACL around it."""
    groups = [[_rule(rng) for _ in range(rng.randrange(5))] for _ in range(rng.randrange(1, 4))]
    acl = _acl(rng) if rng.random() < 0.4 else None
    specs = [_read(rules) for rules in groups]
    behind = Around()
    if acl is not None:
        told: Any = {"NetworkAclId": "acl-1", "Associations": [], "Entries": acl}
        behind = Around(layers=(Layer(firewalls=(network_acls.network_acl(told).spec,)),))

    def lets(probe: Probe) -> bool:
        in_groups = any(_allows(rule, probe) for rules in groups for rule in rules)
        return in_groups and (acl is None or crosses(acl, probe))

    return Source(lets, specs[0], also=tuple(specs[1:]), behind=behind)


def written(parts: Sequence[FirewallSpec], *, without: str = "") -> Lets:
    """What groups let through once the adapter has written them; nobody is in ``without``."""
    rules: list[Native] = []
    for part in parts:
        firewalls.check_rules(part.rules)
        firewalls.check_families(part.rules, FAMILIES)
        for way in Direction:
            own = [rule for rule in part.rules if rule.direction is way]
            for told in firewalls.permissions(own):
                rules += _flat(told, egress=way is Direction.EGRESS)
    return lambda probe: any(_allows(rule, probe, without) for rule in rules)


def _read(rules: Sequence[Native]) -> FirewallSpec:
    read = tuple(one for rule in rules for one in firewalls.rules(rule, FAMILIES))  # type: ignore[arg-type]
    return FirewallSpec(name="group", rules=read)


def _rule(rng: random.Random) -> Native:
    protocol = rng.choice(("tcp", "tcp", "udp", "icmp", "icmpv6", "-1", "47", "132"))
    first, last = -1, -1
    if protocol in ("tcp", "udp"):
        first, last = rng.choice((source.span(rng), (0, 65535)))
    elif protocol in NAMES:
        first, last = rng.choice(((-1, -1), (8, 0), (8, -1), (3, -1), (128, 0)))
    draw = rng.random()
    peer: Native
    if draw < 0.15:
        group = rng.choice((source.OWN, source.KNOWN, source.UNKNOWN))
        peer = {"ReferencedGroupInfo": {"GroupId": group}}
    elif draw < 0.25:
        peer = {"PrefixListId": "pl-list"}
    else:
        cidr = source.cidr(rng)
        peer = {"CidrIpv6" if ":" in cidr else "CidrIpv4": cidr}
    ports = {"FromPort": first, "ToPort": last}
    return {"IsEgress": rng.random() < 0.5, "IpProtocol": protocol, **ports, **peer}


def _flat(told: Any, *, egress: bool) -> list[Native]:
    base = {"IsEgress": egress, "IpProtocol": told["IpProtocol"]}
    base |= {"FromPort": told.get("FromPort", -1), "ToPort": told.get("ToPort", -1)}
    peers: list[Native] = [{"CidrIpv4": one["CidrIp"]} for one in told.get("IpRanges", ())]
    peers += [{"CidrIpv6": one["CidrIpv6"]} for one in told.get("Ipv6Ranges", ())]
    peers += [{"PrefixListId": one["PrefixListId"]} for one in told.get("PrefixListIds", ())]
    peers += [{"ReferencedGroupInfo": one} for one in told.get("UserIdGroupPairs", ())]
    return [{**base, **peer} for peer in peers]


def _allows(rule: Native, probe: Probe, without: str = "") -> bool:
    if rule["IsEgress"] != (probe.direction is Direction.EGRESS):
        return False
    protocol = rule["IpProtocol"]
    if protocol != "-1":
        if NAMES.get(protocol, 0) != probe.protocol and protocol != str(probe.protocol):
            return False
        first, last = rule["FromPort"], rule["ToPort"]
        if protocol in ("tcp", "udp") and not first <= probe.port <= last:
            return False
        typed = first in (-1, probe.icmp[0]) and last in (-1, probe.icmp[1])
        if protocol in ("icmp", "icmpv6") and not typed:
            return False
    if group := rule.get("ReferencedGroupInfo"):
        return source.is_in(group["GroupId"], probe, without=without)
    if prefixes := rule.get("PrefixListId"):
        return source.is_in(prefixes, probe)
    return source.within(rule.get("CidrIpv4") or rule["CidrIpv6"], probe)


def _acl(rng: random.Random) -> list[Native]:
    entries = [_entry(rng, number) for number in rng.sample(range(1, 60), rng.randrange(6))]
    if rng.random() < 0.7:
        for egress in (True, False):
            allow = {"Egress": egress, "Protocol": "-1", "RuleAction": "allow"}
            entries.append({**allow, "RuleNumber": 100, "CidrBlock": "0.0.0.0/0"})
            entries.append({**allow, "RuleNumber": 101, "Ipv6CidrBlock": "::/0"})
    last = {"RuleNumber": 32767, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"}
    return [*entries, {**last, "Egress": False}, {**last, "Egress": True}]


def _entry(rng: random.Random, number: int) -> Native:
    protocol = rng.choice((6, 6, 17, 1, 58, -1, 47))
    told: Native = {
        "Egress": rng.random() < 0.5,
        "RuleNumber": number,
        "Protocol": str(protocol),
        "RuleAction": rng.choice(("allow", "allow", "deny")),
    }
    cidr = source.cidr(rng)
    told["Ipv6CidrBlock" if ":" in cidr else "CidrBlock"] = cidr
    if protocol in (6, 17):
        first, last = rng.choice((source.span(rng), (0, 65535)))
        told["PortRange"] = {"From": first, "To": last}
    if protocol in (1, 58):
        kind, code = rng.choice(((-1, -1), (8, 0), (8, -1), (0, -1), (129, -1)))
        told["IcmpTypeCode"] = {"Type": kind, "Code": code}
    return told


def crosses(acl: Sequence[Native], probe: Probe) -> bool:
    """Whether a packet passes an ACL, and its answer, should there have to be one."""
    back = answer(probe)
    return _passes(acl, probe) and (back is None or _passes(acl, back))


def _passes(acl: Sequence[Native], probe: Probe) -> bool:
    for entry in sorted(acl, key=lambda each: int(each["RuleNumber"])):
        if entry["Egress"] != (probe.direction is Direction.EGRESS):
            continue
        if not source.within(entry.get("CidrBlock") or entry["Ipv6CidrBlock"], probe):
            continue
        if entry["Protocol"] not in ("-1", str(probe.protocol)):
            continue
        ports, icmp = entry.get("PortRange"), entry.get("IcmpTypeCode")
        if ports and not ports["From"] <= probe.port <= ports["To"]:
            continue
        if icmp and (
            icmp["Type"] not in (-1, probe.icmp[0]) or icmp["Code"] not in (-1, probe.icmp[1])
        ):
            continue
        return bool(entry["RuleAction"] == "allow")
    return False
