"""Native rules and ours, both ways, judged packet by packet by code that shares nothing."""

from __future__ import annotations

import ipaddress
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.azure.defaults import LIMITS
from adapters.azure.ids import Ids
from adapters.azure.translate.rules import Around, read
from adapters.azure.translate.written_rules import write
from broker.errors import Invalid, Unsupported
from broker.model import (
    EVERYONE,
    Action,
    AddressSetPeer,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    GroupPeer,
    Icmp,
    PortRange,
)
from tests.firewall import dialects, oracle

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
IDS = Ids(SUBSCRIPTION, "rg")
PATH = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/RG/providers/Microsoft.Network"
OTHERS = f"{PATH}/applicationSecurityGroups/others"
WEARERS = f"{PATH}/applicationSecurityGroups/Web"
WORN = (ipaddress.ip_network("10.0.1.0/24"), ipaddress.ip_network("fd00:1::/64"))
AROUND = Around(IDS, frozenset({"web", *dialects.GROUPS}), "web", WORN)

MEMBERS: oracle.Members = {
    "asg/others": frozenset({ipaddress.ip_address("10.0.2.5")}),
    "web": frozenset({ipaddress.ip_address("10.0.1.4")}),
    "Storage.WestEurope": frozenset({ipaddress.ip_address("192.0.2.9")}),
}


def native(**about: Any) -> dict[str, Any]:
    properties = {
        "protocol": "Tcp",
        "access": "Allow",
        "priority": 100,
        "direction": "Inbound",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "*",
        **about,
    }
    return {"name": "rule", "properties": properties}


@pytest.mark.parametrize(
    ("words", "ports"),
    [
        ({"destinationPortRange": "80"}, [(80, 80)]),
        ({"destinationPortRange": "80-90"}, [(80, 90)]),
        ({"destinationPortRange": "*"}, [None]),
        ({"destinationPortRange": "0-65535"}, [(0, 65535)]),
        ({"destinationPortRange": "", "destinationPortRanges": ["80", "8000-8010"]},
         [(80, 80), (8000, 8010)]),
    ],
)  # fmt: skip
def test_ports_are_read_in_all_their_forms(
    words: dict[str, Any], ports: list[tuple[int, int] | None]
) -> None:
    found = read(native(sourceAddressPrefix="192.0.2.0/24", **words), AROUND)
    told = [(rule.ports.first, rule.ports.last) if rule.ports else None for rule in found]
    assert told == ports


def test_a_deny_is_read_as_one() -> None:
    (rule,) = read(native(access="Deny", sourceAddressPrefix="192.0.2.7"), AROUND)
    assert rule.action is Action.DENY
    assert rule.peer == CidrPeer(cidr=ipaddress.ip_network("192.0.2.7/32"))


def test_everyone_is_both_families_and_a_range_is_one() -> None:
    assert {rule.family for rule in read(native(), AROUND)} == set(Family)
    (rule,) = read(native(sourceAddressPrefix="0.0.0.0/0"), AROUND)
    assert rule.peer == EVERYONE[Family.IPV4]


def test_a_service_tag_and_groups_are_names() -> None:
    found = read(native(sourceAddressPrefix="Storage.WestEurope"), AROUND)
    assert {rule.peer for rule in found} == {AddressSetPeer(address_set="Storage.WestEurope")}
    groups = [{"id": OTHERS}, {"id": WEARERS}]
    found = read(native(sourceAddressPrefix="", sourceApplicationSecurityGroups=groups), AROUND)
    assert {rule.peer for rule in found} == {
        AddressSetPeer(address_set="asg/others"),
        GroupPeer(firewall="web"),
    }


@pytest.mark.parametrize("word", ["VIRTUAL_NETWORK", "virtualnetwork", "VirtualNetwork"])
def test_a_tag_in_another_spelling_is_the_same(word: str) -> None:
    found = read(native(sourceAddressPrefix=word, destinationAddressPrefix=word), AROUND)
    assert {rule.peer for rule in found} == {AddressSetPeer(address_set="VirtualNetwork")}
    assert len(found) == 2


def test_any_protocol_on_a_port_is_those_that_have_ports() -> None:
    found = read(native(protocol="*", destinationPortRange="53"), AROUND)
    assert {rule.protocol for rule in found} == {6, 17}


@pytest.mark.parametrize(
    ("prefix", "allowed", "denied"),
    [
        ("10.0.1.0/24", 1, 1),  # all that wear it
        ("10.0.0.0/8", 1, 1),
        ("VirtualNetwork", 2, 2),  # the families of everyone
        ("10.0.1.4", 0, 1),  # one of them
        ("10.9.0.0/16", 0, 0),  # none of them
        ("Sql", 0, 2),  # who knows
    ],
)
def test_a_rule_for_some_wearers_is_never_read_wider(
    prefix: str, allowed: int, denied: int
) -> None:
    for access, count in (("Allow", allowed), ("Deny", denied)):
        found = read(native(access=access, destinationAddressPrefix=prefix), AROUND)
        assert len(found) == count


