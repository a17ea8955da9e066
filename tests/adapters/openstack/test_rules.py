"""Rules of security groups as neutron tells them, and in our words."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.openstack.translate import firewalls
from broker.errors import Unsupported
from broker.firewall import drift
from broker.model import (
    EVERYONE,
    ICMP,
    ICMPV6,
    TCP,
    Action,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    GroupPeer,
    Icmp,
    PortRange,
)

GROUP = "8c1d0a55-2f57-4a6e-8f0d-0a4b5c6d7e02"

ports = st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(
    lambda pair: PortRange(first=min(pair), last=max(pair))
)
cidrs = st.one_of(st.ip_addresses(v=4, network="10.0.0.0/8"), st.ip_addresses(v=6)).map(
    lambda address: CidrPeer(cidr=ipaddress.ip_network(f"{address}/{address.max_prefixlen}"))
)


@st.composite
def rules(draw: st.DrawFn) -> FirewallRule:
    peer = draw(st.one_of(cidrs, st.just(GroupPeer(firewall=GROUP))))
    family = (
        Family(f"ipv{peer.cidr.version}")
        if isinstance(peer, CidrPeer)
        else draw(st.sampled_from(Family))
    )
    own = [ICMP] if family is Family.IPV4 else [58, 41, 43]
    protocol = draw(st.sampled_from([None, TCP, 17, 33, 132, 136, 47, 50, 112, 200, *own]))
    icmp = None
    if protocol in (ICMP, 58) and draw(st.booleans()):
        code = draw(st.one_of(st.none(), st.integers(0, 255)))
        icmp = Icmp(type=draw(st.integers(0, 255)), code=code)
    return FirewallRule(
        direction=draw(st.sampled_from(Direction)),
        family=family,
        peer=peer,
        protocol=protocol,
        ports=draw(st.one_of(st.none(), ports)) if protocol in (TCP, 17, 33, 132, 136) else None,
        icmp=icmp,
        description=draw(st.text(max_size=20)),
    )


@given(rules())
def test_a_rule_is_the_same_both_ways(rule: FirewallRule) -> None:
    wish = firewalls.rule_wish(rule, GROUP)
    told = dict.fromkeys(
        ("protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id")
    )
    assert firewalls.rule({**told, **wish}) == rule


def test_a_rule_without_a_peer_speaks_of_everyone() -> None:
    told = {
        "direction": "egress",
        "ethertype": "IPv6",
        "protocol": None,
        "port_range_min": None,
        "port_range_max": None,
        "remote_ip_prefix": None,
        "remote_group_id": None,
        "description": None,
    }
    peer = firewalls.rule(told).peer
    assert isinstance(peer, CidrPeer)
    assert str(peer.cidr) == "::/0"


@pytest.mark.parametrize(
    ("change", "spans"),
    [
        ({"ports": PortRange(first=0, last=65535)}, [None]),
        ({"ports": PortRange(first=1, last=65535)}, [(1, 1023), (1024, 65535)]),
        ({"ports": PortRange(first=2, last=65535)}, [(2, 65535)]),
        ({"ports": None}, [None]),
    ],
)
def test_ports_neutron_would_change_are_said_in_another_form(
    change: dict[str, Any], spans: list[tuple[int, int] | None]
) -> None:
    rule = FirewallRule(
        direction=Direction.INGRESS,
        family=Family.IPV4,
        peer=EVERYONE[Family.IPV4],
        protocol=TCP,
        **change,
    )
    found = firewalls.forms(rule)
    assert [each.ports and (each.ports.first, each.ports.last) for each in found] == spans
    assert drift(found, [rule]).text == "equal"


def test_port_0_is_refused() -> None:
    ports = PortRange(first=0, last=80)
    rule = FirewallRule(
        direction=Direction.INGRESS,
        family=Family.IPV4,
        peer=EVERYONE[Family.IPV4],
        protocol=TCP,
        ports=ports,
    )
    with pytest.raises(Unsupported, match="port 0"):
        firewalls.rule_wish(rule, GROUP)


@pytest.mark.parametrize("told", ["icmp", "icmpv6", "ipv6-icmp", "1", 58])
def test_icmp_of_ipv6_is_the_one_neutron_lets_through(told: int | str) -> None:
    rule = {"direction": "ingress", "ethertype": "IPv6", "protocol": told}
    ports = {"port_range_min": 128, "port_range_max": None}
    found = firewalls.rule({**rule, **ports})
    assert (found.protocol, found.icmp) == (ICMPV6, Icmp(type=128))


@pytest.mark.parametrize("told", [0, "0", "ip", "hopopt", "any", None])
def test_protocol_0_is_every_protocol(told: int | str | None) -> None:
    rule = {"direction": "ingress", "ethertype": "IPv4", "protocol": told}
    ports = dict.fromkeys(("port_range_min", "port_range_max"))
    assert firewalls.rule({**rule, **ports}).protocol is None


@pytest.mark.parametrize(
    ("family", "protocol"),
    [(Family.IPV4, 0), (Family.IPV4, 41), (Family.IPV4, 58), (Family.IPV6, 0), (Family.IPV6, ICMP)],
)
def test_a_protocol_neutron_takes_for_another_is_refused(family: Family, protocol: int) -> None:
    rule = FirewallRule(
        direction=Direction.INGRESS, family=family, peer=EVERYONE[family], protocol=protocol
    )
    with pytest.raises(Unsupported):
        firewalls.rule_wish(rule, GROUP)


def test_what_a_group_cannot_say_is_refused() -> None:
    rule = FirewallRule(
        direction=Direction.INGRESS,
        family=Family.IPV4,
        peer=CidrPeer(cidr=ipaddress.ip_network("0.0.0.0/0")),
        protocol=TCP,
        priority=10,
    )
    for changes in (
        {},
        {"action": Action.DENY},
        {"priority": None, "source_ports": PortRange(first=1, last=2)},
    ):
        with pytest.raises(Unsupported):
            firewalls.rule_wish(rule.model_copy(update=changes), GROUP)
