"""Network ACLs: ordered rules around a subnet, each packet looked at by itself."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.aws import tags
from adapters.aws.limits import ACL_NUMBERS, ACL_RULES_PER_DIRECTION
from adapters.aws.translate.native import native
from broker.errors import Invalid, Unsupported
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
_WORDS = {action: word for word, action in ACTIONS.items()}
ANY_PORT = (0, 65535)


# after these all is denied, and nobody can take that away: a firewall denies what it does not allow
LAST = 32767


def network_acl(found: NetworkAclTypeDef) -> Firewall:
    """Return an ACL as the firewall around its subnets."""
    marks = tags.tags_in(found)
    subnets = [each["SubnetId"] for each in found["Associations"]]
    return Firewall(
        id=found["NetworkAclId"],
        spec=FirewallSpec(
            name=tags.name_of(marks, found["NetworkAclId"]),
            network=found.get("VpcId"),
            subnet=subnets[0] if subnets else None,
            rules=tuple(_rule(entry) for entry in found["Entries"] if entry["RuleNumber"] != LAST),
            stateful=False,
            labels=tags.labels_of(marks),
        ),
        attached=tuple(Attachment(point=AttachPoint.SUBNET, id=subnet) for subnet in subnets),
        native=native(found),
    )


def check_entries(rules: Sequence[FirewallRule]) -> None:
    """Unsupported or Invalid for rules that no network ACL can say exactly."""
    for rule in rules:
        if rule.source_ports is not None:
            raise Unsupported("network ACLs do not look at source ports: fit the firewall first")
        if not isinstance(rule.peer, CidrPeer):
            raise Unsupported("network ACLs know addresses only: fit the firewall first")
        if rule.ports is not None and rule.protocol not in (TCP, UDP):
            raise Unsupported(f"network ACLs know no ports of protocol {rule.protocol}")
        if rule.priority is None or not ACL_NUMBERS[0] <= rule.priority <= ACL_NUMBERS[1]:
            raise Invalid(f"network ACLs number rules from {ACL_NUMBERS[0]} to {ACL_NUMBERS[1]}")
    counts = Counter(rule.direction for rule in rules)
    for direction, count in counts.items():
        if count > ACL_RULES_PER_DIRECTION:
            raise Invalid(
                f"{count} {direction} rules: at most {ACL_RULES_PER_DIRECTION} fit a network ACL"
            )


def entry(rule: FirewallRule) -> dict[str, object]:
    """Return one rule as the service takes it; it was checked before."""
    assert isinstance(rule.peer, CidrPeer)
    asked: dict[str, object] = {
        "RuleNumber": rule.priority,
        "Protocol": ALL if rule.protocol is None else str(rule.protocol),
        "RuleAction": _WORDS[rule.action],
        "Egress": egress(rule),
        "CidrBlock" if rule.family is Family.IPV4 else "Ipv6CidrBlock": str(rule.peer.cidr),
    }
    if rule.protocol in (TCP, UDP):
        first, last = (rule.ports.first, rule.ports.last) if rule.ports else ANY_PORT
        asked["PortRange"] = {"From": first, "To": last}
    if rule.protocol in (ICMP, ICMPV6):
        told = rule.icmp or Icmp()
        asked["IcmpTypeCode"] = {
            "Type": -1 if told.type is None else told.type,
            "Code": -1 if told.code is None else told.code,
        }
    return asked


def egress(rule: FirewallRule) -> bool:
    """Tell whether a rule is among those for what leaves the subnet."""
    return rule.direction is Direction.EGRESS


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
