"""Translations against the oracle, and what they look like."""

import ipaddress
import itertools
import random
from typing import Any

import pytest

from broker.adapter import FirewallLimits
from broker.firewall import Around, Layer, Space, in_order, names_in, translate
from broker.model import (
    TCP,
    CidrPeer,
    Direction,
    Family,
    Fidelity,
    FirewallRule,
    FirewallSpec,
    GroupPeer,
)
from tests.firewall import dialects, oracle
from tests.firewall.dialects import DIALECTS
from tests.firewall.judged import judge
from tests.firewall.large import ordered

ALLOW_ONLY = FirewallLimits(denies=False)
PAIRS = list(itertools.product(DIALECTS, DIALECTS))


def rule(**more: Any) -> FirewallRule:
    peer = {"kind": "cidr", "cidr": more.pop("cidr", "0.0.0.0/0")}
    port = more.pop("port", None)
    ports = {"ports": {"first": port, "last": port}, "protocol": TCP} if port is not None else {}
    given = {"direction": "ingress", "family": "ipv4", "peer": peer, **ports, **more}
    return FirewallRule.model_validate(given)


def firewall(*rules: FirewallRule, **more: Any) -> FirewallSpec:
    return FirewallSpec(name="fw", rules=rules, **more)


def sources(rules: tuple[FirewallRule, ...]) -> list[str]:
    return [str(one.peer.cidr) for one in rules if isinstance(one.peer, CidrPeer)]


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_never_wider_and_every_loss_is_told(source: str, target: str) -> None:
    """Read from a provider's own words, translated, and written in another's."""
    for seed in range(20):
        judge(seed, source, target, packets=40)


def test_what_takes_tens_of_thousands_of_rules_blocks_and_lets_nothing_through() -> None:
    """One code of each ICMP type is denied, so every other code of them all is a rule."""
    denied = [
        rule(protocol=1, icmp={"type": kind, "code": 0}, action="deny", priority=kind)
        for kind in range(256)
    ]
    told = translate(firewall(*denied, rule(protocol=1, priority=256)), ALLOW_ONLY)

    assert told.proof.never_wider
    (blocking,) = (loss for loss in told.losses if loss.blocking)
    assert (blocking.before, blocking.after) == ("257 rules", "over 10,000 rules")
    assert [each.rules for each in told.parts] == [()]


@pytest.mark.parametrize("name", DIALECTS)
def test_home_again_is_equal(name: str) -> None:
    limits = DIALECTS[name]
    every = {f"group {one}" for one in dialects.GROUPS}
    every |= names_in(limits.defaults) | {f"address set {one}" for one in dialects.SETS}
    for seed in range(60):
        spec = firewall(*dialects.rules(random.Random(seed), limits))
        there = translate(spec, limits, defaults=limits.defaults, references=every)
        assert there.proof.verdict == "equal", (seed, there.proof.text)
        (part,) = there.parts
        home = translate(part, limits, defaults=limits.defaults, references=every)
        assert set(home.parts[0].rules) == set(part.rules)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_there_and_back_is_no_wider(source: str, target: str) -> None:
    here, there = DIALECTS[source], DIALECTS[target]
    for seed in range(20):
        rng = random.Random(seed)
        spec = firewall(*dialects.rules(rng, here))
        out = translate(spec, there, defaults=here.defaults)
        first, *others = out.parts
        home = translate(first, here, also=others, defaults=there.defaults)
        platform = [one for each in there.platform for one in each.rules]
        for probe in oracle.probes(rng, spec.rules, dialects.MEMBERS, 40):
            if oracle.passes(platform, probe, dialects.MEMBERS):
                continue
            before = oracle.lets([spec], probe, dialects.MEMBERS, here.defaults)
            after = oracle.lets(home.parts, probe, dialects.MEMBERS, here.defaults)
            assert before or not after, (seed, probe)


def test_a_denied_port_is_cut_out_of_all_ports() -> None:
    spec = firewall(rule(action="deny", port=22, priority=10), rule(protocol=TCP, priority=20))
    found = translate(spec, ALLOW_ONLY)
    assert found.proof.text == "equal"
    spans = [one.ports for one in found.parts[0].rules if one.ports]
    assert sorted((span.first, span.last) for span in spans) == [(0, 21), (23, 65535)]


@pytest.mark.parametrize(("hosts", "count"), [(1, 32), (3, 91)])
def test_a_denied_host_costs_prefixes(hosts: int, count: int) -> None:
    """One a bit for the first, fewer for those that share their first bits with another."""
    far = ("10.1.2.3", "100.64.7.9", "203.0.113.7")[:hosts]
    denies = (rule(action="deny", cidr=f"{one}/32", priority=1) for one in far)
    found = translate(firewall(*denies, rule(priority=2)), ALLOW_ONLY)
    assert found.proof.text == "equal"
    assert len(found.parts[0].rules) == count


