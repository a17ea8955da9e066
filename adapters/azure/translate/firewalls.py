"""Network security groups: which native rule holds which of ours, and which of them change."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from adapters.azure import tags
from adapters.azure.defaults import LIMITS, MOST_RULES, PRIORITIES
from adapters.azure.translate.native import properties
from adapters.azure.translate.rules import ACTIONS, WITH_PORTS, Around, read
from adapters.azure.translate.written_rules import write
from broker.errors import Invalid, Unsupported
from broker.model import (
    Action,
    Attachment,
    AttachPoint,
    Direction,
    Firewall,
    FirewallRule,
    FirewallSpec,
)

STEP = 10
"""Room between two priorities, so that a rule can be put in between by hand."""

Native = Mapping[str, Any]
Slot = tuple[Direction, int]
"""No two native rules of one direction have the same priority."""


def firewall(told: Native, around: Around) -> Firewall:
    """Return the group with its own rules; the default ones are the same for all."""
    return Firewall(
        id=around.firewall,
        spec=FirewallSpec(
            name=tags.name_of(told),
            rules=tuple(
                rule for each in sorted(own_rules(told), key=slot) for rule in read(each, around)
            ),
            description=tags.of(told).get(tags.DESCRIPTION, ""),
            labels=tags.labels_of(told),
        ),
        attached=tuple(attached(told, around)),
        native=told,
    )


def attached(told: Native, around: Around) -> Iterable[Attachment]:
    """Yield what wears the group."""
    about = properties(told)
    for each in about.get("networkInterfaces") or []:
        yield Attachment(point=AttachPoint.NIC, id=around.ids.short(each["id"]))
    for each in about.get("subnets") or []:
        yield Attachment(point=AttachPoint.SUBNET, id=around.ids.short(each["id"]))


def own_rules(told: Native) -> list[Native]:
    """Return the native rules of a group, without the default ones."""
    return list(properties(told).get("securityRules") or [])


def _denies(told: Native) -> bool:
    """Tell whether a native rule is a deny."""
    return ACTIONS[properties(told)["access"].lower()] is Action.DENY


def _check(rules: Sequence[FirewallRule]) -> None:
    """Unsupported or Invalid for rules that no security group can say exactly."""
    low, high = PRIORITIES
    for rule in rules:
        if rule.priority is not None and not low <= rule.priority <= high:
            raise Invalid(f"priority {rule.priority} is not between {low} and {high}")
        if rule.protocol is not None and rule.protocol not in (LIMITS.protocols or ()):
            raise Unsupported(f"security groups cannot name protocol {rule.protocol}")
        if rule.ports is not None and rule.protocol not in WITH_PORTS:
            raise Unsupported(f"security groups know no ports of protocol {rule.protocol}")
        if rule.icmp is not None and rule.icmp.type is not None:
            raise Unsupported("security groups do not look at ICMP types: fit the firewall first")


def changed(
    there: Sequence[Native], wanted: Sequence[FirewallRule], around: Around
) -> list[dict[str, Any]]:
    """Return the native rules that say what is wanted; those that say so already stay untouched.

    So do denies for machines that do not wear the group now: they say nothing yet, and would hold
    up who comes to wear it. Unsupported or Invalid where no rules can say what is wanted. Rules
    without a priority come behind the others, as far apart as there is room.
    """
    before = {slot(each): each for each in there}
    said = {at: _said(read(each, around)) for at, each in before.items()}
    alone = {(at[0], next(iter(rules))): at[1] for at, rules in said.items() if len(rules) == 1}
    silent = {at for at, rules in said.items() if not rules and _denies(before[at])}
    slots: dict[Slot, list[FirewallRule]] = {}
    for rule in _numbered(wanted, alone, silent):
        slots.setdefault((rule.direction, rule.priority or 0), []).append(rule)
    kept = {
        at: before[at]
        for at in {*slots, *silent}
        if at not in slots or said.get(at) == _said(slots[at])
    }
    places = sorted(slots.keys() | kept.keys())
    if len(places) > MOST_RULES:
        raise Invalid(f"{len(places)} rules: at most {MOST_RULES} fit one security group")
    taken = {str(each["name"]).lower() for each in kept.values()}
    result: list[dict[str, Any]] = []
    for at in places:
        if at in kept:
            result.append(dict(kept[at]))
        else:
            name = _free_name(at, taken)
            taken.add(name.lower())
            _check(slots[at])
            result.append({"name": name, **write(slots[at], around)})
    return result


def _numbered(
    wanted: Sequence[FirewallRule],
    alone: Mapping[tuple[Direction, FirewallRule], int],
    taken: Collection[Slot],
) -> list[FirewallRule]:
    """Give rules without a priority one: that of the native rule that says them already, or new."""
    low, high = PRIORITIES
    result = [rule for rule in wanted if rule.priority is not None]
    for direction in Direction:
        own = [rule.priority or 0 for rule in result if rule.direction is direction]
        behind = max(own, default=low - STEP)
        loose = [rule for rule in wanted if rule.priority is None and rule.direction is direction]
        stay = {
            rule: at for rule in loose if (at := alone.get((direction, _bare(rule)), 0)) > behind
        }
        room = itertools.chain(
            range(behind + STEP, high + 1, STEP), range(max(behind + 1, low), high + 1)
        )
        free = (
            at
            for at in dict.fromkeys(room)
            if at not in stay.values() and (direction, at) not in taken
        )
        for rule in dict.fromkeys(loose):
            given = stay.get(rule) or next(free, None)
            if given is None:
                raise Invalid(f"no priority up to {high} is left for all {direction} rules")
            result.append(rule.model_copy(update={"priority": given}))
    return result


def _said(rules: Iterable[FirewallRule]) -> frozenset[FirewallRule]:
    return frozenset(map(_bare, rules))


def _bare(rule: FirewallRule) -> FirewallRule:
    """Return the rule without what changes nothing, or is told by its slot."""
    return rule.model_copy(update={"description": "", "priority": None, "icmp": None})


def _priority(told: Native) -> int:
    return int(properties(told)["priority"])


def slot(told: Native) -> Slot:
    """Return where a native rule stands."""
    inbound = properties(told)["direction"].lower() == "inbound"
    return Direction.INGRESS if inbound else Direction.EGRESS, _priority(told)


def _free_name(at: Slot, taken: set[str]) -> str:
    direction, priority = at
    name = f"{'in' if direction is Direction.INGRESS else 'out'}-{priority}"
    return next(
        each
        for number in itertools.count()
        if (each := f"{name}-{number}" if number else name) not in taken
    )
