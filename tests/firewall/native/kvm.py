"""Network filters: what libvirt makes of them, line by line, for one packet and its answer.

After libvirt's src/nwfilter/nwfilter_ebiptables_driver.c (iptablesCreateRuleInstance and
ebiptablesCreateRuleInstance).
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element, fromstring

from adapters.kvm.limits import LIMITS
from adapters.kvm.translate.firewall import filter_xml
from adapters.kvm.translate.foreign_filter import foreign_rules
from broker.errors import Unsupported
from broker.model import Direction, FirewallSpec
from tests.firewall.native import source
from tests.firewall.native.source import Lets, Source
from tests.firewall.oracle import Probe, answer

FIREWALL = LIMITS.firewall
UUID = "3dcc24f2-f13e-4c19-8973-d5e608623c22"
PROTOCOLS = {"tcp": 6, "udp": 17, "sctp": 132, "icmp": 1, "icmpv6": 58, "igmp": 2, "esp": 50,
             "ah": 51, "udplite": 136, "all": None}  # fmt: skip
FRAMES = ("mac", "ip", "ipv6", "arp", "rarp")


ARP = "<rule action='accept' direction='inout' priority='-1'><mac protocolid='arp'/></rule>"


class Line(NamedTuple):
    """One line of iptables: whether the rule's ends are exchanged, and the states it asks for."""

    exchanged: bool
    states: frozenset[str]
    only: str
    """The direction of the connection that packets have to belong to, if any."""


def made(rng: random.Random) -> Source:
    """A filter of somebody else's, with another included; one that stops ARP is none for us."""
    while True:
        try:
            return _made(rng)
        except Unsupported:
            continue


def _made(rng: random.Random) -> Source:
    filters = {"outer": _filter(rng, "outer", "root"), "inner": _filter(rng, "inner", "ipv4-x")}
    roots = [fromstring(filters["outer"]), fromstring(filters["inner"])]
    rules = foreign_rules(filters["outer"], filters.__getitem__)
    spec = FirewallSpec(name="filter", rules=rules)
    return Source(lambda probe: opens(roots, probe), spec, unsure=lambda one: answer(one) is None)


def written(parts: Sequence[FirewallSpec], *, without: str = "") -> Lets:
    """What a filter lets through once the adapter has written it; it speaks of no groups."""
    (part,) = parts
    root = fromstring(filter_xml(part.rules, uuid=UUID, name="filter"))
    return lambda probe: opens([root], probe)


def opens(filters: Sequence[Element], probe: Probe) -> bool:
    """Whether a connection's first packet and, should there have to be one, its answer pass."""
    back = answer(probe)
    return _passes(filters, probe, known=False) and (
        back is None or _passes(filters, back, known=True)
    )


def _passes(filters: Sequence[Element], probe: Probe, *, known: bool) -> bool:
    ordered = sorted(
        ((root.get("chain") != "root", int(rule.get("priority", "500")), rule)
         for root in filters for rule in root.findall("rule") if not _of_frames(rule)),
        key=lambda each: each[:2],
    )  # fmt: skip
    for _, _, rule in ordered:
        if any(_asks(line, rule, probe, known) for line in _lines(rule, probe.direction)):
            return rule.get("action") in ("accept", "return") and _frame_passes(filters, probe)
    return _frame_passes(filters, probe)


def _of_frames(rule: Element) -> bool:
    return not len(rule) or rule[0].tag in FRAMES


def _lines(rule: Element, way: Direction) -> Iterator[Line]:
    inward = rule.get("direction") in ("in", "inout")
    both = rule.get("direction") == "inout"
    to_guest = way is Direction.INGRESS
    typed = "type" in rule[0].attrib
    if typed and (both or inward is not to_guest):
        return
    exchanged = inward is not to_guest
    told = rule[0].get("state")
    if told and rule.get("statematch") != "false":
        if both or inward is to_guest:
            yield Line(exchanged, frozenset(told.split(",")), "")
        return
    if both or rule.get("statematch") == "false" or rule.get("action") != "accept":
        yield Line(exchanged, frozenset(), "")
    elif exchanged:
        yield Line(exchanged, frozenset({"ESTABLISHED"}), "reply")
    else:
        yield Line(exchanged, frozenset({"NEW", "ESTABLISHED"}), "" if typed else "original")


