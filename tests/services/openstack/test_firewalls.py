"""Rules on the real neutron: what is read back lets through exactly what was meant.

No packet moves in this stack: that the same rules let the same packets through is proved with
packets on the KVM adapter, by ``tests/boot/test_firewall_proof.py``.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from ipaddress import ip_network

import pytest

from adapters.openstack.adapter import OpenStackAdapter
from broker.errors import NotFound, Unsupported
from broker.firewall import can, drift, guard, translate
from broker.firewall.packet import Packet
from broker.model import (
    EVERYONE,
    ICMP,
    ICMPV6,
    TCP,
    AddressSetPeer,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    FirewallSpec,
    GroupPeer,
    Icmp,
    NicSpec,
    Peer,
    PortRange,
)
from tests.conformance.firewalls import said
from tests.conformance.kit import MISSING, Kit
from tests.firewall.dialects import DIALECTS, KNOWN, REFERENCES, rules

SETS = 2
"""Rule sets of each dialect: each rule is a call, of a tenth of a second and more."""

MOST = 20
"""Rules of one set that are made: of denied addresses come hundreds."""


@pytest.fixture
def addresses(adapter: OpenStackAdapter, kit: Kit) -> str:
    """An address group of two networks, of both families; it goes after the rules of the kit."""
    wish = {"name": "fw-set", "addresses": ["192.0.2.0/28", "2001:db8::/64"]}
    made = adapter._session.post("network", "/address-groups", {"address_group": wish})
    group = str(made["address_group"]["id"])
    kit.stack.callback(adapter._session.delete, "network", f"/address-groups/{group}")
    return group


def really(rules: Sequence[FirewallRule], group: str, addresses: str) -> tuple[FirewallRule, ...]:
    """Return rules that speak of a group and an address set which are there."""
    there: dict[str, Peer] = {
        "group": GroupPeer(firewall=group),
        "address_set": AddressSetPeer(address_set=addresses),
    }
    return tuple(
        rule.model_copy(update={"peer": there.get(rule.peer.kind, rule.peer)}) for rule in rules
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_translated_and_applied_is_read_back_equal(
    adapter: OpenStackAdapter, kit: Kit, addresses: str, dialect: str
) -> None:
    peer = kit.firewall("").id
    limits = adapter.limits.firewall
    for seed in range(SETS):
        rng = random.Random(f"{dialect} {seed}")
        spec = FirewallSpec(name="fw", rules=rules(rng, DIALECTS[dialect], most=6))
        found = translate(
            spec, limits, defaults=DIALECTS[dialect].defaults, partly=REFERENCES, known=KNOWN
        )
        assert found.proof.never_wider
        for part in found.parts:
            wanted = really(part.rules[:MOST], peer, addresses)
            spec = FirewallSpec(name="fw", rules=wanted)
            made = adapter.create_firewall(spec, token=kit.token())
            assert drift(adapter.firewall(made.id).spec.rules, wanted).text == "equal"


def test_every_form_of_a_rule_is_read_back_as_it_was(
    adapter: OpenStackAdapter, kit: Kit, addresses: str
) -> None:
    """Both ethertypes, networks, groups, address groups, numbers, ports, types and codes."""
    peer = kit.firewall("").id
    forms: list[dict[str, object]] = [
        {},
        {"protocol": 47},
        {"protocol": 112},
        {"protocol": 200},
        {"protocol": TCP, "ports": PortRange(first=1, last=65534)},
        {"protocol": 132, "ports": PortRange(first=7, last=7)},
        {"protocol": 33, "ports": PortRange(first=5000, last=5001)},
        {"protocol": 136, "ports": PortRange(first=7, last=9)},
    ]
    own = {Family.IPV4: ICMP, Family.IPV6: ICMPV6}
    wanted = []
    for family in Family:
        some = "198.51.100.0/25" if family is Family.IPV4 else "2001:db8:1::/48"
        peers: list[Peer] = [
            EVERYONE[family],
            CidrPeer(cidr=ip_network(some)),
            GroupPeer(firewall=peer),
            AddressSetPeer(address_set=addresses),
        ]
        icmp = [{"protocol": own[family], "icmp": kind} for kind in (None, Icmp(type=8, code=0))]
        for number, form in enumerate(
            [*forms, *icmp, {"protocol": own[family], "icmp": Icmp(type=3)}]
        ):
            wanted.append(
                FirewallRule(
                    direction=list(Direction)[number % 2],
                    family=family,
                    peer=peers[number % len(peers)],
                    **form,  # type: ignore[arg-type]
                )
            )
    made = kit.firewall("", *wanted)
    assert said(adapter.firewall(made.id).spec.rules) == said(wanted)

    fewer = wanted[::2]
    assert said(adapter.replace_rules(made.id, fewer).spec.rules) == said(fewer)


def test_rules_neutron_would_change_are_read_back_equal(
    adapter: OpenStackAdapter, kit: Kit
) -> None:
    wanted = [
        kit.rule(22).model_copy(update={"ports": PortRange(first=1, last=65535)}),
        kit.rule(22).model_copy(
            update={"ports": PortRange(first=0, last=65535), "direction": Direction.EGRESS}
        ),
        kit.rule(22).model_copy(update={"protocol": ICMP, "ports": None, "icmp": Icmp()}),
    ]
    made = kit.firewall("", *wanted)
    for _ in range(2):
        assert drift(adapter.replace_rules(made.id, wanted).spec.rules, wanted).text == "equal"


def test_a_protocol_neutron_cannot_say_is_refused_before_anything_is_made(
    adapter: OpenStackAdapter, kit: Kit
) -> None:
    rule = kit.rule(22).model_copy(update={"protocol": 41, "ports": None})
    token = kit.token()
    with pytest.raises(Unsupported, match="41"):
        adapter.create_firewall(FirewallSpec(name="fw", rules=(rule,)), token=token)
    assert adapter.made(token) == []


def test_an_address_group_is_read(adapter: OpenStackAdapter, addresses: str) -> None:
    told = {str(each) for each in adapter.address_set(addresses)}
    assert told == {"192.0.2.0/28", "2001:db8::/64"}
    with pytest.raises(NotFound):
        adapter.address_set(MISSING)


def test_a_stateless_group_stays_one(adapter: OpenStackAdapter, kit: Kit) -> None:
    spec = FirewallSpec(name="fw", rules=(kit.rule(22),), stateful=False)
    made = adapter.create_firewall(spec, token=kit.token())
    assert adapter.firewall(made.id).spec.stateful is False
    assert kit.firewall("").spec.stateful is True


def test_a_card_for_which_nothing_was_said_is_behind_the_project_s_default_group(
    adapter: OpenStackAdapter, kit: Kit
) -> None:
    """It lets everything out, and in what the group's own members send."""
    made = kit.instance(kit.network().id)
    (nic,) = adapter.instance(made.id).nics
    (group,) = nic.spec.firewalls
    assert adapter.firewall(group).spec.name == "default"
    before = guard(adapter, adapter.instance(made.id))
    assert can(before, packet(Direction.EGRESS)).allowed
    assert not can(before, packet(Direction.INGRESS)).allowed


def test_a_port_without_a_group_lets_nothing_through(adapter: OpenStackAdapter, kit: Kit) -> None:
    network = kit.network().id
    made = kit.instance(network, nics=(NicSpec(network=network, firewalls=("port-security",)),))
    found = adapter.instance(made.id)
    assert found.nics[0].spec.firewalls == ("port-security",)
    before = guard(adapter, found)
    for direction in Direction:
        assert not can(before, packet(direction)).allowed
    assert "port-security" in {each.id for each in adapter.firewalls()}
    assert adapter.firewall("port-security").spec.rules == ()


def packet(direction: Direction) -> Packet:
    return Packet(direction=direction, address=ip_network("192.0.2.9")[0], protocol=TCP, port=443)
