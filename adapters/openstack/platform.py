"""What neutron lets through whatever the groups say.

Read from neutron's agents of release 2026.2: agent/firewall.py and linux/iptables_firewall.py for
what a port may send, db/securitygroups_rpc_base.py for what may reach it. The metadata service is
not among it: to reach 169.254.169.254 takes a rule, as to reach anybody.
"""

from __future__ import annotations

from collections.abc import Iterable

from broker.adapter import PlatformTraffic
from broker.model import (
    EVERYONE,
    ICMPV6,
    UDP,
    Direction,
    Family,
    FirewallRule,
    Icmp,
    PortRange,
)

LISTENER_QUERY, ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT = 130, 133, 134
NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT = 135, 136
"""Types of ICMPv6: RFC 4861 and RFC 2710."""


def _dhcp(direction: Direction, family: Family, source: int, port: int) -> FirewallRule:
    return FirewallRule(
        direction=direction,
        family=family,
        peer=EVERYONE[family],
        protocol=UDP,
        ports=PortRange(first=port, last=port),
        source_ports=PortRange(first=source, last=source),
    )


def _icmpv6(direction: Direction, types: Iterable[int]) -> tuple[FirewallRule, ...]:
    return tuple(
        FirewallRule(
            direction=direction,
            family=Family.IPV6,
            peer=EVERYONE[Family.IPV6],
            protocol=ICMPV6,
            icmp=Icmp(type=number),
        )
        for number in types
    )


PLATFORM = (
    PlatformTraffic(
        name="DHCP",
        rules=(
            _dhcp(Direction.EGRESS, Family.IPV4, 68, 67),
            _dhcp(Direction.INGRESS, Family.IPV4, 67, 68),
            _dhcp(Direction.EGRESS, Family.IPV6, 546, 547),
            _dhcp(Direction.INGRESS, Family.IPV6, 547, 546),
        ),
    ),
    PlatformTraffic(
        name="neighbour discovery",
        rules=(
            *_icmpv6(
                Direction.INGRESS,
                (
                    LISTENER_QUERY,
                    ROUTER_ADVERTISEMENT,
                    NEIGHBOUR_SOLICITATION,
                    NEIGHBOUR_ADVERTISEMENT,
                ),
            ),
            *_icmpv6(
                Direction.EGRESS,
                (
                    LISTENER_QUERY,
                    ROUTER_SOLICITATION,
                    NEIGHBOUR_SOLICITATION,
                    NEIGHBOUR_ADVERTISEMENT,
                ),
            ),
        ),
    ),
)
