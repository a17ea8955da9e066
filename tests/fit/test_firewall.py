"""The property that matters, against a judge that knows nothing of how the rules were made."""

import ipaddress
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.adapter import FirewallLimits
from broker.fit import fit_firewall
from broker.model import (
    TCP,
    Action,
    AddressSetPeer,
    CidrPeer,
    Direction,
    Family,
    Fidelity,
    FirewallRule,
    FirewallSpec,
    GroupPeer,
    Icmp,
    Peer,
    PortRange,
)

ALLOW_ONLY = FirewallLimits(denies=False)
OWN, OTHER, STRANGERS = "fw-own", "fw-other", "fw-strangers"
MEMBERS = {
    OWN: (ipaddress.ip_address("10.0.0.1"),),
    OTHER: (ipaddress.ip_address("10.0.0.2"), ipaddress.ip_address("fd00::2")),
}
EVERY_MEMBER = {**MEMBERS, STRANGERS: (ipaddress.ip_address("10.0.1.9"),)}


class Packet(NamedTuple):
    direction: Direction
    address: str
    protocol: int
    port: int
    source_port: int
    icmp: tuple[int, int]


PACKETS = [
    Packet(direction, address, protocol, port, source_port, icmp)
    for direction in Direction
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.1.9", "192.0.2.1", "fd00::2", "::1")
    for protocol, port, source_port, icmp in (
        *((TCP, port, source, (-1, -1)) for port in (22, 23, 80) for source in (1024, 5000)),
        (17, 22, 1024, (-1, -1)),
        (1, -1, -1, (8, 0)),
        (1, -1, -1, (3, 1)),
        (58, -1, -1, (128, 0)),
        (47, -1, -1, (-1, -1)),
    )
]


def matches(rule: FirewallRule, packet: Packet) -> bool:
    address = ipaddress.ip_address(packet.address)
    if rule.direction is not packet.direction or rule.family != f"ipv{address.version}":
        return False
    if isinstance(rule.peer, CidrPeer):
        if address not in rule.peer.cidr:
            return False
    elif isinstance(rule.peer, GroupPeer):
        if address not in EVERY_MEMBER[rule.peer.firewall]:
            return False
    elif address != ipaddress.ip_address("192.0.2.1"):
        return False
    if rule.protocol not in (None, packet.protocol):
        return False
    for ports, value in ((rule.ports, packet.port), (rule.source_ports, packet.source_port)):
        if ports and not ports.first <= value <= ports.last:
            return False
    if rule.icmp:
        wanted = (rule.icmp.type, rule.icmp.code)
        return all(want in (None, got) for want, got in zip(wanted, packet.icmp, strict=True))
    return True


def allowed(spec: FirewallSpec, packet: Packet) -> bool:
    def rank(rule: FirewallRule) -> tuple[float, bool]:
        last = float("inf") if rule.priority is None else rule.priority
        return last, rule.action is Action.ALLOW

    for rule in sorted(spec.rules, key=rank):
        if matches(rule, packet):
            return rule.action is Action.ALLOW
    return False


def cidr(text: str) -> CidrPeer:
    return CidrPeer.model_validate({"cidr": text})


ports = st.sampled_from([None, PortRange(first=22, last=22), PortRange(first=20, last=80)])
peers4: st.SearchStrategy[Peer] = st.sampled_from(
    [
        *map(cidr, ("0.0.0.0/0", "10.0.0.0/24", "10.0.0.0/30", "10.0.0.2/32", "192.0.2.0/24")),
        *(GroupPeer(firewall=group) for group in (OWN, OTHER, STRANGERS)),
        AddressSetPeer(address_set="as-1"),
    ]
)
peers6: st.SearchStrategy[Peer] = st.sampled_from(
    [cidr("::/0"), cidr("fd00::/16"), GroupPeer(firewall=OTHER)]
)

peers: dict[Family, st.SearchStrategy[Peer]] = {Family.IPV4: peers4, Family.IPV6: peers6}


@st.composite
def rules(draw: st.DrawFn) -> FirewallRule:
    family = draw(st.sampled_from(Family))
    protocol = draw(st.sampled_from([None, TCP, 17, 1, 47]))
    deny = draw(st.booleans())
    with_ports = protocol in (TCP, 17)
    icmp = st.sampled_from([None, Icmp(), Icmp(type=8), Icmp(type=8, code=0)])
    return FirewallRule(
        direction=draw(st.sampled_from(Direction)),
        action=Action.DENY if deny else Action.ALLOW,
        family=family,
        peer=draw(peers[family]),
        protocol=protocol,
        ports=draw(ports) if with_ports else None,
        source_ports=draw(ports) if with_ports else None,
        icmp=draw(icmp) if protocol == 1 else None,
        priority=draw(st.integers(1, 4) if deny else st.none() | st.integers(1, 4)),
    )


