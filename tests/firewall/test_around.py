"""What stands around cards: policies before all firewalls, subnets, names by network."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from types import SimpleNamespace
from typing import Any

import pytest

from broker.adapter import FirewallLimits
from broker.errors import NotFound, Unsupported
from broker.firewall import Around, Layer, Packet, can, diff, explain, translate
from broker.firewall.space import MOST_NAMES
from broker.firewall.surroundings import address_sets
from broker.model import AddressSetPeer, Fidelity, Firewall, FirewallRule, GroupPeer, NicSpec
from tests.firewall.test_can import guarded
from tests.firewall.test_translate import ALLOW_ONLY, firewall, rule

ALWAYS = rule(port=3389, cidr="192.0.2.0/24", priority=1)
NEVER = rule(port=22, action="deny", priority=2)


def with_policy(*rules: FirewallRule, policy: tuple[FirewallRule, ...]) -> Any:
    guard = guarded(*rules)
    cards = tuple(card.model_copy(update={"policy": policy}) for card in guard.cards)
    return guard.model_copy(update={"cards": cards})


@pytest.mark.parametrize(
    ("text", "allowed", "by"),
    [
        ("tcp/3389 from 192.0.2.7", True, "policy"),
        ("tcp/3389 from 192.0.3.7", False, "web"),
        ("tcp/22 from 10.0.0.1", False, "policy"),
        ("tcp/443 from 10.0.0.1", True, "web"),
    ],
)
def test_a_policy_decides_before_any_firewall(text: str, allowed: bool, by: str) -> None:
    guard = with_policy(
        rule(port=22, priority=1), rule(port=443, priority=2), policy=(ALWAYS, NEVER)
    )
    answer = can(guard, Packet.parse(text))
    assert answer.allowed is allowed
    assert by in answer.reasons[0].text


def test_two_machines_differ_by_the_policy_of_their_networks() -> None:
    rules = (rule(port=22, priority=1), rule(port=443, priority=2))
    found = diff(with_policy(*rules, policy=()), with_policy(*rules, policy=(ALWAYS, NEVER)))
    assert found.proof.tighter_by == ("tcp/22 from 0.0.0.0/0",)
    assert found.proof.wider_by == ("tcp/3389 from 192.0.2.0/24",)


def test_a_policy_at_the_source_becomes_rules() -> None:
    found = translate(
        firewall(rule(port=22), rule(port=443)), ALLOW_ONLY, behind=Around(policy=(ALWAYS, NEVER))
    )
    assert found.proof.text == "equal"
    ports = sorted(one.ports.first for one in found.parts[0].rules if one.ports)
    assert ports == [443, 3389]


def test_what_the_targets_policy_always_lets_in_blocks() -> None:
    found = translate(firewall(rule(port=443)), ALLOW_ONLY, there=Around(policy=(ALWAYS,)))
    assert found.proof.text == "wider by: tcp/3389 from 192.0.2.0/24"
    assert [loss.blocking for loss in found.losses] == [True]


def test_what_the_targets_subnet_stops_is_told() -> None:
    around = firewall(rule(port=443), rule(direction="egress"), stateful=False)
    found = translate(
        firewall(rule(port=443), rule(port=22)),
        ALLOW_ONLY,
        there=Around(layers=(Layer(firewalls=(around,)),)),
    )
    assert found.proof.text == "tighter by: tcp/22 from 0.0.0.0/0"
    (loss,) = [one for one in found.losses if one.fidelity == "tightened"]
    assert loss.reason.startswith("what stands around the target's subnet stops them")


class Tags:
    """A provider whose ``Home`` is each network's own, and ``World`` everywhere the same."""

    limits = SimpleNamespace(firewall=FirewallLimits(denies=True))

    def network_address_set(self, id: str, network: str) -> list[IPv4Network | IPv6Network]:
        if id != "Home":
            raise NotFound(f"{id} is no such name")
        return [ip_network({"net-1": "10.1.0.0/16", "net-2": "10.2.0.0/16"}[network])]

    def address_set(self, id: str) -> list[IPv4Network | IPv6Network]:
        if id != "World":
            raise NotFound(f"{id} is no such name")
        return [ip_network("192.0.2.0/24")]


