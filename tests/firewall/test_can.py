"""Single packets, what is odd about rules, and two machines beside each other."""

import ipaddress
import random
from typing import Any

import pytest

from broker.adapter import PlatformTraffic
from broker.errors import ConfigError
from broker.firewall import Guard, Packet, can, diff, explain
from broker.firewall.guard import Barrier, Card
from broker.firewall.space import MOST_NAMES
from broker.model import (
    AddressSetPeer,
    AttachPoint,
    Firewall,
    FirewallRule,
    FirewallSpec,
    GroupPeer,
    NicSpec,
)
from tests.firewall import dialects, oracle
from tests.firewall.test_translate import rule


def guarded(*rules: FirewallRule, around: FirewallSpec | None = None, **more: Any) -> Guard:
    worn = Firewall(id="fw-1", spec=FirewallSpec(name="web", rules=rules))
    barriers = [Barrier(point=AttachPoint.NIC, firewalls=(worn,))]
    if around is not None:
        beside = Firewall(id="acl-1", spec=around)
        barriers.append(Barrier(point=AttachPoint.SUBNET, firewalls=(beside,)))
    card = Card(nic=NicSpec(network="net"), barriers=tuple(barriers))
    return Guard.model_validate(
        {
            "machine": "lab/web-1",
            "cards": (card,),
            "defaults": (),
            "platform": (),
            "known": {},
            **more,
        }
    )


def asked(text: str, guard: Guard) -> tuple[bool, str]:
    answer = can(guard, Packet.parse(text))
    return answer.allowed, answer.reasons[-1].text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tcp/443 from 203.0.113.7", "tcp/443 from 203.0.113.7 port 50000"),
        ("UDP/53 to 2001:db8::1 port 53", "udp/53 to 2001:db8::1 port 53"),
        ("icmp from 10.0.0.1", "icmp/8/0 from 10.0.0.1"),
        ("33/5000 to 10.0.0.1", "dccp/5000 to 10.0.0.1 port 50000"),
        ("icmp from fd00::1", "icmpv6/128/0 from fd00::1"),
        ("icmp/3/1 from 10.0.0.1", "icmp/3/1 from 10.0.0.1"),
        ("47 from 10.0.0.1", "47 from 10.0.0.1"),
        ("tcp/0 from 10.0.0.1", "tcp/0 from 10.0.0.1 port 50000"),
    ],
)
def test_packets_are_understood(text: str, shown: str) -> None:
    packet = Packet.parse(text)
    assert packet.text == shown
    assert Packet.parse(packet.text) == packet


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tcp from 10.0.0.1",
        "tcp/70000 from 10.0.0.1",
        "tcp/80/1 from 10.0.0.1",
        "256 from 10.0.0.1",
        "telepathy from 10.0.0.1",
        "tcp/80 from 10.0.0.0/8",
        "tcp/80 from ::ffff:10.0.0.1",
        "icmp/256 from 10.0.0.1",
        "icmp/3/256 from 10.0.0.1",
        "icmpv6 from 10.0.0.1",
        "1 from fd00::1",
        "47/22 from 10.0.0.1",
        "47 from 10.0.0.1 port 22",
    ],
)
def test_other_words_are_no_packet(text: str) -> None:
    with pytest.raises(ConfigError):
        Packet.parse(text)


def test_the_deciding_rule_is_named() -> None:
    guard = guarded(
        rule(action="deny", cidr="10.0.0.7/32", priority=5), rule(cidr="10.0.0.0/8", priority=9)
    )
    assert asked("tcp/22 from 10.0.0.7", guard) == (
        False,
        "web: deny any ipv4 from 10.0.0.7/32 (priority 5)",
    )
    assert asked("tcp/22 from 10.0.0.8", guard) == (
        True,
        "web: allow any ipv4 from 10.0.0.0/8 (priority 9)",
    )
    assert asked("tcp/22 from 11.0.0.8", guard) == (False, "web: no rule lets it through")


def test_members_of_a_group_are_recognised_by_address() -> None:
    known = {"group fw-db": (ipaddress.ip_network("10.0.0.9/32"),)}
    guard = guarded(rule(port=80, peer=GroupPeer(firewall="fw-db")), known=known)
    assert asked("tcp/80 from 10.0.0.9", guard) == (True, "web: allow tcp 80 from group fw-db")
    assert not asked("tcp/80 from 10.0.0.8", guard)[0]


def test_any_number_of_groups_whose_members_are_known_can_be_asked() -> None:
    names = [f"fw-{number}" for number in range(MOST_NAMES + 1)]
    known = {f"group {name}": (ipaddress.ip_network("10.0.0.9/32"),) for name in names}
    guard = guarded(*(rule(port=80, peer=GroupPeer(firewall=name)) for name in names), known=known)
    assert asked("tcp/80 from 10.0.0.9", guard)[0]
    assert not asked("tcp/80 from 10.0.0.8", guard)[0]