def _asks(line: Line, rule: Element, probe: Probe, known: bool) -> bool:
    if line.states and ("ESTABLISHED" if known else "NEW") not in line.states:
        return False
    if line.only and line.only != ("reply" if known else "original"):
        return False
    return _matches(rule[0], probe, exchanged=line.exchanged)


def _matches(match: Element, probe: Probe, *, exchanged: bool) -> bool:
    tag = match.tag.removesuffix("-ipv6")
    version = 6 if match.tag.endswith("-ipv6") or tag in ("icmpv6", "ipv6") else 4
    if tag in ("arp", "rarp"):
        return False
    if tag != "mac":
        if version != probe.address.version:
            return False
        if tag not in ("ip", "ipv6") and PROTOCOLS[tag] not in (None, probe.protocol):
            return False
    wanted = match.get("match") != "no"
    said = {
        {"src": "dst", "dst": "src"}.get(key[:3], key[:3]) + key[3:] if exchanged else key: value
        for key, value in match.attrib.items()
    }
    return all(one is wanted for one in _each(said, probe))


def _each(said: dict[str, str], probe: Probe) -> Iterator[bool]:
    """What each thing that is asked has for an answer."""
    far, near = ("src", "dst") if probe.direction is Direction.INGRESS else ("dst", "src")
    if "protocolid" in said:
        yield {"ipv4": 4, "ipv6": 6}.get(said["protocolid"]) == probe.address.version
    if f"{near}macaddr" in said:
        yield said[f"{near}macaddr"] == "$MAC"
    if f"{near}ipaddr" in said:
        yield said[f"{near}ipaddr"] == "$IP" and probe.address.version == 4
    if f"{far}ipaddr" in said:
        yield source.within(f"{said[f'{far}ipaddr']}/{said[f'{far}ipmask']}", probe)
    if f"{far}ipfrom" in said:
        first, last = (ipaddress.ip_address(said[far + end]) for end in ("ipfrom", "ipto"))
        yield int(first) <= int(probe.address) <= int(last)
    if "protocol" in said:
        yield PROTOCOLS[said["protocol"]] == probe.protocol
    ports = {far: probe.source_port, near: probe.port}
    if probe.direction is Direction.EGRESS:
        ports = {near: probe.source_port, far: probe.port}
    for side, port in ports.items():
        if f"{side}portstart" in said:
            first_port = int(said[f"{side}portstart"])
            yield first_port <= port <= int(said.get(f"{side}portend", first_port))
    if "type" in said:
        yield (
            probe.icmp[0] == int(said["type"])
            and int(said.get("code", probe.icmp[1])) == (probe.icmp[1])
        )


def _frame_passes(filters: Sequence[Element], probe: Probe) -> bool:
    root = [
        (int(rule.get("priority", "500")), 1, rule)
        for each in filters
        if each.get("chain") == "root"
        for rule in each.findall("rule")
        if _of_frames(rule)
    ]
    root += [
        (int(each.get("priority", "")), 0, each) for each in filters if each.get("chain") != "root"
    ]
    for _, _, one in sorted(root, key=lambda each: each[:2]):
        if one.tag == "rule":
            told = _frame_action(one, probe)
        else:
            told = _chain_action(one, probe) if probe.address.version == 4 else None
        if told is not None:
            return told in ("accept", "return")
    return True


