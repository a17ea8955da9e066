"""Which rules decide nothing, by what the sets say with them and without them."""

import random

import pytest

from broker.adapter import FirewallLimits
from broker.firewall.diagram import NOTHING, Node
from broker.firewall.needless import standings, without_needless
from broker.firewall.space import Space, in_order, names_in
from broker.model import Action, FirewallRule
from tests.firewall import dialects
from tests.firewall.dialects import DIALECTS


@pytest.mark.parametrize("limits", DIALECTS.values(), ids=DIALECTS)
def test_a_rule_is_needless_when_the_same_passes_without_it(limits: FirewallLimits) -> None:
    rng = random.Random(5)
    for _ in range(40):
        rules, space = _chance(rng, limits)
        behind = list(limits.defaults)
        whole = space.passing([*rules, *behind])
        for index, standing in enumerate(standings(space, rules, behind)):
            others = [*rules[:index], *rules[index + 1 :], *behind]
            assert standing.needless == (space.passing(others) is whole)
            own, earlier = (
                _spoken_of(space, those) for those in (rules[index:][:1], rules[:index])
            )
            assert standing.shadowed == (
                own is not NOTHING and space.diagrams.but_not(own, earlier) is NOTHING
            )


@pytest.mark.parametrize("limits", DIALECTS.values(), ids=DIALECTS)
def test_without_the_needless_the_same_passes_and_each_rule_left_counts(
    limits: FirewallLimits,
) -> None:
    rng = random.Random(6)
    for _ in range(40):
        rules, space = _chance(rng, limits)
        behind = list(limits.defaults)
        kept = without_needless(space, rules, behind)
        assert space.passing([*kept, *behind]) is space.passing([*rules, *behind])
        assert without_needless(space, kept, behind) == kept


def _chance(rng: random.Random, limits: FirewallLimits) -> tuple[list[FirewallRule], Space]:
    rules = in_order(dialects.rules(rng, limits))
    return rules, Space(names_in([*rules, *limits.defaults]), dialects.KNOWN)


def _spoken_of(space: Space, rules: list[FirewallRule]) -> Node:
    return space.passing(rule.model_copy(update={"action": Action.ALLOW}) for rule in rules)
