"""IPv6 packets reach a guest, and leave it, exactly where the proof says they do."""

from __future__ import annotations

import ipaddress
import random

import pytest

from broker.firewall import Packet, can, drift, guard
from broker.model import (
    ICMPV6,
    TCP,
    UDP,
    Direction,
    FirewallRule,
)
from tests.boot.test_filters_of_others import Row, ours, rules_of, sent
from tests.boot.test_firewall_proof import ORDERED_AT, PORTS, Web, doors, web

__all__ = ["web"]

pytestmark = pytest.mark.timeout(600)

NETWORK = ipaddress.IPv6Network("fd0a:214:9::/64")
GUEST = str(NETWORK[0x10])
SOURCES = tuple(str(NETWORK[host]) for host in (0x250, 0x251, 0x130, 0x65))
KNOCKS = 24

RULES: tuple[Row, ...] = (
    ("deny", Direction.INGRESS, None, f"{SOURCES[1]}/128", None),
    ("deny", Direction.INGRESS, TCP, "::/0", (443, 443)),
    ("allow", Direction.INGRESS, TCP, str(ipaddress.ip_network(f"{SOURCES[0]}/118", False)), None),
    ("allow", Direction.INGRESS, UDP, f"{SOURCES[2]}/128", (80, 443)),
    ("allow", Direction.INGRESS, ICMPV6, f"{SOURCES[3]}/128", None),
    ("deny", Direction.EGRESS, TCP, "::/0", (443, 8080)),
    ("allow", Direction.EGRESS, TCP, "::/0", None),
    ("deny", Direction.EGRESS, UDP, f"{SOURCES[2]}/128", None),
    ("allow", Direction.EGRESS, UDP, str(NETWORK), (80, 443)),
    ("allow", Direction.EGRESS, ICMPV6, f"{SOURCES[0]}/128", None),
)


def rules() -> list[FirewallRule]:
    """Return these behind those that let the guest be told what to do, over IPv4."""
    return [*ours(), *rules_of(RULES, 100)]


def asked(direction: Direction) -> list[Packet]:
    rng = random.Random(direction)
    found = []
    for number in range(KNOCKS):
        protocol = ICMPV6 if number < len(SOURCES) else rng.choice((TCP, UDP))
        found.append(
            Packet(
                direction=direction,
                address=ipaddress.ip_address(SOURCES[number % len(SOURCES)]),
                protocol=protocol,
                port=128 << 8 if protocol == ICMPV6 else rng.choice(PORTS),
                source_port=0 if protocol == ICMPV6 else 30000 + number,
            )
        )
    return found


def test_what_is_proved_is_what_happens(web: Web) -> None:
    found = web.adapter.replace_rules(web.firewall, rules())
    assert drift(found.spec.rules, rules()).text == "equal"
    for source in SOURCES:
        web.somebody.takes(ipaddress.IPv6Interface(f"{source}/64"))
    # it is its own only after a second in which nobody else says so
    give = f"busybox ip addr add {GUEST}/64 dev eth0; sleep 3; exit\n"
    web.somebody.tells(web.address, ORDERED_AT, give)

    out, into = asked(Direction.EGRESS), asked(Direction.INGRESS)
    left = sent(web, out, by=GUEST)
    reached = web.somebody.knocks(doors(web, into, 1, at=GUEST))
    before = guard(web.adapter, web.adapter.instance(web.id))
    wrong = [
        f"{packet.text}: proved {can(before, packet).allowed}, seen {seen}"
        for packet, seen in zip([*out, *into], [*left, *reached], strict=True)
        if can(before, packet).allowed is not seen
    ]
    assert not wrong
    for seen in (left, reached):
        assert len(set(seen)) == 2, "what always passes, or never, proves little"
