"""One rule of a network filter, as the packets it matches.

https://libvirt.org/formatnwfilter.html says what can be written, libvirt's
src/nwfilter/nwfilter_ebiptables_driver.c what becomes of it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from adapters.kvm.translate.firewall import PROTOCOLS
from adapters.kvm.translate.xml import Element
from broker.errors import Unsupported
from broker.firewall import Space
from broker.firewall.diagram import NOTHING, Node
from broker.firewall.wording import WITH_TYPES
from broker.model import (
    EVERYONE,
    WITH_PORTS,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    Icmp,
    PortRange,
)

PACKETS: dict[str, tuple[Family, int | None]] = {
    **{tag: key for key, tag in PROTOCOLS.items()},
    "igmp": (Family.IPV4, 2),
}
"""Elements that iptables gets."""

FRAMES: dict[str, tuple[Family, ...]] = {
    "mac": tuple(Family),
    "ip": (Family.IPV4,),
    "ipv6": (Family.IPV6,),
    **dict.fromkeys(("arp", "rarp", "vlan", "stp"), ()),
}
"""Elements that ebtables gets, and which of our packets may be in such frames."""

ETHERTYPES = {
    **dict.fromkeys(("ipv4", "0x800", "2048"), Family.IPV4),
    **dict.fromkeys(("ipv6", "0x86dd", "34525"), Family.IPV6),
}
NUMBERS = {
    "icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "esp": 50, "ah": 51,
    "icmpv6": 58, "sctp": 132, "udplite": 136,
}  # fmt: skip
"""Words that a frame's rule may have for a protocol."""

OWN = {Family.IPV4: "$IP", Family.IPV6: "$IPV6"}
OWN_MAC = "$MAC"
NOBODYS = ("0.0.0.0", "::")  # noqa: S104 - who has no address yet sends from these

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Update = Mapping[str, object]
ALWAYS: tuple[Update, ...] = ({},)
NEVER: tuple[Update, ...] = ()
Turn = Callable[[FirewallRule], list[FirewallRule]]


class Native(NamedTuple):
    """A rule, and the chain and name of the filter it is from."""

    rule: Element
    filter: str
    chain: str
    chain_priority: int
    priority: int

    @property
    def action(self) -> str:
        """What happens to packets it matches."""
        return self.rule.get("action", "")

    @property
    def of_frames(self) -> bool:
        """Whether it is ebtables', not iptables'."""
        return not len(self.rule) or self.rule[0].tag in FRAMES


class Condition(NamedTuple):
    """One of the ``updates`` of an otherwise open rule holds, or none where ``negated``."""

    updates: tuple[Update, ...]
    negated: bool


def bases(native: Native, way: Direction) -> list[FirewallRule]:
    """Return the rules, without conditions, for the packets that a native one may speak of."""
    if not len(native.rule):
        kinds: list[tuple[Family, int | None]] = [(family, None) for family in Family]
    elif native.of_frames:
        kinds = [(family, None) for family in FRAMES[native.rule[0].tag]]
    elif native.rule[0].tag in PACKETS:
        kinds = [PACKETS[native.rule[0].tag]]
    else:
        raise Unsupported(f"network filter {native.filter} is about {native.rule[0].tag}")
    return [
        FirewallRule(direction=way, family=family, peer=EVERYONE[family], protocol=protocol)
        for family, protocol in kinds
    ]


def everything(way: Direction, families: Iterable[Family] = Family) -> list[FirewallRule]:
    """Return rules for all packets of families on one way."""
    return [
        FirewallRule(direction=way, family=family, peer=EVERYONE[family]) for family in families
    ]


def as_it_is(rule: FirewallRule) -> list[FirewallRule]:
    """Return the rule itself: the packets it speaks of are those asked about."""
    return [rule]


def matched(space: Space, native: Native, way: Direction, *, reverse: bool, turn: Turn) -> Node:
    """Return the packets on a way that a rule matches, each as what ``turn`` makes of it.

    ``reverse`` exchanges the two ends that the rule speaks of.
    """
    found = NOTHING
    for base in bases(native, way):
        own = space.passing(turn(base))
        for condition in conditions(native, base, reverse=reverse):
            said = (base.model_copy(update=dict(update)) for update in condition.updates)
            here = space.passing([each for rule in said for each in turn(rule)])
            combine = space.diagrams.but_not if condition.negated else space.diagrams.both
            own = combine(own, here)
        found = space.diagrams.either(found, own)
    return found