limits = st.builds(
    FirewallLimits,
    denies=st.booleans(),
    priorities=st.sampled_from([None, (100, 4096)]),
    source_ports=st.booleans(),
    group_peers=st.booleans(),
    protocols=st.sampled_from([None, frozenset({1, TCP, 17, 58})]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(rules(), max_size=6), limits)
def test_no_packet_gets_through_that_did_not_before(
    source: list[FirewallRule], target: FirewallLimits
) -> None:
    spec = FirewallSpec(name="fw", rules=tuple(source))
    fitted, _ = fit_firewall(spec, target, travelling={OWN}, members=MEMBERS)
    for packet in PACKETS:
        assert not allowed(fitted, packet) or allowed(spec, packet), packet
    for rule in fitted.rules:
        FirewallRule.model_validate(rule.model_dump())
        assert target.denies or rule.action is Action.ALLOW
        assert target.source_ports or rule.source_ports is None
        assert target.group_peers or not isinstance(rule.peer, GroupPeer)


@settings(max_examples=100, deadline=None)
@given(st.lists(rules(), max_size=6), limits)
def test_a_packet_stopped_on_the_way_is_in_the_losses(
    source: list[FirewallRule], target: FirewallLimits
) -> None:
    spec = FirewallSpec(name="fw", rules=tuple(source))
    fitted, losses = fit_firewall(spec, target, travelling={OWN}, members=MEMBERS)
    if any(allowed(spec, packet) and not allowed(fitted, packet) for packet in PACKETS):
        assert any(loss.fidelity is not Fidelity.EXACT for loss in losses)


def rule(**more: Any) -> FirewallRule:
    given = {"direction": "ingress", "family": "ipv4", "peer": cidr("0.0.0.0/0"), **more}
    return FirewallRule.model_validate(given)


def test_a_denied_range_is_cut_out_of_the_allow_behind_it() -> None:
    spec = FirewallSpec(
        name="fw",
        rules=(
            rule(action="deny", peer=cidr("10.0.0.0/9"), priority=10),
            rule(peer=cidr("10.0.0.0/8"), protocol=TCP, priority=20),
        ),
    )
    fitted, (loss,) = fit_firewall(spec, ALLOW_ONLY)
    assert [str(one.peer.cidr) for one in fitted.rules if isinstance(one.peer, CidrPeer)] == [
        "10.128.0.0/9"
    ]
    assert loss.fidelity is Fidelity.EXACT
    assert loss.field == "firewalls.fw.rules[1]"


def test_a_deny_behind_an_allow_does_nothing() -> None:
    spec = FirewallSpec(
        name="fw", rules=(rule(action="deny", priority=20), rule(protocol=TCP, priority=10))
    )
    fitted, losses = fit_firewall(spec, ALLOW_ONLY)
    assert [one.protocol for one in fitted.rules] == [TCP]
    assert not losses


def test_rules_beyond_the_budget_stop_the_move() -> None:
    spec = FirewallSpec(
        name="fw",
        rules=(rule(action="deny", peer=cidr("10.1.2.3/32"), priority=1), rule(priority=2)),
    )
    tight = FirewallLimits(denies=False, rules_per_direction=31)
    assert any(loss.blocking for loss in fit_firewall(spec, tight)[1])
    enough = FirewallLimits(denies=False, rules_per_direction=32)
    assert not any(loss.blocking for loss in fit_firewall(spec, enough)[1])


def test_priorities_land_in_the_targets_range() -> None:
    spec = FirewallSpec(
        name="fw", rules=tuple(rule(priority=-number, protocol=TCP) for number in range(300))
    )
    ordered = FirewallLimits(denies=True, priorities=(100, 4096))
    fitted, _ = fit_firewall(spec, ordered)
    numbers = [one.priority for one in fitted.rules if one.priority is not None]
    assert len(set(numbers)) == 300
    assert min(numbers) >= 100
    assert max(numbers) <= 4096


@pytest.mark.parametrize("can", [True, False])
def test_a_stateless_firewall_does_not_become_stateful(can: bool) -> None:
    spec = FirewallSpec(name="fw", stateful=False, rules=(rule(),))
    _, losses = fit_firewall(spec, FirewallLimits(denies=False, stateless=can))
    assert any(loss.blocking for loss in losses) is not can
