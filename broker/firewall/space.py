"""The packets that firewalls are compared over, and the sets that rules make of them.

A packet is one value of each field: direction, family, the peer's address, protocol, destination
port (or ICMP type and code), source port; and, for each group or address set whose members are not
known, whether the peer is one. So what is proved holds whoever the members are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from ipaddress import IPv4Network, IPv6Network

from broker.errors import Unsupported
from broker.firewall.diagram import Box, Diagrams, Node, Rule, Run
from broker.firewall.first_match import first_match
from broker.model import (
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

Network = IPv4Network | IPv6Network

Known = Mapping[str, Sequence[Network]]
"""The addresses behind a peer's name, as ``peer_name`` gives it."""


class Field(IntEnum):
    """The order matters for size only: few rules speak of one address, many of one port."""

    DIRECTION = 0
    FAMILY = 1
    ADDRESS = 2
    PROTOCOL = 3
    PORT = 4
    SOURCE_PORT = 5


ADDRESS_BITS = 128
SIZES = (2, 2, 1 << ADDRESS_BITS, 1 << 8, 1 << 16, 1 << 16)
MOST_NAMES = 200
"""Each name is a field, and a search goes three calls deeper for each: Python allows a thousand."""

HALVES = ((0, 0), (1, 1))
"""The runs of a single value, in the fields that have two."""

DIRECTIONS = (Direction.INGRESS, Direction.EGRESS)
FAMILIES = (Family.IPV4, Family.IPV6)
FAMILY_BITS = {Family.IPV4: 32, Family.IPV6: 128}


def peer_name(peer: Peer) -> str | None:
    """Return what a peer is known by, None for addresses."""
    match peer:
        case GroupPeer(firewall=firewall):
            return f"group {firewall}"
        case AddressSetPeer(address_set=address_set):
            return f"address set {address_set}"
        case CidrPeer():
            return None


def names_in(rules: Iterable[FirewallRule]) -> set[str]:
    """Return the names of the peers that rules speak of."""
    return {name for rule in rules if (name := peer_name(rule.peer)) is not None}


class Space:
    """All packets; sets of packets of two spaces do not mix.

    Unsupported where rules speak of more than MOST_NAMES groups and sets with unknown members.
    """

    def __init__(self, names: Iterable[str] = (), known: Known | None = None) -> None:
        self.known = known or {}
        self.names = tuple(sorted(set(names) - self.known.keys()))
        if len(self.names) > MOST_NAMES:
            raise Unsupported(
                f"these rules speak of {len(self.names)} groups and address sets whose members "
                f"are not known: no more than {MOST_NAMES} can be told apart",
                hint="Take away rules for groups without members, or name addresses instead",
            )
        self.diagrams = Diagrams((*SIZES, *(2 for _ in self.names)))
        self._fields = {name: len(SIZES) + index for index, name in enumerate(self.names)}

    def field_of(self, name: str) -> int:
        """Return the field that tells whether the peer is a member."""
        return self._fields[name]

    def passing(self, rules: Iterable[FirewallRule]) -> Node:
        """Return the packets that the first rule to match lets through."""
        return first_match(
            self.diagrams,
            [
                Rule(box, rule.action is Action.ALLOW)
                for rule in rules
                for box in self.boxes_of(rule)
            ],
        )

    def boxes_of(self, rule: FirewallRule) -> Iterator[Box]:
        """Yield the packets a rule speaks of: a box, or for a known group one each member."""
        direction = HALVES[DIRECTIONS.index(rule.direction)]
        family = HALVES[FAMILIES.index(rule.family)]
        name = peer_name(rule.peer)
        members = [(0, 1)] * len(self.names)
        runs: list[Run] = [(0, SIZES[Field.ADDRESS] - 1)]
        if isinstance(rule.peer, CidrPeer):
            runs = [run_of(rule.peer.cidr)]
        elif name is not None and name in self.known:
            runs = [run_of(one) for one in self.known[name] if f"ipv{one.version}" == rule.family]
        elif name is not None:
            members[self._fields[name] - len(SIZES)] = (1, 1)
        protocol = (0, 255) if rule.protocol is None else (rule.protocol, rule.protocol)
        port = _icmp(rule.icmp) if rule.icmp else _ports(rule.ports)
        for run in runs:
            yield (
                direction,
                family,
                run,
                protocol,
                port,
                _ports(rule.source_ports),
                *members,
            )


def in_order(rules: Iterable[FirewallRule]) -> list[FirewallRule]:
    """Return rules as they are asked: by priority, denies before allows of the same one.

    Those without a priority come last.
    """
    return sorted(
        rules,
        key=lambda rule: (rule.priority is None, rule.priority or 0, rule.action is Action.ALLOW),
    )


def run_of(network: Network) -> Run:
    """Return the addresses of a network: short ones count in their top bits, as prefixes do."""
    shift = ADDRESS_BITS - network.max_prefixlen
    first = int(network.network_address) << shift
    return first, first + (1 << (ADDRESS_BITS - network.prefixlen)) - 1


def _ports(ports: PortRange | None) -> Run:
    return (ports.first, ports.last) if ports else (0, 65535)


def _icmp(icmp: Icmp) -> Run:
    """ICMP has no ports: type and code are the two bytes of a number in their place."""
    if icmp.type is None:
        return (0, 65535)
    if icmp.code is None:
        return (icmp.type << 8, icmp.type << 8 | 255)
    only = icmp.type << 8 | icmp.code
    return (only, only)
