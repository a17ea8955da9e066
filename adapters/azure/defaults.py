"""What every network security group says by itself, and what none can hold up.

https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from broker.adapter import FirewallLimits, PlatformTraffic
from broker.model import (
    EVERYONE,
    ICMP,
    TCP,
    UDP,
    Action,
    AddressSetPeer,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    Peer,
    PortRange,
)

# https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
# #azure-networking-limits: security rules per network security group, of both directions together
MOST_RULES = 1000
PRIORITIES = (100, 4096)

VIRTUAL_NETWORK, BALANCER, INTERNET = "VirtualNetwork", "AzureLoadBalancer", "Internet"

PLATFORM_ADDRESS = ipaddress.IPv4Network("168.63.129.16/32")
"""DNS, DHCP and health probes all come from here:
https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
"""


def _default(direction: Direction, action: Action, tag: str | None, at: int) -> list[FirewallRule]:
    return [
        FirewallRule(
            direction=direction,
            action=action,
            family=family,
            peer=EVERYONE[family] if tag is None else AddressSetPeer(address_set=tag),
            priority=at,
        )
        for family in Family
    ]


DEFAULTS: tuple[FirewallRule, ...] = (
    *_default(Direction.INGRESS, Action.ALLOW, VIRTUAL_NETWORK, 65000),
    *_default(Direction.INGRESS, Action.ALLOW, BALANCER, 65001),
    *_default(Direction.INGRESS, Action.DENY, None, 65500),
    *_default(Direction.EGRESS, Action.ALLOW, VIRTUAL_NETWORK, 65000),
    *_default(Direction.EGRESS, Action.ALLOW, INTERNET, 65001),
    *_default(Direction.EGRESS, Action.DENY, None, 65500),
)


def _rules(
    direction: Direction, *peers: Peer, protocol: int | None = None, port: int | None = None
) -> Iterable[FirewallRule]:
    for peer in peers:
        yield FirewallRule(
            direction=direction,
            family=Family.IPV4,
            peer=peer,
            protocol=protocol,
            ports=PortRange(first=port, last=port) if port else None,
        )


def _at(*addresses: str) -> list[CidrPeer]:
    return [CidrPeer(cidr=ipaddress.IPv4Network(each)) for each in addresses]


PLATFORM = (
    PlatformTraffic(
        name="instance metadata", rules=tuple(_rules(Direction.EGRESS, *_at("169.254.169.254")))
    ),
    PlatformTraffic(
        name="name server, DHCP and agent",
        rules=tuple(_rules(Direction.EGRESS, CidrPeer(cidr=PLATFORM_ADDRESS))),
    ),
    PlatformTraffic(
        name="DHCP",
        rules=(
            *_rules(Direction.EGRESS, EVERYONE[Family.IPV4], protocol=UDP, port=67),
            *_rules(Direction.INGRESS, EVERYONE[Family.IPV4], protocol=UDP, port=68),
        ),
    ),
    PlatformTraffic(
        name="Windows activation",
        # https://learn.microsoft.com/troubleshoot/azure/virtual-machines/windows/
        # custom-routes-enable-kms-activation
        rules=tuple(
            _rules(
                Direction.EGRESS,
                *_at("20.118.99.224", "40.83.235.53", "23.102.135.246"),
                protocol=TCP,
                port=1688,
            )
        ),
    ),
    PlatformTraffic(
        name="load-balancer probes",
        rules=tuple(_default(Direction.INGRESS, Action.ALLOW, BALANCER, 65001)),
        filtered=True,
    ),
)

LIMITS = FirewallLimits(
    denies=True,
    priorities=PRIORITIES,
    source_ports=True,
    group_peers=True,
    address_sets=True,
    # ESP and AH are 50 and 51; ICMPv6 cannot be named
    protocols=frozenset({ICMP, TCP, UDP, 50, 51}),
    port_protocols=frozenset({TCP, UDP}),
    icmp_types=False,
    rules_per_firewall=MOST_RULES,
    groups_per_nic=1,
    defaults=DEFAULTS,
    platform=PLATFORM,
)
