"""The largest set inside another that rules of a target can say.

What rules cannot tell apart is kept only where it is all let through. So the result is never wider,
and nothing between the two could be said.
"""

from __future__ import annotations

from collections.abc import Collection

from broker.adapter import FirewallLimits
from broker.firewall.diagram import ALL, NOTHING, Diagrams, Node
from broker.firewall.space import FAMILIES, SIZES, Field, Space
from broker.firewall.wording import WITH_TYPES
from broker.model import ICMP, ICMPV6, WITH_PORTS, Family

ICMP_OF = {Family.IPV4: ICMP, Family.IPV6: ICMPV6}


def sayable(
    space: Space,
    packets: Node,
    limits: FirewallLimits,
    references: frozenset[str] = frozenset(),
    families: Collection[Family] = FAMILIES,
) -> Node:
    """Return the packets of the set that rules with ``limits`` can let through.

    ``references`` are the names that the target's rules may use as peers, ``families`` those that
    its network speaks.
    """
    diagrams = space.diagrams
    if not limits.source_ports:
        packets = diagrams.whatever(packets, Field.SOURCE_PORT)
    said = whoever(space, packets)
    for name in space.names:
        if name in references:
            from_members = members_of(space, packets, name)
            from_members = in_all(space, from_members, limits, families)
            member = diagrams.node(space.field_of(name), (0, 1), (NOTHING, ALL))
            said = diagrams.either(said, diagrams.both(from_members, member))
    return _by_protocol(space, said, limits)


def in_all(
    space: Space, packets: Node, limits: FirewallLimits, families: Collection[Family]
) -> Node:
    """Return the packets that rules for a name can let in, where those are for all families.

    They pass in each family that is spoken and has such packets.
    """
    if not limits.peers_in_all_families:
        return packets
    diagrams = space.diagrams
    without = unspoken(space, limits, families)
    every, some = ALL, NOTHING
    for index, family in enumerate(FAMILIES):
        here = diagrams.given(packets, Field.FAMILY, index)
        absent = diagrams.given(without, Field.FAMILY, index)
        every = diagrams.both(every, diagrams.either(here, absent))
        some = diagrams.either(some, here) if family in families else some
    spoken = [ALL if family in families else NOTHING for family in FAMILIES]
    both = diagrams.both(every, some)
    return diagrams.both(both, diagrams.node(Field.FAMILY, range(len(spoken)), spoken))


def unspoken(space: Space, limits: FirewallLimits, families: Collection[Family]) -> Node:
    """Return the packets that no network like the target's has, where rules are for all families.

    They are those of families it does not speak, and those with the ICMP of another family.
    """
    if not limits.peers_in_all_families:
        return NOTHING
    diagrams = space.diagrams
    ends = []
    for family in FAMILIES:
        others = WITH_TYPES - {ICMP_OF[family]}
        flags = [family not in families or number in others for number in range(256)]
        ends.append(
            diagrams.node(
                Field.PROTOCOL, range(len(flags)), [ALL if one else NOTHING for one in flags]
            )
        )
    return diagrams.node(Field.FAMILY, range(len(ends)), ends)


def whoever(space: Space, packets: Node) -> Node:
    """Return the packets that pass whichever groups the peer is in."""
    for name in space.names:
        packets = space.diagrams.whatever(packets, space.field_of(name))
    return packets


def members_of(space: Space, packets: Node, name: str) -> Node:
    """Return the packets that pass from each member, whatever its address and other groups."""
    own = space.diagrams.given(packets, space.field_of(name), 1)
    return space.diagrams.whatever(whoever(space, own), Field.ADDRESS)


def _by_protocol(space: Space, packets: Node, limits: FirewallLimits) -> Node:
    """Let through a protocol in part only where rules can name it and its ports or types."""
    diagrams = space.diagrams
    one_port = diagrams.whatever(packets, Field.SOURCE_PORT)
    whole = diagrams.whatever(one_port, Field.PORT)
    said = diagrams.either(
        diagrams.whatever(whole, Field.PROTOCOL),
        diagrams.both(whole, _protocols(diagrams, limits, None)),
    )
    by_port = _protocols(diagrams, limits, WITH_PORTS & limits.port_protocols)
    by_port = diagrams.both(by_port, _from_port(diagrams, limits.first_port))
    said = diagrams.either(said, diagrams.both(packets, by_port))
    if limits.icmp_types:
        by_type = _protocols(diagrams, limits, WITH_TYPES)
        said = diagrams.either(said, diagrams.both(one_port, by_type))
    return said


def _from_port(diagrams: Diagrams, first: int) -> Node:
    return diagrams.node(Field.PORT, (0, first), (NOTHING, ALL)) if first else ALL


def _protocols(diagrams: Diagrams, limits: FirewallLimits, only: frozenset[int] | None) -> Node:
    """Return all packets of the protocols that rules can name, of those in ``only``."""
    ends = []
    for family in FAMILIES:
        nameable = limits.protocols
        if nameable is not None:
            nameable -= WITH_TYPES - {ICMP_OF[family]}  # a list has each ICMP with its own family
        flags = [
            (nameable is None or protocol in nameable) and (only is None or protocol in only)
            for protocol in range(SIZES[Field.PROTOCOL])
        ]
        children = [ALL if flag else NOTHING for flag in flags]
        ends.append(diagrams.node(Field.PROTOCOL, range(len(flags)), children))
    return diagrams.node(Field.FAMILY, (0, 1), ends)
