"""What no security group can hold up.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html, "security groups do not
filter traffic destined to and from"
"""

from __future__ import annotations

import ipaddress

from broker.adapter import PlatformTraffic
from broker.model import UDP, CidrPeer, Direction, Family, FirewallRule, PortRange


def _to(*addresses: str) -> tuple[FirewallRule, ...]:
    return tuple(
        FirewallRule(
            direction=Direction.EGRESS,
            family=Family.IPV6 if ":" in address else Family.IPV4,
            peer=CidrPeer(cidr=ipaddress.ip_network(address)),
        )
        for address in addresses
    )


def _dhcp(direction: Direction, source: int, port: int) -> FirewallRule:
    return FirewallRule(
        direction=direction,
        family=Family.IPV4,
        peer=CidrPeer(cidr=ipaddress.IPv4Network("0.0.0.0/0")),
        protocol=UDP,
        ports=PortRange(first=port, last=port),
        source_ports=PortRange(first=source, last=source),
    )


PLATFORM = (
    PlatformTraffic(name="instance metadata", rules=_to("169.254.169.254", "fd00:ec2::254")),
    PlatformTraffic(name="name server", rules=_to("169.254.169.253", "fd00:ec2::253")),
    PlatformTraffic(name="time", rules=_to("169.254.169.123", "fd00:ec2::123")),
    PlatformTraffic(name="task metadata", rules=_to("169.254.170.2")),
    PlatformTraffic(name="Windows activation", rules=_to("169.254.169.250", "169.254.169.251")),
    PlatformTraffic(
        name="DHCP",
        rules=(_dhcp(Direction.EGRESS, 68, 67), _dhcp(Direction.INGRESS, 67, 68)),
    ),
)