def test_more_rules_than_one_group_holds_go_to_several() -> None:
    denies = (rule(action="deny", cidr=f"10.1.{one}.3/32", priority=1) for one in (1, 100, 200))
    found = translate(firewall(*denies, rule(priority=2)), DIALECTS["security groups"])
    assert found.proof.text == "equal"
    assert len(found.parts) == 1
    many = (rule(action="deny", cidr=f"{one}.1.1.3/32", priority=1) for one in range(1, 240, 60))
    found = translate(firewall(*many, rule(priority=2)), DIALECTS["security groups"])
    assert [part.name for part in found.parts] == ["fw", "fw-2"]
    assert all(len(part.rules) <= 60 for part in found.parts)
    assert found.proof.text == "equal"
    assert not any(loss.blocking for loss in found.losses)


@pytest.mark.parametrize(("most", "parts"), [(8, 1), (7, 2), (2, 4)])
def test_all_rules_of_a_firewall_count_where_directions_share(most: int, parts: int) -> None:
    ways = [rule(port=10 * place, direction=way) for place in range(4) for way in Direction]
    limits = FirewallLimits(denies=False, rules_per_firewall=most)
    found = translate(firewall(*ways), limits)
    assert len(found.parts) == parts
    assert max(len(part.rules) for part in found.parts) <= most
    assert found.proof.text == "equal"


def test_what_no_budget_holds_is_refused() -> None:
    found = translate(ordered(1, 400), DIALECTS["security groups"])
    (blocking,) = [loss for loss in found.losses if loss.blocking]
    assert "no room" in blocking.reason


def test_all_ports_said_one_by_one_are_all_ports() -> None:
    spans = ({"first": 0, "last": 0}, {"first": 1, "last": 65534}, {"first": 65535, "last": 65535})
    found = translate(firewall(*(rule(protocol=TCP, ports=span) for span in spans)), ALLOW_ONLY)
    (only,) = found.parts[0].rules
    assert (only.protocol, only.ports) == (TCP, None)
    assert found.proof.text == "equal"


def test_neighbours_become_one_rule() -> None:
    spec = firewall(
        rule(port=80, description="web"),
        rule(port=81),
        rule(port=443, cidr="10.0.0.0/25"),
        rule(port=443, cidr="10.0.0.128/25"),
        rule(port=80, cidr="10.0.0.0/8"),
    )
    found = translate(spec, ALLOW_ONLY)
    first, second = sorted(found.parts[0].rules, key=lambda one: str(one.ports))
    assert (str(second.ports), sources((second,))) == ("first=80 last=81", ["0.0.0.0/0"])
    assert second.description == "web"
    assert sources((first,)) == ["10.0.0.0/24"]
    assert found.proof.text == "equal"


def test_rules_that_fit_as_they_are_stay_as_they_are() -> None:
    spec = firewall(
        rule(action="deny", cidr="10.0.0.7/32", priority=5), rule(cidr="10.0.0.0/8", priority=9)
    )
    found = translate(spec, DIALECTS["network filters"])
    (part,) = found.parts
    assert [(one.action, one.priority) for one in part.rules] == [("deny", 0), ("allow", 10)]
    assert not found.losses