def plain(native: Native, way: Direction, *, reverse: bool) -> list[FirewallRule] | None:
    """Return the rules that match what a native one does, None where that takes more to say."""
    found = []
    for base in bases(native, way):
        update: dict[str, object] = {}
        for condition in conditions(native, base, reverse=reverse):
            if condition.negated or len(condition.updates) != 1:
                return None
            update |= condition.updates[0]
        found.append(base.model_copy(update=update))
    return found


def conditions(native: Native, base: FirewallRule, *, reverse: bool) -> list[Condition]:
    """Return what a rule asks of packets on a way; Unsupported for what no packet of ours tells."""
    found = []
    for child in native.rule:
        words = _Words(child, reverse=reverse)
        negated = child.get("match") == "no"
        found += [Condition(updates, negated) for updates in _asked(words, base)]
        if words.left or child.tag != native.rule[0].tag:
            told = ", ".join(f"{key} {value}" for key, value in sorted(words.left.items()))
            raise Unsupported(f"network filter {native.filter} matches by {told or child.tag}")
    return found


class _Words:
    """The attributes of an element that nobody has understood yet."""

    def __init__(self, element: Element, *, reverse: bool) -> None:
        self.left = {
            _exchanged(key) if reverse else key: value
            for key, value in element.attrib.items()
            if key not in ("comment", "match", "state")
        }

    def take(self, key: str, fits: Callable[[str], bool]) -> str | None:
        """Return the value of an attribute that fits, None where it does not or is not there."""
        value = self.left.get(key)
        return self.left.pop(key) if value is not None and fits(value) else None

    def number(self, key: str) -> int | None:
        word = self.take(key, lambda value: value.isdecimal())
        return None if word is None else int(word)


def _exchanged(key: str) -> str:
    if key.startswith(("src", "dst")):
        return ("dst" if key.startswith("src") else "src") + key[3:]
    return key


def _asked(words: _Words, base: FirewallRule) -> Iterator[tuple[Update, ...]]:
    near, far = ("dst", "src") if base.direction is Direction.INGRESS else ("src", "dst")
    family, protocol = base.family, base.protocol
    if ethertype := words.take("protocolid", str.isalnum):
        yield ALWAYS if ETHERTYPES.get(ethertype.lower()) is family else NEVER
    if (word := words.take("protocol", lambda one: one in NUMBERS or one.isdecimal())) is not None:
        protocol = NUMBERS[word] if word in NUMBERS else int(word)
        yield ({"protocol": protocol},)
    # a packet of ours goes from or to the card's own addresses, and to one machine
    if words.take(f"{near}macaddr", OWN_MAC.__eq__):
        yield ALWAYS
    if words.take("dstmacaddr", _is_for_many):
        yield NEVER
    if f"{near}ipmask" not in words.left:
        if words.take(f"{near}ipaddr", OWN[family].__eq__):
            yield ALWAYS
        if words.take(f"{near}ipaddr", NOBODYS.__contains__):
            yield NEVER
    if networks := _networks(words, far, family):
        yield tuple({"peer": CidrPeer(cidr=cidr)} for cidr in networks)
    for side, name in (("src", "source_ports"), ("dst", "ports")):
        if protocol in WITH_PORTS and (first := words.number(f"{side}portstart")) is not None:
            last = words.number(f"{side}portend")
            span = PortRange(first=first, last=first if last is None else last)
            yield ({"protocol": protocol, name: span},)
    if protocol in WITH_TYPES and (kind := words.number("type")) is not None:
        yield ({"icmp": Icmp(type=kind, code=words.number("code"))},)


def _is_for_many(address: str) -> bool:
    return not address.startswith("$") and bool(int(address.partition(":")[0], 16) & 1)


def _networks(words: _Words, far: str, family: Family) -> Sequence[Network]:
    """Return the addresses that the other end has, none where nothing is said of it."""

    def fits(value: str) -> bool:
        return not value.startswith("$")

    bits = "32" if family is Family.IPV4 else "128"
    if address := words.take(f"{far}ipaddr", fits):
        mask = words.take(f"{far}ipmask", fits) or bits
        return [ipaddress.ip_network(f"{address}/{mask}", strict=False)]
    if first := words.take(f"{far}ipfrom", fits):
        last = words.take(f"{far}ipto", fits) or first
        return _range(ipaddress.ip_address(first), ipaddress.ip_address(last))
    return []


def _range(
    first: ipaddress.IPv4Address | ipaddress.IPv6Address,
    last: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> Sequence[Network]:
    if isinstance(first, ipaddress.IPv4Address) and isinstance(last, ipaddress.IPv4Address):
        return list(ipaddress.summarize_address_range(first, last))
    assert isinstance(first, ipaddress.IPv6Address)
    assert isinstance(last, ipaddress.IPv6Address)
    return list(ipaddress.summarize_address_range(first, last))
