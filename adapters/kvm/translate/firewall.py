"""Firewalls as network filters: our rules between a head and a tail that every filter of ours has.

The head lets through what keeps a connection or an interface alive, as every cloud does unasked:
answers, DHCP and neighbour discovery. The tail drops the rest. libvirt takes priorities from -1000
to 1000 only, so ours are ranks, and a rule's own priority is kept at the start of its comment.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from adapters.kvm.translate.xml import Element, dump, element, parse
from broker.adapter import PlatformTraffic
from broker.errors import Invalid, Unsupported
from broker.model import (
    EVERYONE,
    ICMPV6,
    SCTP,
    TCP,
    UDP,
    Action,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    Icmp,
    PortRange,
)

HEAD, FIRST, UNORDERED, TAIL = -1000, -900, 999, 1000
"""libvirt's own bounds, and what is between them for our rules."""

# listener query, report and done (RFC 2710), solicitations and advertisements of routers and
# neighbours (RFC 4861), listener report (RFC 3810): IPv6's ARP and what multicast for it needs.
# The kernel tracks none of these (nf_conntrack_proto_icmpv6.c), so rules with a state miss them.
NEIGHBOURS = (130, 131, 132, 133, 134, 135, 136, 143)

FIRST_PACKETS = "NEW,INVALID"
"""What belongs to no known connection. A rule that names no state does more than it says: libvirt
gives it a mirror image for the other direction, and that of a drop stops new connections there.
"""

PRIORITIES = (0, 65535)
COMMENT_BYTES = 255
NO_PRIORITY = "-"

ACTIONS = {Action.ALLOW: "accept", Action.DENY: "drop"}
DIRECTIONS = {Direction.INGRESS: "in", Direction.EGRESS: "out"}

# (family, IANA number) -> libvirt's element; these are what iptables tracks by name
PROTOCOLS: dict[tuple[Family, int | None], str] = {
    (Family.IPV4, None): "all",
    (Family.IPV4, 1): "icmp",
    (Family.IPV4, 6): "tcp",
    (Family.IPV4, 17): "udp",
    (Family.IPV4, 50): "esp",
    (Family.IPV4, 51): "ah",
    (Family.IPV4, 132): "sctp",
    (Family.IPV4, 136): "udplite",
    (Family.IPV6, None): "all-ipv6",
    (Family.IPV6, 6): "tcp-ipv6",
    (Family.IPV6, 17): "udp-ipv6",
    (Family.IPV6, 50): "esp-ipv6",
    (Family.IPV6, 51): "ah-ipv6",
    (Family.IPV6, 58): "icmpv6",
    (Family.IPV6, 132): "sctp-ipv6",
    (Family.IPV6, 136): "udplite-ipv6",
}
PORTED = frozenset({TCP, UDP, SCTP})
NUMBERS = frozenset(number for _, number in PROTOCOLS if number is not None)

_ELEMENTS = {tag: key for key, tag in PROTOCOLS.items()}
_ACTIONS = {word: action for action, word in ACTIONS.items()}
_DIRECTIONS = {word: direction for direction, word in DIRECTIONS.items()}
_ANY: dict[int, ipaddress.IPv4Network | ipaddress.IPv6Network] = {
    4: ipaddress.IPv4Network("0.0.0.0/0"),
    6: ipaddress.IPv6Network("::/0"),
}


def _dhcp(family: Family, client: int, server: int) -> tuple[FirewallRule, ...]:
    ends = {Direction.EGRESS: (client, server), Direction.INGRESS: (server, client)}
    return tuple(
        FirewallRule(
            direction=direction,
            family=family,
            peer=EVERYONE[family],
            protocol=UDP,
            source_ports=PortRange(first=source, last=source),
            ports=PortRange(first=port, last=port),
        )
        for direction, (source, port) in ends.items()
    )