def test_a_set_that_nobody_can_read_may_decide_otherwise() -> None:
    peer = AddressSetPeer(address_set="Storage.Mars")
    open_to_it = guarded(rule(port=80, peer=peer))
    assert asked("tcp/80 from 10.0.0.9", open_to_it) == (
        False,
        "web: no rule lets it through, unless 10.0.0.9 is in address set Storage.Mars, which "
        "cannot be read here: allow tcp 80 from address set Storage.Mars",
    )
    assert asked("tcp/81 from 10.0.0.9", open_to_it)[1] == "web: no rule lets it through"
    closed_to_it = guarded(
        rule(port=80, peer=peer, action="deny", priority=1), rule(port=80, priority=2)
    )
    allowed, text = asked("tcp/80 from 10.0.0.9", closed_to_it)
    assert allowed
    assert text.endswith("deny tcp 80 from address set Storage.Mars (priority 1)")
    read = {"address set Storage.Mars": (ipaddress.ip_network("10.0.1.0/24"),)}
    assert "unless" not in asked("tcp/80 from 10.0.0.9", guarded(*open_to_it.rules, known=read))[1]


def test_what_forgets_needs_the_answer_too() -> None:
    around = FirewallSpec(name="acl", rules=(rule(port=80, priority=1),), stateful=False)
    allowed, text = asked("tcp/80 from 10.0.0.1", guarded(rule(port=80), around=around))
    assert not allowed
    assert text.endswith("but its rules let no answer back")


def test_the_platform_is_not_asked() -> None:
    metadata = rule(direction="egress", cidr="169.254.169.254/32")
    platform = (PlatformTraffic(name="instance metadata", rules=(metadata,)),)
    allowed, text = asked("tcp/80 to 169.254.169.254", guarded(platform=platform))
    assert allowed
    assert text == "the platform lets it through unasked: instance metadata"


@pytest.mark.parametrize("name", dialects.DIALECTS)
def test_answers_are_those_of_the_oracle(name: str) -> None:
    limits = dialects.DIALECTS[name]
    known = {
        f"{'address set' if name in dialects.SETS else 'group'} {name}": tuple(
            ipaddress.ip_network(one) for one in members
        )
        for name, members in dialects.MEMBERS.items()
    }
    for seed in range(15):
        rng = random.Random(seed)
        rules = dialects.rules(rng, limits)
        guard = guarded(*rules, known=known)
        for probe in oracle.probes(rng, rules, dialects.MEMBERS, 10):
            port = probe.icmp[0] << 8 | probe.icmp[1] if probe.protocol in (1, 58) else probe.port
            packet = Packet(
                direction=probe.direction,
                address=probe.address,
                protocol=probe.protocol,
                port=port,
                source_port=probe.source_port,
            )
            allowed = can(guard, packet).allowed
            assert allowed == oracle.passes(rules, probe, dialects.MEMBERS), (seed, probe)


def test_odd_rules_are_told() -> None:
    guard = guarded(
        rule(cidr="10.0.0.0/8", priority=1),
        rule(cidr="10.1.0.0/16", port=22, action="deny", priority=2),
        rule(cidr="10.0.0.0/7", port=443, action="deny", priority=3),
        rule(port=80, peer=GroupPeer(firewall="fw-gone"), priority=4),
        rule(port=80, peer=AddressSetPeer(address_set="Storage.Mars"), priority=5),
        rule(port=80, cidr="::ffff:10.0.0.0/104", family="ipv6", priority=6),
        rule(port=443, cidr="11.0.0.0/16", priority=7),
        stale=("fw-gone",),
    )
    findings = [each.findings[:1] for each in explain(guard)]
    assert findings == [
        (),
        ("never the first to match: shadowed by rule 1",),
        ("in part decided otherwise by rule 1",),
        ("stale: there is no group fw-gone in this account",),
        ("unknown: what is in address set Storage.Mars cannot be read here",),
        ("IPv4 addresses in IPv6 form are never on the wire: it matches nothing",),
        ("never the first to match: shadowed by rule 3",),
    ]


def test_groups_that_speak_of_each_other_are_told() -> None:
    one = Firewall(
        id="fw-1",
        spec=FirewallSpec(name="one", rules=(rule(peer=GroupPeer(firewall="fw-2")),)),
    )
    two = Firewall(
        id="fw-2",
        spec=FirewallSpec(name="two", rules=(rule(peer=GroupPeer(firewall="fw-1")),)),
    )
    both = Barrier(point=AttachPoint.NIC, firewalls=(one, two))
    guard = guarded().model_copy(
        update={"cards": (Card(nic=NicSpec(network="net"), barriers=(both,)),)}
    )
    assert all("speak of each other" in each.findings[-1] for each in explain(guard))


def test_two_machines_beside_each_other() -> None:
    one = guarded(rule(port=22), rule(port=80, cidr="10.0.0.0/8"))
    two = guarded(rule(port=22)).model_copy(update={"machine": "cloud/web-1"})
    found = diff(one, two)
    assert found.proof.text == "tighter by: tcp/80 from 10.0.0.0/8"
    assert found.proof.stopped is not None
    assert can(one, found.proof.stopped).allowed
    assert not can(two, found.proof.stopped).allowed
    assert diff(one, one).proof.text == "equal"
