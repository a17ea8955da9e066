"""Whole security groups: which native rules stay, which change, which are refused."""

from __future__ import annotations

import ipaddress
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.azure.defaults import DEFAULTS, LIMITS, MOST_RULES
from adapters.azure.translate.firewalls import changed, firewall
from adapters.azure.translate.rules import read
from broker.errors import Invalid, Unsupported
from broker.firewall import drift
from broker.model import (
    Action,
    Attachment,
    AttachPoint,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    Icmp,
    PortRange,
)
from tests.adapters.azure.test_rules import AROUND, PATH, native
from tests.firewall import dialects


def rule(port: int, priority: int | None = None, **about: Any) -> FirewallRule:
    return FirewallRule(
        **{
            "direction": Direction.INGRESS,
            "family": Family.IPV4,
            "peer": CidrPeer(cidr=ipaddress.ip_network("192.0.2.0/24")),
            "protocol": 6,
            "ports": PortRange(first=port, last=port),
            "priority": priority,
            **about,
        }
    )


def said(rules: list[dict[str, Any]]) -> list[FirewallRule]:
    return [one for each in rules for one in read(each, AROUND)]


def test_a_group_is_told_with_its_own_rules_and_its_wearers() -> None:
    told = {
        "name": "Web-1a",
        "tags": {"interop:name": "web", "interop:token": "t", "team": "é"},
        "properties": {
            "securityRules": [native(priority=200), native(priority=110, access="Deny")],
            "defaultSecurityRules": [native(priority=65500, access="Deny")],
            "networkInterfaces": [{"id": f"{PATH}/networkInterfaces/Card-1"}],
            "subnets": [{"id": f"{PATH}/virtualNetworks/Net/subnets/Front"}],
        },
    }
    found = firewall(told, AROUND)
    assert found.spec.name == "web"
    assert found.spec.labels == {"team": "é"}
    assert [one.priority for one in found.spec.rules] == [110, 110, 200, 200]
    assert found.attached == (
        Attachment(point=AttachPoint.NIC, id="card-1"),
        Attachment(point=AttachPoint.SUBNET, id="net/front"),
    )


def test_what_says_so_already_stays_as_it_is_to_the_last_letter() -> None:
    foreign = native(
        protocol="TCP",
        priority=120,
        sourceAddressPrefix="Storage.WestEurope",
        destinationPortRange="",
        destinationPortRanges=["80", "80-90"],
        description="somebody's words",
    )
    foreign["name"], foreign["etag"] = "theirs", 'W/"1"'
    result = changed([foreign], [*said([foreign]), rule(443, 130)], AROUND)
    assert result[0] == foreign
    assert [each["name"] for each in result] == ["theirs", "in-130"]


def test_a_deny_for_machines_that_do_not_wear_the_group_yet_stays() -> None:
    """It says nothing today, and is not given away: nobody else's rule takes its place unasked."""
    theirs = native(access="Deny", priority=110, destinationAddressPrefix="10.9.0.0/16")
    theirs["name"] = "theirs"
    allow = native(priority=120, destinationAddressPrefix="10.9.0.0/16")
    assert not said([theirs, allow])
    result = changed([theirs, allow], [rule(22, 100), rule(80)], AROUND)
    assert result[1] == theirs
    assert [each["properties"]["priority"] for each in result] == [100, 110, 120]
    assert said(result) == [rule(22, 100), rule(80, 120)]
    asked = changed([theirs], [rule(22, 110)], AROUND)
    assert said(asked) == [rule(22, 110)]
    assert len(asked) == 1


def test_a_rule_that_changed_takes_the_place_and_others_stay() -> None:
    before = changed([], [rule(22, 100), rule(80, 110)], AROUND)
    after = changed(before, [rule(22, 100), rule(443, 110)], AROUND)
    assert after[0] == before[0]
    assert said(after) == [rule(22, 100), rule(443, 110)]


def test_two_rules_swap_their_priorities() -> None:
    before = changed([], [rule(22, 100), rule(80, 110)], AROUND)
    after = changed(before, [rule(22, 110), rule(80, 100)], AROUND)
    assert said(after) == [rule(80, 100), rule(22, 110)]
    assert len({each["name"] for each in after}) == 2


