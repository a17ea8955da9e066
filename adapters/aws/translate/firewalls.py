"""Security groups: rules that only allow, told one by one."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from adapters.aws import tags
from adapters.aws.limits import RULES_PER_DIRECTION
from adapters.aws.translate.native import native
from broker.errors import Invalid, Unsupported
from broker.model import (
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    Action,
    AddressSetPeer,
    Attachment,
    CidrPeer,
    Direction,
    Family,
    Firewall,
    FirewallRule,
    FirewallSpec,
    GroupPeer,
    Icmp,
    Peer,
    PortRange,
)

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import (
        IpPermissionTypeDef,
        SecurityGroupRuleTypeDef,
        SecurityGroupTypeDef,
    )

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
_PROTOCOL_NAMES = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMPV6}
_NAMES = {number: name for name, number in _PROTOCOL_NAMES.items()}
ALL = "-1"
ANY_PORT = (0, 65535)

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
_FORBIDDEN = re.compile(r"[^A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]")
NAME_LENGTH = DESCRIPTION_LENGTH = 255


class Key(NamedTuple):
    """What makes two rules the same to the service: all but the description.

    ``first`` and ``last`` are ports, an ICMP type and code, or -1 for any. ``peer`` is a CIDR, or
    the id of a group (for both families) or of a prefix list.
    """

    egress: bool
    protocol: str
    first: int
    last: int
    peer: str


GIVEN = frozenset(Key(True, ALL, -1, -1, everyone) for everyone in ("0.0.0.0/0", "::/0"))
"""What the service lets every new group do."""


def check_rules(rules: Sequence[FirewallRule]) -> None:
    """Unsupported or Invalid for rules that no security group can say exactly."""
    for rule in rules:
        if rule.action is Action.DENY:
            raise Unsupported("security groups cannot deny: fit the firewall first")
        if rule.source_ports is not None:
            raise Unsupported("security groups do not look at source ports: fit the firewall first")
        if rule.ports is not None and rule.protocol not in (TCP, UDP):
            raise Unsupported(f"security groups know no ports of protocol {rule.protocol}")
    counts = Counter((rule.direction, rule.family) for rule in rules)
    for (direction, family), count in counts.items():
        if count > RULES_PER_DIRECTION:
            raise Invalid(
                f"{count} {direction} rules for {family}: at most {RULES_PER_DIRECTION} fit one "
                "security group"
            )


def key(rule: FirewallRule) -> Key:
    """Return the rule as the service tells it apart from others; it was checked before."""
    first, last = _range(rule)
    return Key(
        egress=rule.direction is Direction.EGRESS,
        protocol=ALL if rule.protocol is None else _NAMES.get(rule.protocol, str(rule.protocol)),
        first=first,
        last=last,
        peer=_peer_word(rule.peer),
    )


def _range(rule: FirewallRule) -> tuple[int, int]:
    if rule.protocol in (TCP, UDP):
        return (rule.ports.first, rule.ports.last) if rule.ports else ANY_PORT
    if rule.icmp is not None and rule.icmp.type is not None:
        return rule.icmp.type, -1 if rule.icmp.code is None else rule.icmp.code
    return -1, -1


def _peer_word(peer: Peer) -> str:
    match peer:
        case CidrPeer(cidr=cidr):
            return str(cidr)
        case GroupPeer(firewall=group):
            return group
        case AddressSetPeer(address_set=prefix_list):
            return prefix_list


def permissions(rules: Iterable[FirewallRule]) -> list[IpPermissionTypeDef]:
    """Return what to authorize: each different rule once."""
    return [
        permission(each, rule.description)
        for each, rule in {key(rule): rule for rule in rules}.items()
    ]


def permission(rule: Key, description: str) -> IpPermissionTypeDef:
    """Return one rule as the service takes it."""
    asked: IpPermissionTypeDef = {"IpProtocol": rule.protocol}
    if rule.protocol in _PROTOCOL_NAMES:
        asked["FromPort"], asked["ToPort"] = rule.first, rule.last
    told = plain(description)
    if rule.peer.startswith("sg-"):
        asked["UserIdGroupPairs"] = [
            {"GroupId": rule.peer, "Description": told} if told else {"GroupId": rule.peer}
        ]
    elif rule.peer.startswith("pl-"):
        asked["PrefixListIds"] = [
            {"PrefixListId": rule.peer, "Description": told}
            if told
            else {"PrefixListId": rule.peer}
        ]
    elif ":" in rule.peer:
        asked["Ipv6Ranges"] = [
            {"CidrIpv6": rule.peer, "Description": told} if told else {"CidrIpv6": rule.peer}
        ]
    else:
        asked["IpRanges"] = [
            {"CidrIp": rule.peer, "Description": told} if told else {"CidrIp": rule.peer}
        ]
    return asked


def plain(text: str) -> str:
    """Return a description without the characters the service refuses."""
    return _FORBIDDEN.sub("_", text)[:DESCRIPTION_LENGTH]


def group_name(name: str, token: str) -> str:
    """Return a group name that is free as long as the token is; the true name is in a tag."""
    start = "_" + name if name.lower().startswith("sg-") else name
    return f"{plain(start)[: NAME_LENGTH - len(token) - 1]} {token}"


def key_of(found: SecurityGroupRuleTypeDef) -> Key:
    """Return the key of a rule that exists."""
    protocol = found["IpProtocol"]
    bounded = protocol in _PROTOCOL_NAMES
    return Key(
        egress=found["IsEgress"],
        protocol=protocol,
        first=found.get("FromPort", -1) if bounded else -1,
        last=found.get("ToPort", -1) if bounded else -1,
        peer=_found_peer(found),
    )


def _found_peer(found: SecurityGroupRuleTypeDef) -> str:
    return (
        found.get("CidrIpv4")
        or found.get("CidrIpv6")
        or found.get("PrefixListId")
        or found.get("ReferencedGroupInfo", {}).get("GroupId", "")
    )


def rules(found: SecurityGroupRuleTypeDef, families: Sequence[Family]) -> list[FirewallRule]:
    """Return what one native rule allows: one rule, or for a group one per family it reaches."""
    each = key_of(found)
    protocol = _PROTOCOL_NAMES.get(each.protocol)
    if protocol is None and each.protocol != ALL:
        protocol = int(each.protocol)
    description = found.get("Description", "")
    said: list[FirewallRule] = []
    for family, peer in _peers(each.peer, families):
        ports = protocol in (TCP, UDP) and (each.first, each.last) not in (ANY_PORT, (-1, -1))
        icmp = protocol in (ICMP, ICMPV6) and each.first >= 0
        said.append(
            FirewallRule(
                direction=Direction.EGRESS if each.egress else Direction.INGRESS,
                family=family,
                peer=peer,
                protocol=protocol,
                ports=PortRange(first=each.first, last=each.last) if ports else None,
                icmp=Icmp(type=each.first, code=each.last if each.last >= 0 else None)
                if icmp
                else None,
                description=description,
            )
        )
    return said


def _peers(word: str, families: Sequence[Family]) -> list[tuple[Family, Peer]]:
    if word.startswith("sg-"):
        return [(family, GroupPeer(firewall=word)) for family in families]
    if word.startswith("pl-"):
        return [(family, AddressSetPeer(address_set=word)) for family in families]
    cidr = ipaddress.ip_network(word)
    family = Family.IPV4 if cidr.version == 4 else Family.IPV6
    return [(family, CidrPeer(cidr=cidr))]


def check_families(wanted: Sequence[FirewallRule], families: Sequence[Family]) -> None:
    """Unsupported where a group or address set is a peer for fewer families than it reaches.

    The service lets such a peer in over every family its network has: less cannot be said.
    """
    told: dict[Key, set[Family]] = {}
    for rule in wanted:
        if not isinstance(rule.peer, CidrPeer):
            told.setdefault(key(rule), set()).add(rule.family)
    for each, said in told.items():
        if missing := set(families) - said:
            raise Unsupported(
                f"a rule for {each.peer} would also allow {', '.join(sorted(missing))} here",
                hint="Give the rule for every family of the network, or name addresses",
            )


def firewall(
    found: SecurityGroupTypeDef,
    found_rules: Iterable[SecurityGroupRuleTypeDef],
    families: Sequence[Family],
    attached: Sequence[Attachment],
) -> Firewall:
    """Return the group with its rules; ``families`` are those its network speaks."""
    marks = tags.tags_in(found)
    return Firewall(
        id=found["GroupId"],
        spec=FirewallSpec(
            name=tags.name_of(marks, found["GroupName"]),
            network=found.get("VpcId"),
            rules=tuple(rule for each in found_rules for rule in rules(each, families)),
            description=found.get("Description", ""),
            labels=tags.labels_of(marks),
        ),
        attached=tuple(attached),
        native=native(found),
    )


def stateless() -> Unsupported:
    """The refusal of a firewall that does not remember connections."""
    return Unsupported("security groups always let answers through: fit the firewall first")
