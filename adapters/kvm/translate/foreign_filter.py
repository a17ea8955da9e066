"""Network filters of others, read as the connections that they let be opened.

A packet passes two lists on its way. One is of frames (ebtables): a root chain that jumps into
chains for single protocols and comes back from them. One is of packets (iptables): the other rules
of all chains, in one list. What nothing stops is let through. No list remembers connections by
itself: libvirt gives a rule that says no state a mirror image for the other direction, which lets
the answers of what an accept let in go out, but stops, for a drop, new connections too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from adapters.kvm.translate.firewall import DIRECTIONS
from adapters.kvm.translate.frames import KINDS, Line, frames_through, kind_of, walk
from adapters.kvm.translate.native_rule import (
    Native,
    Turn,
    as_it_is,
    everything,
    matched,
    plain,
)
from adapters.kvm.translate.xml import Element, parse
from broker.errors import Unsupported
from broker.firewall import Space
from broker.firewall.diagram import NOTHING, Node
from broker.firewall.effective import OTHER_WAY, questions, unanswerable
from broker.firewall.pack import pack
from broker.firewall.space import Field
from broker.model import Action, Direction, FirewallRule

USUAL_PRIORITY = 500
"""Of a rule that says none."""

ACTIONS = ("accept", "return", "drop", "reject")
DEEPEST = 20
"""Filters within filters: libvirt refuses those that include themselves, this only ends a loop."""


def foreign_rules(xml: str, included: Callable[[str], str]) -> tuple[FirewallRule, ...]:
    """Return what a filter lets through as rules; ``included`` gives another's XML by its name.

    They are the filter's own where those say all of it, else the fewest that do. Unsupported where
    what passes depends on more than addresses, ports and types, or on other addresses of the
    machine than the card's. ICMP messages that ask for no answer are let through where the answers
    of all others are: tighter than libvirt by those.
    """
    natives = list(_listed(parse(xml), included, DEEPEST))
    space = Space()
    lets = NOTHING
    for way in Direction:
        lets = space.diagrams.either(lets, _connections(space, natives, way))
    own = _own(natives)
    if own is None or space.passing(own) is not lets:
        own = [
            rule for way in Direction for one in everything(way) for rule in _few(space, lets, one)
        ]
    return tuple(rule.model_copy(update={"priority": rank}) for rank, rule in enumerate(own))


def _few(space: Space, lets: Node, whole: FirewallRule) -> list[FirewallRule]:
    """Return what passes of a family on one way as allows, or as denies before an allow of all.

    Unsupported where either takes more rules than anybody writes.
    """
    everything = space.passing([whole])
    allows = pack(space, space.diagrams.both(everything, lets), {})
    denies = pack(space, space.diagrams.but_not(everything, lets), {})
    if allows is not None and (denies is None or len(allows) <= len(denies) + 1):
        return allows
    if denies is None:
        raise Unsupported(
            "what a network filter lets through takes thousands of rules to say",
            hint="Write it with fewer single ports and ICMP codes, or as a firewall",
        )
    return [*(rule.model_copy(update={"action": Action.DENY}) for rule in denies), whole]


def _listed(root: Element, included: Callable[[str], str], depth: int) -> Iterator[Native]:
    name, chain = root.get("name", ""), root.get("chain", "root")
    if depth == 0:
        raise Unsupported(f"network filter {name} includes itself")
    if kind_of(chain) not in KINDS:
        raise Unsupported(f"network filter {name} is about chain {chain}")
    at = int(root.get("priority", KINDS[kind_of(chain)].priority))
    for child in root:
        if child.tag == "filterref":
            if len(child):
                raise Unsupported(f"network filter {name} gives parameters to another")
            yield from _listed(parse(included(child.get("filter", ""))), included, depth - 1)
        elif child.tag == "rule" and child.get("action") != "continue":
            if child.get("action") not in ACTIONS:
                raise Unsupported(f"network filter {name} has an action {child.get('action')}")
            yield Native(child, name, chain, at, int(child.get("priority", USUAL_PRIORITY)))


def _connections(space: Space, natives: Sequence[Native], way: Direction) -> Node:
    """Return the connections opened on one way whose first packets and answers pass."""
    frames = [native for native in natives if native.of_frames]
    packets = _packets(natives)

    def through(way: Direction, turn: Turn, *, answers: bool) -> Node:
        lines = [
            Line(matched(space, native, way, reverse=reverse, turn=turn), native.action)
            for native in packets
            if (reverse := _exchanged(native, way, answers=answers)) is not None
        ]
        return space.diagrams.both(
            walk(space.diagrams, lines), frames_through(space, frames, way, turn)
        )

    back = through(OTHER_WAY[way], questions, answers=True)
    all_answered = space.diagrams.whatever(back, Field.PORT)
    answered = space.diagrams.either(back, space.diagrams.both(unanswerable(space), all_answered))
    opened = space.diagrams.both(through(way, as_it_is, answers=False), answered)
    return space.diagrams.both(opened, space.passing(everything(way)))


def _own(natives: Sequence[Native]) -> list[FirewallRule] | None:
    """Return the rules that first packets meet, in order; None where rules cannot say them."""
    if any(native.of_frames for native in natives):
        return None
    found = []
    for way in Direction:
        for native in _packets(natives):
            reverse = _exchanged(native, way, answers=False)
            if reverse is not None:
                said = plain(native, way, reverse=reverse)
                if said is None:
                    return None
                action = Action.ALLOW if native.action in ("accept", "return") else Action.DENY
                found += [rule.model_copy(update={"action": action}) for rule in said]
        found += everything(way)
    return found


def _packets(natives: Iterable[Native]) -> list[Native]:
    """Return iptables' rules in order: those of chains for single protocols come last."""
    found = [native for native in natives if not native.of_frames]
    return sorted(found, key=lambda each: (each.chain != "root", each.priority))


def _exchanged(native: Native, way: Direction, *, answers: bool) -> bool | None:
    """Tell how a rule is in the list of one way, for first packets or for answers.

    As it is written (False), with its ends exchanged (True), or not at all (None).
    """
    rule = native.rule
    told = rule.get("direction")
    here, both = told == DIRECTIONS[way], told == "inout"
    exchanged = way is Direction.EGRESS if both else not here
    forgets = rule.get("statematch") in ("0", "false")
    typed = any("type" in each.attrib for each in rule)
    states = {word for each in rule for word in each.get("state", "").split(",") if word}
    if typed and not here:
        return None  # an ICMP type is another one on the way back
    if states and not forgets:
        named = ("ESTABLISHED" if answers else "NEW") in states
        return exchanged if named and (here or both) else None
    if native.action == "accept" and not (typed or both or forgets) and here is answers:
        return None
    return exchanged