def test_without_a_look_at_the_wearers_an_allow_for_some_is_left_out() -> None:
    around = Around(IDS, frozenset(), "web")
    assert not read(native(destinationAddressPrefix="10.0.1.4"), around)
    assert read(native(access="Deny", destinationAddressPrefix="10.0.1.4"), around)


def test_a_rule_for_the_wearers_own_group_is_for_all_of_them() -> None:
    for group, count in ((WEARERS, 2), (OTHERS, 0)):
        found = read(
            native(
                destinationAddressPrefix="",
                destinationApplicationSecurityGroups=[{"id": group}],
            ),
            AROUND,
        )
        assert len(found) == count


def test_a_protocol_we_do_not_know_allows_nothing_and_denies_all() -> None:
    assert not read(native(protocol="Sctp"), AROUND)
    found = read(native(protocol="Sctp", access="Deny"), AROUND)
    assert {rule.protocol for rule in found} == {None}


def test_one_rule_for_one_family_is_written_so_that_it_is_for_no_other() -> None:
    peer = GroupPeer(firewall="web")
    rule = FirewallRule(
        direction=Direction.INGRESS, family=Family.IPV4, peer=peer, protocol=6, priority=100
    )
    about = write([rule], AROUND)["properties"]
    assert about["destinationAddressPrefix"] == "0.0.0.0/0"
    both = [rule, rule.model_copy(update={"family": Family.IPV6})]
    assert write(both, AROUND)["properties"]["destinationAddressPrefix"] == "*"


def test_several_rules_of_one_priority_are_written_as_one() -> None:
    told = native(
        protocol="*",
        sourceAddressPrefix="",
        sourceAddressPrefixes=["192.0.2.0/24", "198.51.100.7/32"],
        destinationPortRange="",
        destinationPortRanges=["80", "443", "8000-8010"],
        sourcePortRange="1024-65535",
    )
    rules = read(told, AROUND)
    assert len(rules) == 12
    about = write(rules, AROUND)["properties"]
    assert about["destinationPortRanges"] == ["80", "443", "8000-8010"]
    assert about["sourceAddressPrefixes"] == ["192.0.2.0/24", "198.51.100.7/32"]
    assert about["protocol"] == "*"


def test_rules_of_one_priority_that_are_not_one_are_refused() -> None:
    first = FirewallRule(
        direction=Direction.INGRESS,
        family=Family.IPV4,
        peer=CidrPeer(cidr=ipaddress.ip_network("192.0.2.0/24")),
        protocol=6,
        ports=PortRange(first=80, last=80),
        priority=100,
    )
    second = first.model_copy(
        update={
            "peer": CidrPeer(cidr=ipaddress.ip_network("198.51.100.0/24")),
            "ports": PortRange(first=443, last=443),
        }
    )
    with pytest.raises(Invalid, match="share"):
        write([first, second], AROUND)
    deny = first.model_copy(update={"action": Action.DENY, "ports": None})
    with pytest.raises(Invalid):
        write([first, deny], AROUND)


def test_a_name_that_can_be_no_service_tag_is_refused() -> None:
    rule = FirewallRule(
        direction=Direction.INGRESS,
        family=Family.IPV4,
        peer=AddressSetPeer(address_set="pl-0123"),
        priority=100,
    )
    with pytest.raises(Unsupported, match="pl-0123"):
        write([rule], AROUND)


@given(st.integers(0, 2**32 - 1))
def test_our_rules_come_back_as_they_were(seed: int) -> None:
    rng = random.Random(seed)
    for rule in dialects.rules(rng, LIMITS):
        set_ = isinstance(rule.peer, AddressSetPeer)
        if set_ or (rule.protocol == 1 and rule.family is Family.IPV6):
            continue  # set-1 is no service tag
        plain = rule.model_copy(update={"icmp": None})
        assert read(write([rule], AROUND), AROUND) == (plain,)


ADDRESSES = st.sampled_from(
    ["*", "0.0.0.0/0", "::/0", "10.0.2.0/24", "10.0.2.5", "192.0.2.9", "fd00:2::/32",
     "Storage.WestEurope"]
)  # fmt: skip
OWN = st.sampled_from(["*", "VirtualNetwork", "10.0.1.0/24", "10.0.1.4", "10.9.0.0/16", "::/0"])
PORTS = st.lists(st.sampled_from(["22", "80-90", "85", "0-65535", "443"]), min_size=1, max_size=3)