def test_a_name_means_what_it_does_on_the_cards_network() -> None:
    peers = [AddressSetPeer(address_set=name) for name in ("Home", "World", "Mars")]
    worn = Firewall(id="fw", spec=firewall(*(rule(peer=peer, port=22) for peer in peers)))
    tags: Any = Tags()
    one, other = NicSpec(network="net-1"), NicSpec(network="net-2")
    assert address_sets(tags, [worn], [one]) == {
        "Home": (ip_network("10.1.0.0/16"),),
        "World": (ip_network("192.0.2.0/24"),),
    }
    assert "Home" not in address_sets(tags, [worn], [one, other])


def test_an_unknown_name_is_refused_not_guessed() -> None:
    mars = AddressSetPeer(address_set="Storage.Mars")
    allow = translate(firewall(rule(peer=mars, port=443)), ALLOW_ONLY)
    assert allow.parts[0].rules == ()
    (lost,) = allow.losses  # that there are fewer rules, none at all, is not told beside it
    assert "nor are its members known" in lost.reason
    ordered = FirewallLimits(denies=True, priorities=(1, 99))
    deny = firewall(rule(peer=mars, port=22, action="deny", priority=1), rule(priority=2))
    found = translate(deny, ordered)
    assert found.proof.text == ("tighter by: tcp/22 from 0.0.0.0/0 not in address set Storage.Mars")


@pytest.mark.parametrize(("names", "fits"), [(MOST_NAMES, True), (MOST_NAMES + 1, False)])
def test_so_many_unknown_names_are_told_apart(names: int, fits: bool) -> None:
    """Each port is for another of them, so that no two are one in any set."""
    rules = [rule(peer=GroupPeer(firewall=f"fw-{number}"), port=number) for number in range(names)]
    if fits:
        assert translate(firewall(*rules), ALLOW_ONLY).proof.verdict == "tighter"
        return
    with pytest.raises(Unsupported, match="no more than 200 can be told apart"):
        translate(firewall(*rules), ALLOW_ONLY)


def test_a_stale_group_lets_nobody_in() -> None:
    gone = rule(peer=GroupPeer(firewall="fw-gone"), port=22)
    found = translate(firewall(gone, rule(port=443)), ALLOW_ONLY)
    assert [one.ports.first for one in found.parts[0].rules if one.ports] == [443]
    assert "fw-gone is not on the target" in found.losses[0].reason
    (told, _) = explain(guarded(gone, rule(port=443), stale=("fw-gone",)))
    assert told.findings == ("stale: there is no group fw-gone in this account",)


def test_only_names_that_decide_something_have_to_follow_their_members() -> None:
    """Behind a deny of everyone no default lets anybody in, and all are let out by name or not."""
    inside = AddressSetPeer(address_set="Inside")
    named = [rule(peer=inside, direction=way) for way in ("ingress", "egress")]
    other_family = rule(peer=inside, family="ipv6", direction="egress")
    found = translate(
        firewall(
            rule(peer=AddressSetPeer(address_set="Probes"), priority=1),
            rule(action="deny", priority=2),
            rule(direction="egress", priority=3),
        ),
        ALLOW_ONLY,
        defaults=[*named, other_family],
        known={
            "address set Inside": [ip_network("10.7.0.0/24")],
            "address set Probes": [ip_network("10.0.0.9/32")],
        },
    )
    assert found.proof.text == "equal"
    told = [loss.before for loss in found.losses if loss.fidelity is Fidelity.UNCHECKED]
    assert told == ["allow any ipv4 from address set Probes"]
    assert not [loss for loss in found.losses if loss.fidelity is Fidelity.TIGHTENED]


def test_two_groups_of_the_same_members_today_both_have_to_follow() -> None:
    rules = [rule(peer=GroupPeer(firewall=name), port=22) for name in ("fw-1", "fw-2")]
    known = {f"group {name}": [ip_network("10.0.0.9/32")] for name in ("fw-1", "fw-2")}
    found = translate(firewall(*rules), ALLOW_ONLY, known=known)
    assert [loss.field for loss in found.losses if loss.fidelity is Fidelity.UNCHECKED] == [
        "firewalls.fw.rules[0]",
        "firewalls.fw.rules[1]",
    ]


def test_a_name_without_members_of_a_family_is_explained() -> None:
    named = rule(peer=AddressSetPeer(address_set="Home"), family="ipv6")
    known = {"address set Home": (ip_network("10.1.0.0/16"),)}
    (told,) = explain(guarded(named, known=known))
    assert told.findings[-1] == "address set Home has no member of this family"
