"""Fitting rules into what a target has room for: counts, priorities, several firewalls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest

from broker.adapter import FirewallLimits
from broker.model import Action, CidrPeer, Direction, Family, FirewallRule

PRIORITY_STEP = 10
"""Room between two priorities, so that a rule can be put in between later without a renumbering."""

Group = tuple[Direction, Family | None]


def room(limits: FirewallLimits) -> int | None:
    """Return how many rules of one group one firewall takes, None for any number."""
    counts = [limits.rules_per_direction, limits.rules_per_firewall]
    if limits.priorities is not None:
        low, high = limits.priorities
        counts.append(high - low + 1)
    return min((count for count in counts if count is not None), default=None)


def firewalls_needed(rules: Sequence[FirewallRule], limits: FirewallLimits) -> int:
    """Return how many firewalls of the target it takes to hold the rules, at least one."""
    return len(dealt(rules, limits))


def fits(rules: Sequence[FirewallRule], limits: FirewallLimits) -> bool:
    """Tell whether one firewall of the target holds the rules."""
    counts = Counter(_group(rule, limits) for rule in rules)
    most, in_all = room(limits), limits.rules_per_firewall
    return (most is None or max(counts.values(), default=0) <= most) and (
        in_all is None or len(rules) <= in_all
    )


def dealt(rules: Sequence[FirewallRule], limits: FirewallLimits) -> list[list[FirewallRule]]:
    """Spread rules that only allow over as few firewalls as hold them."""
    most = room(limits)
    if most is None or fits(rules, limits):
        return [list(rules)]
    by_group: dict[Group, list[FirewallRule]] = {}
    # those for names first: where they have to be for all families, they are so in one firewall
    for rule in sorted(rules, key=lambda rule: isinstance(rule.peer, CidrPeer)):
        by_group.setdefault(_group(rule, limits), []).append(rule)
    if limits.rules_per_firewall is not None:
        most = max(1, min(most, limits.rules_per_firewall // len(by_group)))
    chunks = [
        [own[start : start + most] for start in range(0, len(own), most)]
        for own in by_group.values()
    ]
    return [
        [rule for chunk in part for rule in chunk] for part in zip_longest(*chunks, fillvalue=[])
    ]


def numbered(rules: Sequence[FirewallRule], limits: FirewallLimits) -> list[FirewallRule]:
    """Give rules, in the order they are to be asked, priorities that the target has.

    Rules that may deny and have no bounds are numbered from ten; those that only allow need none.
    """
    if limits.priorities is None:
        orderly = limits.denies and any(rule.action is Action.DENY for rule in rules)
        return [
            _at(rule, index * PRIORITY_STEP if orderly else None)
            for index, rule in enumerate(rules, 1)
        ]
    low, high = limits.priorities
    count: Counter[Direction] = Counter(rule.direction for rule in rules)
    next_index: Counter[Direction] = Counter()
    given = []
    for rule in rules:
        step = max(1, min(PRIORITY_STEP, (high - low + 1) // count[rule.direction]))
        priority = low + next_index[rule.direction] * step
        next_index[rule.direction] += 1
        given.append(_at(rule, priority))
    return given


def _at(rule: FirewallRule, priority: int | None) -> FirewallRule:
    same = rule.priority == priority
    return rule if same else rule.model_copy(update={"priority": priority})


def _group(rule: FirewallRule, limits: FirewallLimits) -> Group:
    # priorities are shared by both families even where counts are not
    apart = limits.families_apart and limits.priorities is None
    return rule.direction, rule.family if apart else None