@st.composite
def natives(draw: st.DrawFn) -> dict[str, Any]:
    inbound = draw(st.booleans())
    far, near = ("source", "destination") if inbound else ("destination", "source")
    about: dict[str, Any] = {
        "direction": "Inbound" if inbound else "Outbound",
        "access": draw(st.sampled_from(["Allow", "Deny"])),
        "protocol": draw(st.sampled_from(["*", "Tcp", "UDP", "icmp", "Esp"])),
        "priority": draw(st.integers(100, 4096)),
        f"{near}AddressPrefix": draw(OWN),
    }
    if draw(st.booleans()):
        about[f"{far}AddressPrefix"] = draw(ADDRESSES)
    else:
        about[f"{far}AddressPrefix"] = None
        about[f"{far}ApplicationSecurityGroups"] = draw(
            st.sampled_from(
                [[{"id": OTHERS}], [{"id": WEARERS}], [{"id": OTHERS}, {"id": WEARERS}]]
            )
        )
    if about["protocol"] in ("*", "Tcp", "UDP") and draw(st.booleans()):
        about["destinationPortRange"] = None
        about["destinationPortRanges"] = draw(PORTS)
        if draw(st.booleans()):
            about["sourcePortRange"] = draw(st.sampled_from(["*", "1024-65535", "53"]))
    return native(**about)


@given(natives())
def test_what_is_read_says_the_same_when_it_is_written(told: dict[str, Any]) -> None:
    rules = read(told, AROUND)
    if rules:
        assert set(read(write(rules, AROUND), AROUND)) == set(rules)


@given(natives(), st.integers(0, 2**32 - 1))
def test_reading_is_never_wider(told: dict[str, Any], seed: int) -> None:
    """An allow lets nothing else through, whichever machine wears it; a deny stops all."""
    rules = read(told, AROUND)
    rng = random.Random(seed)
    deny = told["properties"]["access"] == "Deny"
    machines = [ipaddress.ip_address(each) for each in ("10.0.1.4", "10.0.1.77", "fd00:1::9")]
    for probe in oracle.probes(rng, rules, MEMBERS, 40):
        ours = any(oracle.matches(rule, probe, MEMBERS) for rule in rules)
        for machine in machines:
            if machine.version != probe.address.version:
                continue
            theirs = _matches(told["properties"], probe, machine)
            assert not (theirs and not ours) if deny else not (ours and not theirs)


def _matches(about: dict[str, Any], probe: oracle.Probe, machine: oracle.Address) -> bool:
    """Whether the service's rule is about this packet from or to this machine."""
    inbound = about["direction"] == "Inbound"
    if inbound != (probe.direction is Direction.INGRESS):
        return False
    source, destination = (probe.address, machine) if inbound else (machine, probe.address)
    icmp = 1 if machine.version == 4 else 58
    words = {"*": None, "Tcp": 6, "UDP": 17, "icmp": icmp, "Esp": 50}[about["protocol"]]
    ported = about["destinationPortRange"] != "*" or about["sourcePortRange"] != "*"
    if words is None and ported and probe.protocol not in (6, 17):
        return False
    if words not in (None, probe.protocol):
        return False
    if not _in_ports(about, "source", probe.source_port):
        return False
    if not _in_ports(about, "destination", probe.port):
        return False
    return _in_side(about, "source", source) and _in_side(about, "destination", destination)


def _in_ports(about: dict[str, Any], side: str, port: int) -> bool:
    ranges = about.get(f"{side}PortRanges") or [about[f"{side}PortRange"]]
    spans = [each.partition("-") for each in ranges]
    return any(one == "*" or int(one) <= port <= int(two or one) for one, _, two in spans)


def _in_side(about: dict[str, Any], side: str, address: oracle.Address) -> bool:
    for group in about.get(f"{side}ApplicationSecurityGroups") or []:
        name = "web" if group["id"] == WEARERS else "asg/others"
        if address in MEMBERS[name]:
            return True
    prefix = about[f"{side}AddressPrefix"]
    if prefix in (None, ""):
        return False
    if prefix == "*":
        return True
    if prefix == "VirtualNetwork":
        return any(address in each for each in WORN)
    if prefix in MEMBERS:
        return address in MEMBERS[prefix]
    return address in ipaddress.ip_network(prefix)


def test_icmp_types_do_not_pass_unseen() -> None:
    rule = FirewallRule(
        direction=Direction.INGRESS,
        family=Family.IPV4,
        peer=EVERYONE[Family.IPV4],
        protocol=1,
        icmp=Icmp(),
        priority=100,
    )
    assert read(write([rule], AROUND), AROUND)[0].protocol == 1