PLATFORM = (
    PlatformTraffic(
        name="DHCP", rules=(*_dhcp(Family.IPV4, 68, 67), *_dhcp(Family.IPV6, 546, 547))
    ),
    PlatformTraffic(
        name="neighbour discovery",
        rules=tuple(
            FirewallRule(
                direction=direction,
                family=Family.IPV6,
                peer=EVERYONE[Family.IPV6],
                protocol=ICMPV6,
                icmp=Icmp(type=kind),
            )
            for direction in Direction
            for kind in NEIGHBOURS
        ),
    ),
)
"""What the head of every filter lets through."""


def filter_xml(rules: Sequence[FirewallRule], *, uuid: str, name: str) -> str:
    """Return the XML of a filter that does what ``rules`` say; Unsupported or Invalid else."""
    ordered = sorted({rule.priority for rule in rules if rule.priority is not None})
    if len(ordered) >= UNORDERED - FIRST:
        raise Invalid(f"a firewall can have {UNORDERED - FIRST - 1} different priorities at most")
    rank = {priority: FIRST + index for index, priority in enumerate(ordered)}
    body = [
        _rule(rule, UNORDERED if rule.priority is None else rank[rule.priority]) for rule in rules
    ]
    return dump(
        element(
            "filter", element("uuid", text=uuid), *_head(), *body, *_tail(), name=name, chain="root"
        )
    )


def rules(xml: str) -> tuple[FirewallRule, ...]:
    """Return the rules of one of our filters; Unsupported for a filter that says other things."""
    root = parse(xml)
    found = []
    frame = _frame()
    for rule in root:
        if rule.tag != "uuid" and dump(_bare(rule)) not in frame:
            found.append(read_rule(rule, root.get("name", "")))
    return tuple(found)


def is_ours(xml: str) -> bool:
    """Tell whether a filter has the head and the tail that make its rules a firewall's."""
    root = parse(xml)
    return root.get("chain") == "root" and _frame() <= {dump(_bare(rule)) for rule in root}


def _frame() -> set[str]:
    """Return the head and the tail, as text to compare with."""
    return {dump(_bare(rule)) for rule in (*_head(), *_tail())}


def _head() -> list[Element]:
    def let(direction: str, tag: str, *, tracked: bool = True, **match: str) -> Element:
        return element(
            "rule",
            element(tag, **match),
            action="accept",
            direction=direction,
            priority=HEAD,
            statematch=None if tracked else "false",
        )

    return [
        *(
            let(way, tag, state="ESTABLISHED,RELATED")
            for way in ("in", "out")
            for tag in ("all", "all-ipv6")
        ),
        let("out", "udp", srcportstart="68", dstportstart="67"),
        let("in", "udp", srcportstart="67", dstportstart="68"),
        let("out", "udp-ipv6", srcportstart="546", dstportstart="547"),
        let("in", "udp-ipv6", srcportstart="547", dstportstart="546"),
        *(
            let(way, "icmpv6", tracked=False, type=str(kind))
            for way in ("in", "out")
            for kind in NEIGHBOURS
        ),
    ]


def _tail() -> list[Element]:
    return [
        element("rule", element(tag), action="drop", direction="inout", priority=TAIL)
        for tag in ("all", "all-ipv6")
    ]


def _bare(rule: Element) -> Element:
    """Return a copy that compares: no white space, attributes in one order."""
    keep = ("action", "direction", "priority", "statematch")
    copy = Element(rule.tag, {key: rule.attrib[key] for key in keep if key in rule.attrib})
    copy.extend(Element(child.tag, dict(sorted(child.attrib.items()))) for child in rule)
    return copy


