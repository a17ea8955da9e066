"""Packets from a third party on the bridge reach a guest exactly where the proof says they do."""

from __future__ import annotations

import ipaddress
import os
import random
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from adapters.kvm.adapter import KvmAdapter
from adapters.kvm.naming import uuid_for
from adapters.kvm.settings import Settings
from adapters.kvm.translate.network import bridge
from broker.firewall import Packet, can, drift, guard, translate
from broker.model import (
    EVERYONE,
    TCP,
    UDP,
    Action,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    FirewallSpec,
    Firmware,
    InstanceSpec,
    NetworkSpec,
    NicSpec,
    PortRange,
    Size,
    SubnetSpec,
    VolumeSpec,
)
from tests.boot.guests import ready, upload
from tests.boot.third_party import ThirdParty, on_bridge, unbroken
from tests.firewall import oracle
from tests.services.require import require

pytestmark = pytest.mark.timeout(600)

CIDR = ipaddress.IPv4Network("10.214.9.0/24")
SOURCES = tuple(str(CIDR[host]) for host in (250, 251, 130, 65))
PORTS = (22, 80, 81, 443, 8080)
SETS, KNOCKS = 6, 24
"""Rule sets, and packets on each: 144 in all."""

ORDERED_AT = 7
ORDERS = f"#!/bin/sh\nnc -ll -p {ORDERED_AT} -e /bin/sh &\n"
"""The guest does what it is told at this port: to send packets of its own, for instance."""

CHANGES = 4
"""How often rules change while somebody knocks."""


class Web:
    """A guest behind a firewall, and somebody else on its bridge."""

    def __init__(self, adapter: KvmAdapter, id: str, firewall: str, somebody: ThirdParty) -> None:
        self.adapter = adapter
        self.id = id
        self.firewall = firewall
        self.somebody = somebody
        self.address = ready(adapter, id, boots=1)["ip"].split("/")[0]


