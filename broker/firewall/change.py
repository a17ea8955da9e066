"""From the rules that are there to those wanted, rule by rule, with no moment in between.

At every step each packet meets its old decision or its new one. New rules go in from the first to
the last, all on one side of the old; then the old go out from the last to the first. So what the
rules in place do not decide is always decided by one whole set. No two rules ever share a priority.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from broker.adapter import FirewallLimits
from broker.errors import Invalid
from broker.firewall.budget import PRIORITY_STEP
from broker.firewall.proof import Proof, compare
from broker.firewall.space import Space, in_order, names_in
from broker.model import Direction, FirewallRule, Strict


class Do(StrEnum):
    """What happens to a rule."""

    ADD = "add"
    REMOVE = "remove"


class Change(Strict):
    """One rule that comes or goes."""

    do: Do
    rule: FirewallRule


def drift(there: Sequence[FirewallRule], wanted: Sequence[FirewallRule]) -> Proof:
    """Return how the rules that are there stand to those wanted; ``equal`` however they look."""
    space = Space(names_in([*there, *wanted]))
    return compare(space, space.passing(in_order(wanted)), space.passing(in_order(there)))


def change(
    there: Sequence[FirewallRule], wanted: Sequence[FirewallRule], limits: FirewallLimits
) -> tuple[Change, ...]:
    """Return the steps from one set of rules to another; none when they say the same already.

    Invalid where the target has no room for both sets of a direction at once.
    """
    if limits.priorities is None:
        here = dict.fromkeys(_bare(rule) for rule in there)
        asked = dict.fromkeys(_bare(rule) for rule in wanted)
        add = [rule for rule in wanted if _bare(rule) not in here]
        remove = [rule for rule in there if _bare(rule) not in asked]
        return _steps(add, remove)
    steps: list[Change] = []
    for direction in Direction:
        old = in_order(rule for rule in there if rule.direction is direction)
        new = in_order(rule for rule in wanted if rule.direction is direction)
        if [_bare(rule) for rule in old] != [_bare(rule) for rule in new]:
            steps += _steps(_beside(old, new, limits.priorities), list(reversed(old)))
    return tuple(steps)


def _steps(add: Sequence[FirewallRule], remove: Sequence[FirewallRule]) -> tuple[Change, ...]:
    return (
        *(Change(do=Do.ADD, rule=rule) for rule in add),
        *(Change(do=Do.REMOVE, rule=rule) for rule in remove),
    )


def _beside(
    old: Sequence[FirewallRule], new: Sequence[FirewallRule], priorities: tuple[int, int]
) -> list[FirewallRule]:
    """Number the new rules on the roomier side of the old: before all of them, or behind."""
    low, high = priorities
    taken = [rule.priority for rule in old if rule.priority is not None]
    before = (low, min(taken, default=low) - 1)
    behind = (max(taken, default=low - 1) + 1, high)
    first, last = max(before, behind, key=lambda ends: ends[1] - ends[0])
    room = last - first + 1
    if room < len(new):
        raise Invalid(
            f"{len(new)} new rules have no room beside {len(old)} old ones in {low} to {high}",
            hint="Renumber the old rules closer together first, or take away what is not needed",
        )
    step = max(1, min(PRIORITY_STEP, room // max(1, len(new))))
    return [
        rule.model_copy(update={"priority": first + index * step}) for index, rule in enumerate(new)
    ]


def _bare(rule: FirewallRule) -> FirewallRule:
    return rule.model_copy(update={"priority": None, "description": ""})
