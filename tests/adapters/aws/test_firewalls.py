"""Rules there and back: exactly, or refused; never wider."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.aws.translate import firewalls
from broker.errors import Invalid, Unsupported
from broker.model import (
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    Action,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    GroupPeer,
    Icmp,
    PortRange,
)

BOTH = [Family.IPV4, Family.IPV6]
PORT = st.integers(0, 65535)
BYTE = st.integers(0, 255)


@st.composite
def rule(draw: st.DrawFn) -> FirewallRule:
    family = draw(st.sampled_from(Family))
    version: Any = 4 if family is Family.IPV4 else 6
    protocol = draw(st.sampled_from([None, TCP, UDP, ICMP, ICMPV6, 47, 132]))
    network = draw(st.ip_addresses(v=version))
    prefix = draw(st.integers(0, network.max_prefixlen))
    ports = icmp = None
    if protocol in (TCP, UDP) and draw(st.booleans()):
        first, last = sorted((draw(PORT), draw(PORT)))
        # all ports are said as none by the service
        ports = PortRange(first=first, last=last) if (first, last) != (0, 65535) else None
    if protocol in (ICMP, ICMPV6) and draw(st.booleans()):
        icmp = Icmp(type=draw(BYTE), code=draw(st.none() | BYTE))
    return FirewallRule(
        direction=draw(st.sampled_from(Direction)),
        family=family,
        peer=CidrPeer(cidr=ipaddress.ip_network((network, prefix), strict=False)),
        protocol=protocol,
        ports=ports,
        icmp=icmp,
        description=draw(st.text("abc 123._-", max_size=20)),
    )


def as_the_service_tells(asked: Any, *, egress: bool) -> dict[str, Any]:
    """What DescribeSecurityGroupRules says of a rule that was authorized so."""
    told: dict[str, Any] = {
        "SecurityGroupRuleId": "sgr-1",
        "IsEgress": egress,
        "IpProtocol": asked["IpProtocol"],
        "FromPort": asked.get("FromPort", -1),
        "ToPort": asked.get("ToPort", -1),
    }
    for ranges, ours, theirs in (
        ("IpRanges", "CidrIp", "CidrIpv4"),
        ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
        ("PrefixListIds", "PrefixListId", "PrefixListId"),
    ):
        for each in asked.get(ranges, []):
            told[theirs] = each[ours]
            told["Description"] = each.get("Description", "")
    for each in asked.get("UserIdGroupPairs", []):
        told["ReferencedGroupInfo"] = {"GroupId": each["GroupId"]}
        told["Description"] = each.get("Description", "")
    return told


@given(rule())
def test_a_rule_comes_back_as_it_went(wish: FirewallRule) -> None:
    firewalls.check_rules([wish])
    (asked,) = firewalls.permissions([wish])
    told: Any = as_the_service_tells(asked, egress=wish.direction is Direction.EGRESS)
    assert firewalls.rules(told, BOTH) == [wish]
    assert firewalls.key_of(told) == firewalls.key(wish)


@given(st.lists(rule(), max_size=8))
def test_each_different_rule_is_asked_for_once(wishes: list[FirewallRule]) -> None:
    asked = firewalls.permissions([*wishes, *wishes])
    assert len(asked) == len({firewalls.key(wish) for wish in wishes})


def plain_rule(**different: Any) -> FirewallRule:
    return FirewallRule.model_validate(
        {
            "direction": "ingress",
            "family": "ipv4",
            "peer": {"kind": "cidr", "cidr": "192.0.2.0/24"},
            "protocol": TCP,
            "ports": {"first": 22, "last": 22},
            **different,
        }
    )


@pytest.mark.parametrize(
    "different",
    [
        {"action": Action.DENY, "priority": 100},
        {"source_ports": {"first": 1, "last": 2}},
        {"protocol": 132, "ports": {"first": 1, "last": 2}},
    ],
)
def test_what_a_group_cannot_say_is_refused(different: dict[str, Any]) -> None:
    with pytest.raises(Unsupported):
        firewalls.check_rules([plain_rule(**different)])


def test_rules_are_counted_by_direction_and_family() -> None:
    many = [plain_rule(ports={"first": port, "last": port}) for port in range(60)]
    firewalls.check_rules([*many, plain_rule(direction="egress")])
    with pytest.raises(Invalid):
        firewalls.check_rules([*many, plain_rule(ports={"first": 99, "last": 99})])


def group_rule(family: Family) -> FirewallRule:
    return plain_rule(family=family, peer=GroupPeer(firewall="sg-1"))


def test_a_group_reaches_every_family_so_all_must_be_wished() -> None:
    firewalls.check_families([group_rule(Family.IPV4)], [Family.IPV4])
    firewalls.check_families([group_rule(family) for family in BOTH], BOTH)
    with pytest.raises(Unsupported, match="ipv6"):
        firewalls.check_families([group_rule(Family.IPV4)], BOTH)


def test_a_group_is_one_permission_and_reads_back_for_every_family() -> None:
    wishes = [group_rule(family) for family in BOTH]
    (asked,) = firewalls.permissions(wishes)
    told: Any = as_the_service_tells(asked, egress=False)
    assert firewalls.rules(told, BOTH) == wishes


@given(st.text(), st.text("abcdef0123456789-", min_size=1, max_size=64))
def test_group_names_are_what_the_service_takes(name: str, token: str) -> None:
    found = firewalls.group_name(name, token)
    assert len(found) <= 255
    assert found.endswith(token)
    assert not found.startswith("sg-")
    assert found.isascii()