def _rule(rule: FirewallRule, rank: int) -> Element:
    tag = PROTOCOLS.get((rule.family, rule.protocol))
    if tag is None:
        raise Unsupported(f"a network filter has no {rule.family} protocol {rule.protocol}")
    if not isinstance(rule.peer, CidrPeer):
        raise Unsupported(
            "a network filter cannot follow a group's members",
            hint="Name their addresses instead of the group",
        )
    if rule.priority is not None and not PRIORITIES[0] <= rule.priority <= PRIORITIES[1]:
        raise Invalid(
            f"priority {rule.priority} is not between {PRIORITIES[0]} and {PRIORITIES[1]}"
        )
    if (rule.ports or rule.source_ports) and rule.protocol not in PORTED:
        raise Unsupported(f"a network filter knows no ports of protocol {rule.protocol}")
    side = "src" if rule.direction is Direction.INGRESS else "dst"
    match: dict[str, str] = {}
    if rule.peer.cidr.prefixlen:
        match[f"{side}ipaddr"] = str(rule.peer.cidr.network_address)
        match[f"{side}ipmask"] = str(rule.peer.cidr.prefixlen)
    for end, ports in (("src", rule.source_ports), ("dst", rule.ports)):
        if ports:
            match |= {f"{end}portstart": str(ports.first), f"{end}portend": str(ports.last)}
    if rule.icmp:
        told = {"type": rule.icmp.type, "code": rule.icmp.code}
        match |= {key: str(value) for key, value in told.items() if value is not None}
    return element(
        "rule",
        element(tag, **match, state=FIRST_PACKETS, comment=_comment(rule)),
        action=ACTIONS[rule.action],
        direction=DIRECTIONS[rule.direction],
        priority=rank,
    )


def _comment(rule: FirewallRule) -> str:
    priority = NO_PRIORITY if rule.priority is None else rule.priority
    # XML has no control characters; what does not fit of a description is cut, it does nothing
    words = "".join(char if char.isprintable() else " " for char in rule.description)
    return f"{priority} {words}".encode()[:COMMENT_BYTES].decode(errors="ignore")


def read_rule(rule: Element, name: str) -> FirewallRule:
    """Return what one native rule of the filter ``name`` says; Unsupported when no rule can."""
    match = rule[0] if len(rule) == 1 else None
    known = _ELEMENTS.get(match.tag) if match is not None else None
    direction = _DIRECTIONS.get(rule.get("direction", ""))
    action = _ACTIONS.get(rule.get("action", ""))
    if match is None or known is None or direction is None or action is None:
        raise Unsupported(f"network filter {name} says what no firewall rule can")
    family, protocol = known
    side = "src" if direction is Direction.INGRESS else "dst"
    words = set(match.attrib) - _READ
    if words - {f"{side}ipaddr", f"{side}ipmask"}:
        raise Unsupported(f"network filter {name} matches by {', '.join(sorted(words))}")
    priority, _, description = match.get("comment", NO_PRIORITY).partition(" ")
    kind, code = match.get("type"), match.get("code")
    return FirewallRule(
        direction=direction,
        action=action,
        family=family,
        peer=CidrPeer(cidr=_cidr(match, side, 4 if family is Family.IPV4 else 6)),
        protocol=protocol,
        ports=_ports(match, "dst"),
        source_ports=_ports(match, "src"),
        icmp=Icmp(type=int(kind), code=None if code is None else int(code)) if kind else None,
        priority=int(priority) if priority.isdecimal() else None,
        description=description,
    )


_READ = {
    "srcportstart",
    "srcportend",
    "dstportstart",
    "dstportend",
    "type",
    "code",
    "comment",
    "state",
}


def _cidr(match: Element, side: str, version: int) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    address = match.get(f"{side}ipaddr")
    if address is None:
        return _ANY[version]
    mask = match.get(f"{side}ipmask", "32" if version == 4 else "128")
    text = f"{address}/{mask}"
    return ipaddress.IPv4Network(text) if version == 4 else ipaddress.IPv6Network(text)


def _ports(match: Element, side: str) -> PortRange | None:
    first = match.get(f"{side}portstart")
    if first is None:
        return None
    return PortRange(first=int(first), last=int(match.get(f"{side}portend", first)))
