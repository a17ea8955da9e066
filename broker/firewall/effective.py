"""What a machine's firewalls let through together: the connections that can be opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from broker.firewall.diagram import ALL, NOTHING, Node
from broker.firewall.space import Field, Space, in_order
from broker.model import (
    ICMP,
    ICMPV6,
    Action,
    Direction,
    FirewallRule,
    FirewallSpec,
    Icmp,
    Strict,
)

OTHER_WAY = {Direction.INGRESS: Direction.EGRESS, Direction.EGRESS: Direction.INGRESS}

# question -> answer: echo, timestamp, information, address mask (RFC 792, 950); echo (RFC 4443)
ANSWERS = {ICMP: {8: 0, 13: 14, 15: 16, 17: 18}, ICMPV6: {128: 129}}


class Layer(Strict):
    """What stands at one attach point: a packet passes when any of its firewalls lets it.

    ``defaults`` come behind the rules of each. Without a firewall nothing is held up.
    """

    firewalls: tuple[FirewallSpec, ...] = ()
    defaults: tuple[FirewallRule, ...] = ()


class Around(Strict):
    """What stands around cards, whatever they wear.

    A packet has to pass all ``layers`` too. ``policy`` are rules that administrators put before all
    firewalls: what one of them decides is decided.
    """

    layers: tuple[Layer, ...] = ()
    policy: tuple[FirewallRule, ...] = ()


NOBODY = Around()
"""Nothing around."""


def connections(space: Space, layers: Iterable[Layer], around: Around = NOBODY) -> Node:
    """Return the first packets of the connections that every layer lets through.

    A firewall that forgets connections stops those whose answers its rules do not let through.
    """
    passing = ALL
    for layer in (*layers, *around.layers):
        if layer.firewalls:
            passing = space.diagrams.both(passing, _by_any(space, layer))
    return overruled(space, around.policy, passing)


def _by_any(space: Space, layer: Layer) -> Node:
    """Return what at least one firewall of a layer lets through."""
    rules = [rule for spec in layer.firewalls for rule in spec.rules]
    plain = all(rule.action is Action.ALLOW for rule in (*rules, *layer.defaults))
    if plain and all(spec.stateful for spec in layer.firewalls):
        return space.passing([*rules, *layer.defaults])  # in any order, all at once
    here = NOTHING
    for spec in layer.firewalls:
        here = space.diagrams.either(here, opened(space, spec, layer.defaults))
    return here


def shared(policies: Iterable[Sequence[FirewallRule]]) -> tuple[FirewallRule, ...]:
    """Return the policy of cards on several networks: where they differ, all that any denies."""
    different = list(dict.fromkeys(tuple(policy) for policy in policies))
    if len(different) == 1:
        return different[0]
    return tuple(rule for policy in different for rule in policy if rule.action is Action.DENY)


def overruled(space: Space, policy: Sequence[FirewallRule], passing: Node) -> Node:
    """Return what passes once the rules that come before all firewalls have decided their part."""
    if not policy:
        return passing
    stopped = space.passing(_opposite(rule) for rule in policy)
    return space.diagrams.either(space.passing(policy), space.diagrams.but_not(passing, stopped))


def _opposite(rule: FirewallRule) -> FirewallRule:
    action = Action.ALLOW if rule.action is Action.DENY else Action.DENY
    # only its place in the list counts here, and a deny has to have a priority
    return rule.model_copy(update={"action": action, "priority": 0})


def opened(space: Space, spec: FirewallSpec, defaults: Sequence[FirewallRule] = ()) -> Node:
    """Return the first packets of the connections that one firewall lets through."""
    rules = [*in_order(spec.rules), *defaults]
    passing = space.passing(rules)
    return passing if spec.stateful else space.diagrams.both(passing, answered(space, rules))


def answered(space: Space, rules: Iterable[FirewallRule]) -> Node:
    """Return the packets whose answers pass, or that ask for none."""
    asked = [question for rule in rules for question in questions(rule)]
    return space.diagrams.either(space.passing(asked), unanswerable(space))


def questions(rule: FirewallRule) -> list[FirewallRule]:
    """Return rules for the packets that those of ``rule`` answer, all with its action."""
    turned = rule.model_copy(
        update={
            "direction": OTHER_WAY[rule.direction],
            "ports": rule.source_ports,
            "source_ports": rule.ports,
        }
    )
    if rule.icmp is None or rule.icmp.type is None or rule.protocol is None:
        return [turned]
    return [
        turned.model_copy(update={"icmp": Icmp(type=question, code=rule.icmp.code)})
        for question, answer in ANSWERS[rule.protocol].items()
        if answer == rule.icmp.type
    ]


def unanswerable(space: Space) -> Node:
    """Return the ICMP messages that are no question: nobody has to answer them."""
    found = NOTHING
    for protocol, answers in ANSWERS.items():
        edges = [-1, *sorted(answers), 256]
        for before, behind in pairwise(edges):
            if behind - before > 1:
                box = [(0, size - 1) for size in space.diagrams.sizes]
                box[Field.PROTOCOL] = (protocol, protocol)
                box[Field.PORT] = (before + 1 << 8, behind - 1 << 8 | 255)
                found = space.diagrams.either(found, space.diagrams.box(tuple(box)))
    return found
