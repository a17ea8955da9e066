"""Changing rules one by one: at each step every packet meets its old or its new decision."""

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from broker.adapter import FirewallLimits
from broker.errors import Invalid
from broker.firewall import Change, Do, change, drift
from broker.firewall.budget import fits
from broker.model import FirewallRule
from tests.firewall import dialects, oracle
from tests.firewall.test_translate import rule

BOUNDED = {name: limits for name, limits in dialects.DIALECTS.items() if limits.priorities}


def done(there: Sequence[FirewallRule], step: Change) -> list[FirewallRule]:
    (rule,) = step.rules
    if step.do == "add":
        assert rule.priority is None or (rule.direction, rule.priority) not in {
            (one.direction, one.priority) for one in there
        }, "two rules of one priority"
        return [*there, rule]
    left = list(there)
    left.remove(rule)
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


def test_rules_in_both_are_not_touched() -> None:
    limits = FirewallLimits(denies=True, priorities=(100, 4096))
    old = [rule(port=place, priority=100 + 10 * place) for place in range(50)]
    new = [*old[:20], rule(port=99, action="deny", priority=7), *old[21:]]
    new = [one.model_copy(update={"priority": place}) for place, one in enumerate(new)]
    come, gone = change(old, new, limits)
    assert (come.do, come.rules[0].ports, gone) == (
        "add",
        rule(port=99).ports,
        Change(do=Do.REMOVE, rules=(old[20],)),
    )
    assert come.rules[0].priority is not None
    assert 290 < come.rules[0].priority < 310


def test_a_free_priority_that_was_asked_for_is_given() -> None:
    limits = FirewallLimits(denies=True, priorities=(100, 4096))
    there = [rule(port=1, priority=200)]
    # one without a priority is asked last
    (step,) = change(there, [rule(port=1), rule(port=2, priority=4000)], limits)
    assert step.rules[0].priority in range(100, 200)
    (step,) = change(there, [*there, rule(port=2, priority=4000)], limits)
    assert step.rules[0].priority == 4000


def tight(most: int) -> FirewallLimits:
    return FirewallLimits(denies=False, rules_per_direction=most, families_apart=True)


@pytest.mark.parametrize("seed", range(30))
def test_allows_are_exchanged_within_their_budget(seed: int) -> None:
    """Neither too many at once, nor a packet without its old or its new decision."""
    rng = random.Random(seed)
    plain = dialects.DIALECTS["security groups"]
    old, new = (dialects.rules(rng, plain, most=24) for _ in range(2))
    counts = Counter((one.direction, one.family) for rules in (old, new) for one in {*rules})
    most = max([*counts.values(), 1]) // 2 + 1
    if not all(fits(rules, tight(most)) for rules in (old, new)):
        return
    probes = oracle.probes(rng, [*old, *new], dialects.MEMBERS, 60)
    ends = [[oracle.passes(one, probe, dialects.MEMBERS) for probe in probes] for one in (old, new)]
    now: list[FirewallRule] = list(dict.fromkeys(old))
    try:
        steps = change(now, new, tight(most))
    except Invalid:
        return
    for step in steps:
        now = done(now, step)
        assert fits(now, tight(most))
        for probe, was, will in zip(probes, *ends, strict=True):
            assert oracle.passes(now, probe, dialects.MEMBERS) in (was, will), probe
    assert drift(now, new).verdict == "equal"


def test_a_full_group_is_exchanged_for_another_full_one() -> None:
    old = [rule(port=place) for place in range(60)]
    new = [rule(port=place) for place in range(30, 90)]
    steps = change(old, new, tight(60))
    assert [step.do for step in steps] == ["remove"] * 30 + ["add"] * 30
    halves = [
        rule(port=place, cidr=cidr) for place in range(29) for cidr in ("0.0.0.0/1", "128.0.0.0/1")
    ]
    assert len(change(old, halves, tight(60))) == 31 + 29 + 58


def test_a_full_group_that_cannot_let_go_first_is_refused() -> None:
    old = [rule(port=place) for place in range(4)]
    joined = rule(protocol=6, ports={"first": 0, "last": 9})
    with pytest.raises(Invalid, match="no room"):
        change(old, [joined], tight(4))
    assert [step.do for step in change(old, [joined], tight(5))] == ["add"] + ["remove"] * 4


def test_what_is_one_rule_there_comes_and_goes_as_one() -> None:
    both = [
        rule(family=family, cidr=cidr) for family, cidr in (("ipv4", "0.0.0.0/0"), ("ipv6", "::/0"))
    ]
    (step,) = change([], both, tight(1), same=lambda one: one.direction)
    assert step.rules == tuple(both)


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
