"""What a guest sends, and what reaches it, behind our filters and behind other people's."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from xml.etree.ElementTree import fromstring

import pytest

from broker.firewall import Packet, can, guard
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
    Icmp,
    PortRange,
)
from tests.boot.test_firewall_proof import ORDERED_AT, PORTS, SOURCES, Web, doors, web

__all__ = ["web"]

pytestmark = pytest.mark.timeout(600)

KNOCKS = 20

Row = tuple[str, Direction, int | None, str, tuple[int, int] | None]
"""A rule in short: what it does, which way, with which protocol, whose addresses and ports."""

OURS: tuple[str, tuple[Row, ...]] = (
    "own",
    (
        ("deny", Direction.INGRESS, None, f"{SOURCES[1]}/32", None),
        ("deny", Direction.EGRESS, TCP, "0.0.0.0/0", (443, 8080)),
        ("allow", Direction.EGRESS, TCP, "0.0.0.0/0", None),
        ("deny", Direction.EGRESS, UDP, f"{SOURCES[2]}/32", None),
        ("allow", Direction.EGRESS, UDP, "0.0.0.0/0", (80, 443)),
        ("allow", Direction.EGRESS, ICMP, f"{SOURCES[0]}/32", None),
    ),
)

ORDERS_IN = f"""<rule action='accept' direction='in' priority='-999'>
  <tcp dstportstart='{ORDERED_AT}'/>
