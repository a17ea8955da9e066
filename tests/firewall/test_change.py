"""Changing rules one by one: at each step every packet meets its old or its new decision."""

import random
from collections.abc import Sequence

import pytest

from broker.adapter import FirewallLimits
from broker.errors import Invalid
from broker.firewall import Change, change, drift
from broker.model import FirewallRule
from tests.firewall import dialects, oracle
from tests.firewall.test_translate import rule

BOUNDED = {name: limits for name, limits in dialects.DIALECTS.items() if limits.priorities}


def done(there: Sequence[FirewallRule], step: Change) -> list[FirewallRule]:
    if step.do == "add":
        assert step.rule.priority is None or (step.rule.direction, step.rule.priority) not in {
            (one.direction, one.priority) for one in there
        }, "two rules of one priority"
        return [*there, step.rule]
    left = list(there)
    left.remove(step.rule)
    return left


@pytest.mark.parametrize("name", dialects.DIALECTS)
def test_no_moment_is_open_or_closed(name: str) -> None:
    limits = dialects.DIALECTS[name]
    for seed in range(40):
        rng = random.Random(seed)
        old, new = dialects.rules(rng, limits), dialects.rules(rng, limits)
        probes = oracle.probes(rng, [*old, *new], dialects.MEMBERS, 60)
        before = [oracle.passes(old, probe, dialects.MEMBERS) for probe in probes]
        after = [oracle.passes(new, probe, dialects.MEMBERS) for probe in probes]
        now: list[FirewallRule] = list(old)
        for step in change(old, new, limits):
            now = done(now, step)
            for probe, was, will in zip(probes, before, after, strict=True):
                assert oracle.passes(now, probe, dialects.MEMBERS) in (was, will), (seed, probe)
        assert drift(now, new).verdict == "equal"
        assert change(now, new, limits) == ()


@pytest.mark.parametrize("name", BOUNDED)
def test_a_change_that_was_cut_short_goes_on(name: str) -> None:
    limits = BOUNDED[name]
    for seed in range(20):
        rng = random.Random(seed)
        old, new = dialects.rules(rng, limits), dialects.rules(rng, limits)
        steps = change(old, new, limits)
        now: list[FirewallRule] = list(old)
        for step in steps[: rng.randrange(len(steps) + 1)]:
            now = done(now, step)
        for step in change(now, new, limits):
            now = done(now, step)
        assert drift(now, new).verdict == "equal"


def test_drift_is_shown() -> None:
    limits = dialects.DIALECTS["security groups"]
    rng = random.Random(3)
    rules = dialects.rules(rng, limits)
    assert drift(rules, rules).text == "equal"
    assert drift(rules[1:], rules).text.startswith("tighter by: ")


def test_no_room_for_both_is_refused() -> None:
    limits = FirewallLimits(denies=True, priorities=(1, 3))
    old = [rule(port=place, priority=place) for place in (1, 2, 3)]
    with pytest.raises(Invalid, match="no room"):
        change(old, [rule(port=4)], limits)