def test_defaults_of_the_source_become_rules() -> None:
    """East-west traffic is somebody's default: left out, it would be cut."""
    vnet = {"address set VirtualNetwork": [ipaddress.ip_network("10.8.0.0/16")]}
    nsg = DIALECTS["ordered groups with defaults"]
    known = {
        "address set AzureLoadBalancer": [ipaddress.ip_network("168.63.129.16/32")],
        "address set Internet": [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")],
        **vnet,
    }
    found = translate(firewall(), ALLOW_ONLY, defaults=nsg.defaults, known=known)
    inside = [one for one in found.parts[0].rules if one.direction == "ingress"]
    assert sorted(sources(tuple(inside))) == ["10.8.0.0/16", "168.63.129.16/32"]
    assert found.proof.text == "equal"


def test_defaults_of_the_target_are_closed_behind_the_rules() -> None:
    """But what its platform needs is let in first."""
    found = translate(firewall(rule(port=443)), DIALECTS["ordered groups with defaults"])
    (part,) = found.parts
    said = [(one.action, one.direction, one.family, one.peer.kind) for one in part.rules]
    assert said[0] == ("allow", "ingress", "ipv4", "cidr")
    assert ("allow", "ingress", "ipv4", "address_set") in said
    denied = [(direction, family) for action, direction, family, _ in said if action == "deny"]
    assert len(set(denied)) == len(denied) == 4
    assert found.proof.text == "equal"
    numbers = [one.priority for one in part.rules if one.direction == "ingress"]
    assert numbers == [100 + 10 * index for index in range(len(numbers))]


def test_two_attach_points_both_have_to_agree() -> None:
    around = firewall(rule(port=443), rule(port=80))
    found = translate(
        firewall(rule(port=22), rule(port=443)),
        ALLOW_ONLY,
        behind=Around(layers=(Layer(firewalls=(around,)),)),
    )
    (left,) = found.parts[0].rules
    assert left.ports is not None
    assert left.ports.first == 443


def test_a_group_that_stays_behind_is_todays_addresses() -> None:
    peer = GroupPeer(firewall="fw-known")
    spec = firewall(rule(peer=peer, port=5432))
    found = translate(spec, ALLOW_ONLY, known=dialects.KNOWN)
    assert sorted(sources(found.parts[0].rules)) == ["10.0.0.2/32", "10.1.2.3/32"]
    (loss,) = [one for one in found.losses if one.fidelity is Fidelity.UNCHECKED]
    assert "follow" in loss.reason
    same = translate(spec, ALLOW_ONLY, references={"group fw-known"})
    assert same.parts[0].rules == spec.rules
    assert not same.losses
    gone = translate(spec, ALLOW_ONLY)
    assert gone.parts[0].rules == ()
    assert gone.proof.text == "tighter by: tcp/5432 from 0.0.0.0/0 in group fw-known"


def test_a_deny_of_a_group_with_fewer_members_there_is_one_of_everyone() -> None:
    deny = rule(peer=GroupPeer(firewall="fw-own"), action="deny", port=22, priority=1)
    spec = firewall(deny, rule(protocol=TCP, priority=2))
    limits = FirewallLimits(denies=True, priorities=(1, 9))
    assert translate(spec, limits, references={"group fw-own"}).proof.text == "equal"
    fewer = translate(spec, limits, partly={"group fw-own"})
    assert fewer.proof.text == "tighter by: tcp/22 from 0.0.0.0/0 not in group fw-own"


def test_answers_have_to_pass_where_nobody_remembers() -> None:
    ask = rule(port=443)
    answer = rule(direction="egress", protocol=TCP, source_ports={"first": 443, "last": 443})
    both = translate(firewall(ask, answer, stateful=False), ALLOW_ONLY)
    assert [one.ports.first for one in both.parts[0].rules if one.ports] == [443]
    one_way = translate(firewall(ask, stateful=False), ALLOW_ONLY)
    assert one_way.parts[0].rules == ()
    assert any(loss.field.endswith(".stateful") for loss in one_way.losses)


def test_what_forgets_stays_so_where_it_can() -> None:
    spec = firewall(rule(port=443), stateful=False)
    found = translate(spec, FirewallLimits(denies=False, stateless=True))
    assert found.parts[0] == spec
    assert not found.losses


def test_equal_sets_said_differently_are_equal() -> None:
    spec = ordered(3, 300)
    space = Space()
    whole = space.passing(in_order(spec.rules))
    packed = translate(spec, FirewallLimits(denies=False)).parts[0]
    assert space.passing(in_order(packed.rules)) is whole


def test_a_group_is_let_in_over_every_family_the_network_speaks() -> None:
    """Where a rule for a group names no family, one for IPv4 alone needs a network without IPv6."""
    limits = FirewallLimits(denies=False, peers_in_all_families=True)
    peer = GroupPeer(firewall="fw-own")
    v4, v6 = (rule(peer=peer, port=5432, family=family) for family in Family)
    for rules, families, said, text in (
        ((v4, v6), tuple(Family), (v4, v6), "equal"),
        ((v4, v6), (Family.IPV4,), (v4,), "equal"),
        ((v4,), (Family.IPV4,), (v4,), "equal"),
        ((v4,), tuple(Family), (), "tighter by: tcp/5432 from 0.0.0.0/0 in group fw-own"),
    ):
        found = translate(firewall(*rules), limits, references={"group fw-own"}, families=families)
        assert (found.parts[0].rules, found.proof.text) == (said, text)


def test_a_group_is_not_let_in_over_one_family_as_everyone_is_over_the_other() -> None:
    limits = FirewallLimits(denies=False, peers_in_all_families=True)
    peer = GroupPeer(firewall="fw-own")
    group = [rule(peer=peer, port=1, family=family) for family in Family]
    found = translate(firewall(*group, rule(port=0)), limits, references={"group fw-own"})
    assert found.proof.text == "equal"


def test_a_port_that_has_no_name_is_let_through_with_all_others_only() -> None:
    limits = FirewallLimits(denies=False, first_port=1)
    found = translate(firewall(rule(protocol=TCP, ports={"first": 0, "last": 21})), limits)
    assert [one.ports.first for one in found.parts[0].rules if one.ports] == [1]
    assert found.proof.text == "tighter by: tcp/0 from 0.0.0.0/0"
    (loss,) = [one for one in found.losses if one.fidelity is Fidelity.TIGHTENED]
    assert loss.reason == "the target's rules name no port below 1"
    assert translate(firewall(rule(protocol=TCP)), limits).parts[0].rules == (rule(protocol=TCP),)