</rule>"""
THEIRS = {
    "mirrored": (
        f"<rule action='drop' direction='in' priority='10'><all srcipaddr='{SOURCES[1]}'/></rule>"
        "<rule action='drop' direction='in' priority='20'><tcp dstportstart='80'/></rule>"
        "<rule action='drop' direction='out' priority='30'>"
        "<udp dstportstart='81' dstportend='443'/></rule>"
    ),
    "negated": (
        f"<rule action='drop' direction='in' priority='10'>"
        f"<tcp match='no' srcipaddr='{SOURCES[0]}'/></rule>"
        "<rule action='drop' direction='inout' priority='20'><udp match='no' dstportstart='80'/>"
        "</rule>"
    ),
    "states": (
        "<rule action='accept' direction='out' priority='1'><all state='ESTABLISHED,RELATED'/>"
        "</rule>"
        "<rule action='accept' direction='in' priority='1'><all state='ESTABLISHED'/></rule>"
        "<rule action='accept' direction='in' priority='2'>"
        "<tcp dstportstart='22' dstportend='80' state='NEW'/></rule>"
        "<rule action='accept' direction='in' priority='3'><icmp type='8'/></rule>"
        "<rule action='accept' direction='out' priority='3'>"
        f"<udp dstipaddr='{SOURCES[0]}' state='NEW'/></rule>"
        "<rule action='drop' direction='inout' priority='999'><all/></rule>"
    ),
    "answers": (
        "<rule action='drop' direction='out' priority='10'><tcp srcportstart='81'/></rule>"
        "<rule action='drop' direction='out' priority='20'><udp/></rule>"
    ),
    "frames": (
        "<rule action='drop' direction='in' priority='-700'>"
        f"<ip srcipaddr='{SOURCES[2]}' protocol='tcp' dstportstart='80'/></rule>"
        "<rule action='drop' direction='out' priority='-700'>"
        "<ip protocol='udp' dstportstart='443'/></rule>"
        "<rule action='drop' direction='out'><mac match='no' srcmacaddr='$MAC'/></rule>"
    ),
}


def ours() -> list[FirewallRule]:
    orders = ("allow", Direction.INGRESS, TCP, f"{SOURCES[0]}/32", (ORDERED_AT, ORDERED_AT))
    pings = ("allow", Direction.INGRESS, TCP, "0.0.0.0/0", (80, 81))
    return rules_of([orders, *OURS[1], pings], 1)


def rules_of(rows: Sequence[Row], first: int) -> list[FirewallRule]:
    """Return the rules with priorities from ``first`` on; of ICMPv6 it is pings they speak of."""
    found = []
    for priority, (action, direction, protocol, cidr, ports) in enumerate(rows, first):
        network = ipaddress.ip_network(cidr)
        found.append(
            FirewallRule(
                direction=direction,
                action=Action(action),
                family=Family.IPV6 if network.version == 6 else Family.IPV4,
                peer=CidrPeer(cidr=network),
                protocol=protocol,
                ports=PortRange(first=ports[0], last=ports[1]) if ports else None,
                icmp=Icmp(type=128) if protocol == ICMPV6 else None,
                priority=priority,
            )
        )
    return found


@contextmanager
def standing(web: Web, name: str) -> Iterator[None]:
    """Put a filter in front of the guest, in the place of the one it wears, for a while."""
    connection = web.adapter._host.connection
    before = connection.nwfilterLookupByUUIDString(web.firewall).XMLDesc()
    if name == OURS[0]:
        web.adapter.replace_rules(web.firewall, ours())
    else:
        connection.nwfilterDefineXML(
            f"<filter name='{fromstring(before).get('name')}' chain='root'>"
            f"<uuid>{web.firewall}</uuid>{ORDERS_IN}{THEIRS[name]}</filter>"
        )
    try:
        yield
    finally:
        connection.nwfilterDefineXML(before)


def asked(name: str, direction: Direction) -> list[Packet]:
    """Return packets with ports that no connection of another set has."""
    rng = random.Random(name + direction)
    first = 20000 + 100 * [OURS[0], *THEIRS].index(name)
    found = []
    for number in range(KNOCKS):
        address = SOURCES[number % len(SOURCES)]
        protocol = ICMP if number < 4 and direction is Direction.EGRESS else rng.choice((TCP, UDP))
        found.append(
            Packet(
                direction=direction,
                address=ipaddress.ip_address(address),
                protocol=protocol,
                port=8 << 8 if protocol == ICMP else rng.choice(PORTS),
                source_port=0 if protocol == ICMP else first + number,
            )
        )
    return found


def sent(web: Web, packets: Sequence[Packet], *, by: str = "") -> list[bool]:
    """Return which packets of the guest's own arrived, twice.

    Once may be libvirt's break, when another test on this host changes a filter.
    """
    first, second = (_arrived(web, packets, by or web.address) for _ in range(2))
    return [both == (True, True) for both in zip(first, second, strict=True)]


def _arrived(web: Web, packets: Sequence[Packet], by: str) -> list[bool]:
    words = {
        TCP: "nc -w 2 {address} {port}",
        UDP: "busybox timeout 3 busybox tftp -g -r x -l /dev/null {address} {port}",
        **dict.fromkeys((ICMP, ICMPV6), "busybox ping -c 2 -W 2 {address}"),
    }
    orders = [words[one.protocol].format(address=one.address, port=one.port) for one in packets]
    script = "".join(f"{order} </dev/null >/dev/null 2>&1 &\n" for order in orders)
    heard = web.somebody.hears_from(
        by,
        lambda: web.somebody.tells(web.address, ORDERED_AT, f"{script}wait\nexit\n"),
    )
    # no word of the guest's chooses the port that it sends from
    found = {(protocol, to, port) for protocol, to, _, port in heard}
    return [(one.protocol, str(one.address), one.port) in found for one in packets]


@pytest.mark.parametrize("name", [OURS[0], *THEIRS])
def test_what_is_proved_is_what_happens(web: Web, name: str) -> None:
    with standing(web, name):
        before = guard(web.adapter, web.adapter.instance(web.id))
        out, into = asked(name, Direction.EGRESS), asked(name, Direction.INGRESS)
        left, reached = sent(web, out), web.somebody.knocks(doors(web, into, 1))
    wrong = [
        f"{packet.text}: proved {can(before, packet).allowed}, seen {seen}"
        for packet, seen in zip([*out, *into], [*left, *reached], strict=True)
        if can(before, packet).allowed is not seen
    ]
    assert not wrong
    assert len({*left, *reached}) == 2, "what always passes, or never, proves little"
