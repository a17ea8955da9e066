"""Network ACLs: ordered rules around a subnet, each packet looked at by itself."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from adapters.aws import tags
from adapters.aws.translate.native import native
from broker.model import (
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    Action,
    Attachment,
    AttachPoint,
    CidrPeer,
    Direction,
    Family,
    Firewall,
    FirewallRule,
    FirewallSpec,
    Icmp,
    PortRange,
)

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import NetworkAclEntryTypeDef, NetworkAclTypeDef

ALL = "-1"
ACTIONS = {"allow": Action.ALLOW, "deny": Action.DENY}
ANY_PORT = (0, 65535)


def network_acl(found: NetworkAclTypeDef, subnet: str) -> Firewall:
    """Return an ACL as the firewall around a subnet."""
    marks = tags.tags_in(found)
    return Firewall(
        id=found["NetworkAclId"],
        spec=FirewallSpec(
            name=tags.name_of(marks, found["NetworkAclId"]),
            network=found.get("VpcId"),
            rules=tuple(_rule(entry) for entry in found["Entries"]),
            stateful=False,
            labels=tags.labels_of(marks),
        ),
        attached=(Attachment(point=AttachPoint.SUBNET, id=subnet),),
        native=native(found),
    )


def _rule(entry: NetworkAclEntryTypeDef) -> FirewallRule:
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAclEntry.html
    cidr = ipaddress.ip_network(entry.get("CidrBlock") or entry["Ipv6CidrBlock"])
    protocol = None if entry["Protocol"] == ALL else int(entry["Protocol"])
    return FirewallRule(
        direction=Direction.EGRESS if entry["Egress"] else Direction.INGRESS,
        action=ACTIONS[entry["RuleAction"]],
        family=Family.IPV4 if cidr.version == 4 else Family.IPV6,
        peer=CidrPeer(cidr=cidr),
        protocol=protocol,
        ports=_ports(entry) if protocol in (TCP, UDP) else None,
        icmp=_icmp(entry) if protocol in (ICMP, ICMPV6) else None,
        priority=entry["RuleNumber"],
    )


def _ports(entry: NetworkAclEntryTypeDef) -> PortRange | None:
    told = entry.get("PortRange")
    if not told or (told["From"], told["To"]) == ANY_PORT:
        return None
    return PortRange(first=told["From"], last=told["To"])


def _icmp(entry: NetworkAclEntryTypeDef) -> Icmp | None:
    told = entry.get("IcmpTypeCode")
    if not told or told["Type"] < 0:
        return None
    return Icmp(type=told["Type"], code=None if told["Code"] < 0 else told["Code"])
