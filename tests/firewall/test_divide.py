"""Denies around the subnet, allows on the cards: against the oracle, packet by packet."""

import ipaddress
import random

import pytest

from adapters.aws.limits import LIMITS as AWS
from broker.firewall import Edge, translate
from broker.firewall.space import FAMILIES
from broker.model import ICMP, TCP, UDP, Action, Direction, Fidelity, FirewallRule, FirewallSpec
from tests.firewall import dialects, oracle
from tests.firewall.test_translate import firewall, rule

assert AWS.subnet_firewall
INSIDE = ipaddress.ip_network("10.0.0.0/24")
EDGE = Edge(limits=AWS.subnet_firewall, inside=(INSIDE,))
ORDERED = dialects.DIALECTS["network filters"]
FAR = ("10.1.2.3", "100.64.7.9", "203.0.113.7")


def denied(*hosts: str, **more: object) -> FirewallSpec:
    denies = (
        rule(action="deny", cidr=f"{one}/32", priority=place, **more)
        for place, one in enumerate(hosts)
    )
    return firewall(*denies, rule(priority=99))


def crosses(around: FirewallSpec | None, probe: oracle.Probe) -> bool:
    if around is None or probe.address in INSIDE:
        return True
    back = oracle.answer(probe)
    return oracle.passes(around.rules, probe, {}) and (
        back is None or oracle.passes(around.rules, back, {})
    )


def test_three_denied_hosts_are_three_denies_around_the_subnet() -> None:
    found = translate(denied(*FAR), AWS.firewall, edge=EDGE)
    assert found.around is not None
    assert not found.around.stateful
    stopped = [one for one in found.around.rules if one.action is Action.DENY]
    assert sorted(str(one.peer.cidr) for one in stopped if one.peer.kind == "cidr") == [
        f"{one}/32" for one in FAR
    ]
    (part,) = found.parts
    assert len(part.rules) == 1
    assert found.proof.text == "equal"
    (loss,) = found.losses
    assert loss.fidelity is Fidelity.EXACT
    assert loss.after == "1 rule on the cards, 3 denies around the subnet"


def test_what_nobody_there_can_say_does_not_keep_denies_on_the_cards() -> None:
    odd = rule(port=8443, cidr="10.1.0.0/16", priority=50, source_ports={"first": 1, "last": 9})
    spec = firewall(*denied(*FAR).rules[:3], odd, rule(port=443, priority=60))
    found = translate(spec, AWS.firewall, edge=EDGE)
    assert found.around is not None
    assert found.proof.tighter_by == (
        "tcp/8443 from 10.1.0.0-10.1.2.2, 10.1.2.4-10.1.255.255 source port 1-9",
    )


def test_what_one_firewall_holds_stays_on_the_cards() -> None:
    assert translate(denied(FAR[0]), AWS.firewall, edge=EDGE).around is None


def test_a_denied_neighbour_is_not_stopped_at_the_edge() -> None:
    """What two machines of a subnet send each other does not cross its edge."""
    found = translate(denied(*FAR, "10.0.0.7"), AWS.firewall, edge=EDGE)
    assert found.around is None
    assert len(found.parts) > 1
    assert found.proof.text == "equal"


def test_answers_that_the_edge_would_stop_are_told() -> None:
    """What the machine may open to a denied host gets no answers, where nothing else has room."""
    many = [f"{first}.{last}.1.3" for first in range(1, 17) for last in (7, 130)]
    spec = firewall(*denied(*many[:18]).rules, rule(direction="egress", priority=100, protocol=6))
    found = translate(spec, AWS.firewall, edge=EDGE)
    assert found.around is not None
    assert found.proof.verdict == "tighter"
    assert any("at each packet by itself" in loss.reason for loss in found.losses)
    assert not any(loss.blocking for loss in found.losses)
    assert all(
        any(loss.blocking for loss in one.losses)
        for one in [translate(denied(*many), AWS.firewall, edge=EDGE)]
    )


@pytest.mark.parametrize("seed", range(100))
def test_two_places_are_never_wider(seed: int) -> None:
    rng = random.Random(seed)
    hosts = (rule(action="deny", cidr=f"{one}/32", priority=place) for place, one in enumerate(FAR))
    # not everything: all protocols, or ICMP types, but a denied one would be a rule each, and from
    # ninety ranges each
    ping = rule(priority=999, protocol=ICMP, icmp={"type": 8})
    open_to_all = (rule(priority=999, protocol=TCP), rule(priority=999, protocol=UDP), ping)
    spec = firewall(*hosts, *_later(dialects.rules(rng, ORDERED, most=4)), *open_to_all)
    found = translate(spec, AWS.firewall, edge=EDGE)
    lost = False
    for probe in oracle.probes(rng, [*spec.rules, rule(cidr=str(INSIDE))], {}, 60):
        platform = [one for each in AWS.firewall.platform for one in each.rules]
        if oracle.passes(platform, probe, {}):
            continue
        before = oracle.passes(spec.rules, probe, {})
        after = oracle.lets(found.parts, probe, {}) and crosses(found.around, probe)
        assert before or not after, probe
        lost = lost or before != after
    assert found.proof.never_wider
    assert not lost or found.proof.verdict == "tighter"


def _later(rules: tuple[FirewallRule, ...]) -> list[FirewallRule]:
    """Return rules for behind the denied hosts, without source ports, which nobody there names."""
    return [
        one.model_copy(update={"priority": 10 + (one.priority or 0), "source_ports": None})
        for one in rules
    ]


def test_both_families_are_let_through_around_the_subnet() -> None:
    found = translate(denied(*FAR), AWS.firewall, edge=EDGE)
    assert found.around is not None
    allowed = {(one.direction, one.family) for one in found.around.rules if one.action == "allow"}
    assert allowed == {(way, family) for way in Direction for family in FAMILIES}