def test_rules_without_a_priority_are_set_apart_and_stay_where_they_are() -> None:
    first = changed([], [rule(22, 100), rule(80), rule(443)], AROUND)
    assert [each["properties"]["priority"] for each in first] == [100, 110, 120]
    second = changed(first, [rule(22, 100), rule(443), rule(8080)], AROUND)
    at = {one.ports.first: one.priority for one in said(second) if one.ports}
    assert at == {22: 100, 8080: 110, 443: 120}


def test_rules_move_closer_when_there_is_little_room() -> None:
    result = changed([], [rule(22, 4090), *(rule(port) for port in range(1000, 1006))], AROUND)
    assert [each["properties"]["priority"] for each in result] == list(range(4090, 4097))
    with pytest.raises(Invalid, match="no priority"):
        changed([], [rule(22, 4096), rule(80)], AROUND)


def test_a_name_somebody_gave_away_is_not_given_twice() -> None:
    theirs = native(priority=300, sourceAddressPrefix="192.0.2.1")
    theirs["name"] = "IN-100"
    result = changed([theirs], [rule(22, 100), *said([theirs])], AROUND)
    assert [each["name"] for each in result] == ["in-100-1", "IN-100"]


def test_the_same_again_changes_nothing() -> None:
    rules = [rule(22, 100), rule(80), rule(53, direction=Direction.EGRESS, protocol=17)]
    there = changed([], rules, AROUND)
    assert changed(there, rules, AROUND) == there


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (rule(22, 99), "between"),
        (rule(22, 4097), "between"),
        (rule(22, 100, protocol=132), "name protocol 132"),
        (rule(22, 100, protocol=58, ports=None, family=Family.IPV6,
              peer=CidrPeer(cidr=ipaddress.ip_network("2001:db8::/32"))), "name protocol 58"),
        (rule(22, 100, protocol=1, ports=None, icmp=Icmp(type=8)), "ICMP types"),
    ],
)  # fmt: skip
def test_what_no_group_can_say_is_refused(wanted: FirewallRule, why: str) -> None:
    with pytest.raises((Invalid, Unsupported), match=why):
        changed([], [wanted], AROUND)


def test_more_rules_than_fit_are_refused() -> None:
    many = [rule(port, 100 + port) for port in range(MOST_RULES + 1)]
    with pytest.raises(Invalid, match="1000"):
        changed([], many, AROUND)
    assert len(changed([], many[:MOST_RULES], AROUND)) == MOST_RULES


def test_a_deny_that_was_there_may_stay_though_none_like_it_can_be_made() -> None:
    """Nobody says what a rule about ICMP does to ICMPv6: read as if it stopped that too."""
    theirs = native(protocol="Icmp", access="Deny")
    assert {one.protocol for one in said([theirs])} == {1, 58}
    assert changed([theirs], said([theirs]), AROUND) == [theirs]


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_from_any_rules_to_any_others(old: int, new: int) -> None:
    before, after = (
        [one.model_copy(update={"icmp": None}) for one in _sayable(random.Random(seed))]
        for seed in (old, new)
    )
    there = changed([], before, AROUND)
    result = changed(there, after, AROUND)
    assert drift(said(result), after).text == "equal"
    slots = [(each["properties"]["direction"], each["properties"]["priority"]) for each in result]
    assert len(slots) == len(set(slots))
    for each in there:
        if set(read(each, AROUND)) <= set(after):
            assert each in result


def _sayable(rng: random.Random) -> list[FirewallRule]:
    rules = dialects.rules(rng, LIMITS)
    plain = [one for one in rules if getattr(one.peer, "address_set", "") != "set-1"]
    return [one for one in plain if one.protocol != 1 or one.family is Family.IPV4]


def test_the_default_rules_are_the_six_for_both_families() -> None:
    assert len(DEFAULTS) == 12
    denied = [one for one in DEFAULTS if one.action is Action.DENY]
    assert {(one.direction, one.priority) for one in denied} == {
        (Direction.INGRESS, 65500),
        (Direction.EGRESS, 65500),
    }