def _chain_action(chain: Element, probe: Probe) -> str | None:
    own = [rule for rule in chain.findall("rule") if _of_frames(rule)]
    for rule in sorted(own, key=lambda each: int(each.get("priority", "500"))):
        told = _frame_action(rule, probe)
        if told is not None:
            return None if told == "return" else told
    return None


def _frame_action(rule: Element, probe: Probe) -> str | None:
    way = "in" if probe.direction is Direction.INGRESS else "out"
    if rule.get("direction") not in (way, "inout"):
        return None
    exchanged = rule.get("direction") == "inout" and way == "out"
    if len(rule) and not _matches(rule[0], probe, exchanged=exchanged):
        return None
    return rule.get("action")


def _filter(rng: random.Random, name: str, chain: str) -> str:
    rules = [_rule(rng, 100 * number) for number in range(rng.randrange(1, 6))]
    if rng.random() < 0.5:
        rules.append(ARP)
    if rng.random() < 0.5:
        rules.append("<rule action='drop' direction='inout' priority='900'><all/></rule>")
    if rng.random() < 0.5:
        rules.append("<rule action='drop' direction='inout' priority='900'><all-ipv6/></rule>")
    if chain == "root":
        rules.append("<filterref filter='inner'/>")
        priority = ""
        if rng.random() < 0.3:
            rules.append("<rule action='drop' direction='inout' priority='999'/>")
    else:
        priority = " priority='-700'"
    return f"<filter name='{name}' chain='{chain}'{priority}>{''.join(rules)}</filter>"


def _rule(rng: random.Random, priority: int) -> str:
    action = rng.choice(("accept", "accept", "drop", "drop", "return", "reject"))
    direction = rng.choice(("in", "out", "in", "out", "inout"))
    kind = rng.choice(("tcp", "tcp", "udp", "icmp", "all", "tcp-ipv6", "icmpv6", "all-ipv6",
                       "ip", "ipv6", "mac"))  # fmt: skip
    own, far = ("src", "dst") if direction == "out" else ("dst", "src")
    words: dict[str, object] = {}
    if kind == "mac":
        words = rng.choice(({"protocolid": "ipv4"}, {"protocolid": "ipv6"}, {}))  # type: ignore[arg-type]
        if direction == "out" and not words:
            words = {"srcmacaddr": "$MAC"}
    elif rng.random() < 0.6:
        pool = source.V6 if "v6" in kind else source.V4
        address, _, mask = rng.choice(pool).partition("/")
        words = {f"{far}ipaddr": address, f"{far}ipmask": mask}
    elif kind == "ip":
        words = {f"{own}ipaddr": "$IP"}
    elif kind == "udp":
        words = {f"{far}ipfrom": "10.0.0.2", f"{far}ipto": "10.0.1.9"}
    if kind == "ip" and rng.random() < 0.5:
        words["protocol"] = rng.choice(("tcp", "udp"))
    if kind in ("tcp", "udp", "tcp-ipv6") or "protocol" in words:
        for side in ("src", "dst"):
            if rng.random() < (0.15 if side == "src" else 0.7):
                first, last = source.span(rng)
                words |= {f"{side}portstart": first, f"{side}portend": last}
    negated = rng.random() < 0.15 and kind not in ("icmp", "icmpv6", "ip", "mac")
    if kind in ("icmp", "icmpv6") and rng.random() < 0.6:
        words["type"] = rng.choice((8, 0, 3) if kind == "icmp" else (128, 129))
    if kind not in FRAMES and rng.random() < 0.2:
        words["state"] = rng.choice(("NEW", "ESTABLISHED,RELATED", "NEW,ESTABLISHED"))
    if negated:
        words["match"] = "no"
    told = "".join(f" {key}='{value}'" for key, value in words.items())
    forgets = " statematch='false'" if rng.random() < 0.1 else ""
    return (
        f"<rule action='{action}' direction='{direction}' priority='{priority}'{forgets}>"
        f"<{kind}{told}/></rule>"
    )