@pytest.fixture(scope="module")
def web(micro: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    require("libvirt")
    if os.geteuid() != 0:
        pytest.skip("a third party on a bridge takes root")
    adapter = KvmAdapter("kvm-test", Settings(pool="interop"))
    token = f"proof-{secrets.token_hex(4)}"
    with ExitStack() as undo:
        undo.callback(adapter.close)
        network = adapter.create_network(
            NetworkSpec(name=token, subnets=(SubnetSpec(cidr=CIDR),)), token=token
        )
        undo.callback(adapter.delete_network, network.id)
        firewall = adapter.create_firewall(FirewallSpec(name=token), token=token)
        undo.callback(adapter.delete_firewall, firewall.id)
        disk = upload(adapter, micro, tmp_path_factory.mktemp("copy") / "journal", token=token)
        undo.callback(adapter.delete_disk, disk)
        spec = InstanceSpec(
            name=token,
            size=Size(vcpus=1, memory=128),
            firmware=Firmware.BIOS,
            volumes=(VolumeSpec(name="root", size=adapter.volume(disk).spec.size, boot=True),),
            nics=(NicSpec(network=network.id, firewalls=(firewall.id,)),),
            user_data=ORDERS,
        )
        undo.callback(adapter.delete_instance, uuid_for("instance", token))
        made = adapter.create_instance(spec, (disk,), token=token)
        plug = bridge(str(network.native["xml"]))
        assert plug
        undo.enter_context(unbroken(plug))
        first, *others = (ipaddress.IPv4Interface(f"{source}/24") for source in SOURCES)
        somebody = undo.enter_context(on_bridge(plug, first))
        for other in others:
            somebody.takes(other)
        yield Web(adapter, made.id, firewall.id, somebody)


def rules(rng: random.Random) -> tuple[FirewallRule, ...]:
    """Return denies and allows, in an order, about the third party's addresses."""
    found = []
    for priority in range(10, 90, 10):
        protocol = rng.choice((None, TCP, TCP, TCP, UDP, 1))
        cidr = ipaddress.ip_network(
            f"{rng.choice(SOURCES)}/{rng.choice((0, 24, 25, 26, 32))}", False
        )
        first, last = sorted(rng.choice(PORTS) for _ in range(2))
        with_ports = protocol in (TCP, UDP) and rng.random() < 0.8
        low = with_ports and rng.random() < 0.2
        found.append(
            FirewallRule(
                direction=Direction.INGRESS,
                action=rng.choice(list(Action)),
                family=Family.IPV4,
                peer=CidrPeer(cidr=cidr),
                protocol=protocol,
                ports=PortRange(first=first, last=last) if with_ports else None,
                source_ports=PortRange(first=1024, last=29999) if low else None,
                priority=priority,
            )
        )
    return tuple(found)


def packets(rng: random.Random, seed: int) -> list[Packet]:
    """Return packets whose ports no other rule set's have: a known connection would just pass."""
    found = []
    for number in range(KNOCKS):
        protocol = 1 if number < 2 else rng.choice((TCP, TCP, TCP, UDP))
        source_port = rng.choice((20000, 40000)) + seed * 100 + number
        found.append(
            Packet(
                direction=Direction.INGRESS,
                address=ipaddress.ip_address(SOURCES[number % len(SOURCES)]),
                protocol=protocol,
                port=8 << 8 if protocol == 1 else rng.choice(PORTS),
                source_port=0 if protocol == 1 else source_port,
            )
        )
    return found


def telling(rng: random.Random, seed: int) -> tuple[tuple[FirewallRule, ...], list[Packet]]:
    """Return rules and packets of which many pass and many do not: others prove little."""
    while True:
        wanted, asked = rules(rng), packets(rng, seed)
        passing = sum(oracle.passes(wanted, probe(packet), {}) for packet in asked)
        if KNOCKS // 4 <= passing <= KNOCKS - KNOCKS // 4:
            return wanted, asked


def probe(packet: Packet) -> oracle.Probe:
    return oracle.Probe(
        direction=packet.direction,
        address=packet.address,
        protocol=packet.protocol,
        port=packet.port,
        source_port=packet.source_port,
        icmp=(packet.port >> 8, packet.port & 255),
    )


def doors(
    web: Web, packets: Sequence[Packet], mark: int, *, at: str = ""
) -> list[dict[str, object]]:
    """Return how the packets are sent, to an address of the guest's that is not its first one."""
    return [
        {
            "source": str(packet.address),
            "target": at or web.address,
            "protocol": packet.protocol,
            "port": packet.port,
            "source_port": packet.source_port,
            "mark": mark + number,
        }
        for number, packet in enumerate(packets)
    ]


@pytest.mark.parametrize("seed", range(SETS))
def test_what_is_proved_is_what_happens(web: Web, seed: int) -> None:
    """As written, and, from the second half on, as translated to allows alone and back."""
    rng = random.Random(seed)
    wanted, asked = telling(rng, seed)
    limits = web.adapter.limits.firewall
    if seed >= SETS // 2:
        plain = limits.model_copy(update={"denies": False, "priorities": None})
        there = translate(FirewallSpec(name="fw", rules=wanted), plain)
        assert there.proof.text == "equal"
        wanted = translate(there.parts[0], limits).parts[0].rules
    found = web.adapter.replace_rules(web.firewall, wanted)
    assert drift(found.spec.rules, wanted).text == "equal"

    seen = web.somebody.knocks(doors(web, asked, seed * KNOCKS + 1))
    before = guard(web.adapter, web.adapter.instance(web.id))
    proved = [can(before, packet).allowed for packet in asked]
    wrong = [
        f"{packet.text}: proved {said}, seen {reached}"
        for packet, said, reached in zip(asked, proved, seen, strict=True)
        if said is not reached
    ]
    assert not wrong


def test_what_is_denied_before_and_after_is_denied_while_rules_change(web: Web) -> None:
    """And what is allowed by both is let through: at once, or when it is sent again."""

    def tcp(action: Action, port: int, priority: int) -> FirewallRule:
        return FirewallRule(
            direction=Direction.INGRESS,
            action=action,
            family=Family.IPV4,
            peer=EVERYONE[Family.IPV4],
            protocol=TCP,
            ports=PortRange(first=port, last=port),
            priority=priority,
        )

    both = [tcp(Action.DENY, 443, 10), tcp(Action.ALLOW, 22, 20)]
    sets = [[*both, tcp(Action.ALLOW, 8080, 30)], [tcp(Action.ALLOW, 81, 5), *both]]
    web.adapter.replace_rules(web.firewall, sets[1])
    with ThreadPoolExecutor(1) as beside:
        changing = [
            beside.submit(web.adapter.replace_rules, web.firewall, sets[number % 2])
            for number in range(CHANGES)
        ]
        first = 50000
        while not changing[-1].done():
            asked = [
                Packet(
                    direction=Direction.INGRESS,
                    address=ipaddress.ip_address(SOURCES[number % len(SOURCES)]),
                    protocol=TCP,
                    port=443 if number % 3 else 22,
                    source_port=first + number,
                )
                for number in range(KNOCKS)
            ]
            seen = web.somebody.knocks(doors(web, asked, 1))
            assert seen == [packet.port == 22 for packet in asked]
            first += KNOCKS
        for change in changing:
            change.result()
