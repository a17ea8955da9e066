"""Network filters of others, read as a firewall's rules where they say what rules can.

https://libvirt.org/formatnwfilter.html: rules of a filter and of all it includes are one list, by
priority; ``return`` leaves the list, ``continue`` goes on; what nothing stops is let through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from adapters.kvm.translate.firewall import DIRECTIONS, read_rule
from adapters.kvm.translate.xml import Element, parse
from broker.errors import Unsupported
from broker.model import EVERYONE, Action, Direction, Family, FirewallRule

USUAL_PRIORITY = 500
"""Of a rule that says none."""

ACTIONS = {
    "accept": Action.ALLOW,
    "return": Action.ALLOW,
    "drop": Action.DENY,
    "reject": Action.DENY,
}
DEEPEST = 20
"""Filters within filters: libvirt refuses those that include themselves, this only ends a loop."""


def foreign_rules(xml: str, included: Callable[[str], str]) -> tuple[FirewallRule, ...]:
    """Return the rules of a filter; ``included`` gives the XML of another one by its name.

    Unsupported where a filter looks below the internet protocols, or depends on the card.
    """
    found = sorted(_listed(parse(xml), included, DEEPEST), key=lambda one: one[0])
    read = [rule for _, rules in found for rule in rules]
    everything = [
        FirewallRule(direction=direction, family=family, peer=EVERYONE[family])
        for direction in Direction
        for family in Family
    ]
    return tuple(
        rule.model_copy(update={"priority": rank}) for rank, rule in enumerate([*read, *everything])
    )


def _listed(
    root: Element, included: Callable[[str], str], depth: int
) -> Iterator[tuple[int, list[FirewallRule]]]:
    name = root.get("name", "")
    if root.get("chain", "root") != "root" or depth == 0:
        raise Unsupported(f"network filter {name} is about chain {root.get('chain')}")
    for child in root:
        if child.tag == "filterref":
            if len(child):
                raise Unsupported(f"network filter {name} gives parameters to another")
            yield from _listed(parse(included(child.get("filter", ""))), included, depth - 1)
        elif child.tag == "rule" and child.get("action") != "continue":
            yield int(child.get("priority", USUAL_PRIORITY)), _rules(child, name)


def _rules(rule: Element, name: str) -> list[FirewallRule]:
    if rule.get("statematch", "true") in ("0", "false"):
        raise Unsupported(f"network filter {name} has rules that forget connections")
    action = ACTIONS.get(rule.get("action", ""))
    if action is None:
        raise Unsupported(f"network filter {name} has an action {rule.get('action')}")
    ways = [*DIRECTIONS.values()] if rule.get("direction") == "inout" else [rule.get("direction")]
    told = []
    for way in ways:
        plain = Element("rule", {"action": "accept", "direction": way or ""})
        # a comment of somebody else's is no priority of ours
        plain.extend([Element(each.tag, _without_comment(each)) for each in rule])
        told.append(read_rule(plain, name).model_copy(update={"action": action}))
    return told


def _without_comment(match: Element) -> dict[str, str]:
    if any(value.startswith("$") for value in match.attrib.values()):
        raise Unsupported("a network filter with variables depends on the card that wears it")
    return {key: value for key, value in match.attrib.items() if key != "comment"}
