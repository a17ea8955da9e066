"""A set of packets as few rules that only allow."""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from broker.firewall.diagram import NOTHING, Node, Run
from broker.firewall.sayable import members_of, whoever
from broker.firewall.service import EVERYTHING, MOST, PORTS, Service, Services, within
from broker.firewall.space import (
    ADDRESS_BITS,
    DIRECTIONS,
    FAMILIES,
    FAMILY_BITS,
    SIZES,
    Field,
    Space,
)
from broker.firewall.wording import WITH_TYPES
from broker.model import CidrPeer, Direction, Family, FirewallRule, Icmp, Peer, PortRange


def pack(
    space: Space,
    packets: Node,
    peers: Mapping[str, Peer],
    for_names: Callable[[Node], Node] = lambda packets: packets,
) -> list[FirewallRule] | None:
    """Return rules without priorities that let through the set, one that ``sayable`` gave.

    None where that takes more than MOST. ``peers`` are the names that rules may use, ``for_names``
    what of a set those rules can let through. Each service is let through from the fewest address
    ranges that hold all who need it and nobody who may not use it.
    """
    rules = list(islice(_rules(space, packets, peers, for_names), MOST + 1))
    return rules if len(rules) <= MOST else None


def _rules(
    space: Space,
    packets: Node,
    peers: Mapping[str, Peer],
    for_names: Callable[[Node], Node],
) -> Iterator[FirewallRule]:
    services = Services(space.diagrams)
    for way, direction in enumerate(DIRECTIONS):
        here = space.diagrams.given(packets, Field.DIRECTION, way)
        for kind, family in enumerate(FAMILIES):
            own = space.diagrams.given(here, Field.FAMILY, kind)
            anyone = whoever(space, own)
            for service, run in _cover(space, services, anyone):
                source = CidrPeer(cidr=network_of(run, family))
                yield _rule(direction, family, source, service)
            for name, peer in sorted(peers.items()):
                if name in space.names:
                    theirs = for_names(members_of(space, here, name))
                    theirs = space.diagrams.given(theirs, Field.FAMILY, kind)
                    everyones = space.diagrams.whatever(anyone, Field.ADDRESS)
                    largest = services.largest(theirs)
                    for service in largest:
                        if len(largest) > MOST or not within(service, everyones):
                            yield _rule(direction, family, peer, service)


def _cover(space: Space, services: Services, anyone: Node) -> Iterator[tuple[Service, Run]]:
    """Yield each service with the aligned address ranges it is let through from."""
    runs = [((0, SIZES[Field.ADDRESS] - 1), anyone)]
    if anyone.field == Field.ADDRESS:
        runs = list(space.diagrams.runs(anyone))
    needed: dict[Service, list[int]] = {}
    for index, (_, allowed) in enumerate(runs):
        if allowed is not NOTHING:
            for service in services.largest(allowed):
                needed.setdefault(service, []).append(index)
    starts = [run[0] for run, _ in runs]
    for service, where in sorted(needed.items(), key=lambda item: -item[0].size):
        done = -1
        wanted = set(where)
        for index in where:
            if runs[index][0][1] <= done:
                continue
            first = last = index
            while first > 0 and within(service, runs[first - 1][1]):
                first -= 1
            while last + 1 < len(runs) and within(service, runs[last + 1][1]):
                last += 1
            for run in _aligned((runs[first][0][0], runs[last][0][1])):
                inside = range(bisect_right(starts, run[0]) - 1, bisect_right(starts, run[1]))
                if any(one in wanted for one in inside):
                    yield service, run
            done = runs[last][0][1]


def _aligned(run: Run) -> Iterator[Run]:
    """Cut a run of addresses into the fewest prefixes."""
    first, last = run
    while first <= last:
        size = first & -first or 1 << ADDRESS_BITS
        while first + size - 1 > last:
            size >>= 1
        yield first, first + size - 1
        first += size


def network_of(run: Run, family: Family) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Return an aligned run of addresses as a network."""
    first, last = run
    bits = FAMILY_BITS[family]
    length = ADDRESS_BITS - (last - first + 1).bit_length() + 1
    number = first >> (ADDRESS_BITS - bits)
    if family is Family.IPV4:
        return ipaddress.IPv4Network((number, length))
    return ipaddress.IPv6Network((number, length))


def _rule(direction: Direction, family: Family, peer: Peer, service: Service) -> FirewallRule:
    protocol = None if service.protocol == EVERYTHING.protocol else service.protocol[0]
    icmp = None
    ports = _ports(service.port)
    if protocol in WITH_TYPES and ports is not None:
        kind, code = divmod(ports.first, 256)
        icmp = Icmp(type=kind, code=code if ports.first == ports.last else None)
        ports = None
    return FirewallRule(
        direction=direction,
        family=family,
        peer=peer,
        protocol=protocol,
        ports=ports,
        source_ports=_ports(service.source_port),
        icmp=icmp,
    )


def _ports(run: Run) -> PortRange | None:
    return None if run == PORTS else PortRange(first=run[0], last=run[1])
