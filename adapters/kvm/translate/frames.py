"""What ebtables does with frames: chains for single protocols, and the ways out of them.

The root chain's rules and its jumps into other chains are asked by priority. ``accept`` and
``drop`` decide; ``return`` and the end of a chain lead back to the root, whose end lets through.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from adapters.kvm.translate.firewall import DIRECTIONS
from adapters.kvm.translate.native_rule import OWN, OWN_MAC, Native, Turn, everything, matched
from broker.errors import Unsupported
from broker.firewall import Space
from broker.firewall.diagram import ALL, NOTHING, Diagrams, Node
from broker.model import Direction, Family


class Kind(NamedTuple):
    """Chains whose names begin alike: where they are asked, unless they say, and what enters."""

    priority: int
    families: tuple[Family, ...]
    arp: bool = False


KINDS = {
    "root": Kind(0, tuple(Family), arp=True),
    "stp": Kind(-810, ()),
    "mac": Kind(-800, tuple(Family), arp=True),
    "vlan": Kind(-750, ()),
    "ipv4": Kind(-700, (Family.IPV4,)),
    "ipv6": Kind(-600, (Family.IPV6,)),
    "arp": Kind(-500, (), arp=True),
    "rarp": Kind(-400, ()),
}

ARP = ("arp", "0x806", "2054")
OWN_ARP = {"arpsrcipaddr": OWN[Family.IPV4], "arpsrcmacaddr": OWN_MAC, "srcmacaddr": OWN_MAC}
"""What is true of any ARP frame that a machine sends of its own."""


class Line(NamedTuple):
    """What happens to the packets of a set: an action, or ``chain`` where they jump into one."""

    where: Node
    action: str
    chain: tuple[Line, ...] = ()


def walk(
    diagrams: Diagrams, lines: Sequence[Line], *, behind: Node = ALL, left: Node = ALL
) -> Node:
    """Return what lines let through; of what none stops and of what returns, that in these."""
    for where, action, chain in reversed(lines):
        inside = {"accept": ALL, "return": left}.get(action, NOTHING)
        if chain:
            inside = walk(diagrams, chain, behind=behind, left=behind)
        behind = diagrams.either(diagrams.both(where, inside), diagrams.but_not(behind, where))
    return behind


def frames_through(space: Space, rules: Sequence[Native], way: Direction, turn: Turn) -> Node:
    """Return the packets whose frames pass, each as what ``turn`` makes of it.

    Unsupported where a machine's own ARP is stopped: then nothing at all can be told to pass.
    """

    def enters(kind: Kind) -> Node:
        own = everything(way, kind.families)
        return space.passing([each for rule in own for each in turn(rule)])

    def matches(native: Native) -> Node:
        reverse = native.rule.get("direction") == "inout" and way is Direction.EGRESS
        return matched(space, native, way, reverse=reverse, turn=turn)

    def arp_enters(kind: Kind) -> Node:
        return ALL if kind.arp else NOTHING

    def arp_matches(native: Native) -> Node:
        return ALL if _is_arp(native, way) else NOTHING

    ways = (DIRECTIONS[way], "inout")
    here = [native for native in rules if native.rule.get("direction") in ways]
    if walk(space.diagrams, _root(here, arp_enters, arp_matches)) is not ALL:
        raise Unsupported(f"network filter {rules[0].filter} stops a machine's ARP")
    return walk(space.diagrams, _root(here, enters, matches))


def _root(
    rules: Sequence[Native], enters: Callable[[Kind], Node], matches: Callable[[Native], Node]
) -> list[Line]:
    """Return the root chain; a chain is asked before rules of the root with the same priority."""
    found: list[tuple[int, bool, Line]] = []
    for chain in dict.fromkeys(rule.chain for rule in rules):
        own = [rule for rule in rules if rule.chain == chain]
        said = [(rule.priority, Line(matches(rule), rule.action)) for rule in own]
        if chain == "root":
            found += [(priority, True, line) for priority, line in said]
            continue
        if len({rule.chain_priority for rule in own}) > 1:
            raise Unsupported(f"network filters give chain {chain} more than one priority")
        said.sort(key=lambda each: each[0])
        inside = tuple(line for _, line in said)
        jump = Line(enters(KINDS[kind_of(chain)]), "jump", inside)
        found.append((own[0].chain_priority, False, jump))
    return [line for _, _, line in sorted(found, key=lambda each: each[:2])]


def kind_of(chain: str) -> str:
    """Return the kind of a chain: the first word of its name."""
    return chain.partition("-")[0]


def _is_arp(native: Native, way: Direction) -> bool:
    """Tell whether a rule matches a machine's own ARP, or what others send to it."""
    if not len(native.rule):
        return True
    if native.rule[0].tag not in ("mac", "arp"):
        return False
    return all(
        _holds(key, value, native, way) is (child.get("match") != "no")
        for child in native.rule
        for key, value in child.attrib.items()
        if key not in ("match", "comment")
    )


def _holds(key: str, value: str, native: Native, way: Direction) -> bool:
    if key == "protocolid":
        return value.lower() in ARP
    if way is Direction.EGRESS and OWN_ARP.get(key) == value:
        return True
    raise Unsupported(f"network filter {native.filter} matches ARP by {key} {value}")
