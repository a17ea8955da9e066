"""One rule of a network security group, read.

A native rule speaks of both families, of several peers and of several port ranges at once: it is
read as several of ours, all with its priority.

It also speaks of addresses on our own side. Where it means only some of the machines that wear the
group, an allow is left out and a deny is read as one for all: tighter, never wider.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from adapters.azure.defaults import BALANCER, INTERNET, VIRTUAL_NETWORK
from adapters.azure.ids import Ids
from adapters.azure.translate.native import properties
from broker.model import (
    EVERYONE,
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    Action,
    AddressSetPeer,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    GroupPeer,
    Peer,
    PortRange,
)

Range = ipaddress.IPv4Network | ipaddress.IPv6Network

ANY = "*"
# https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#security-rules
PROTOCOLS = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "esp": 50, "ah": 51}
WITH_PORTS = (TCP, UDP)

DIRECTIONS = {"inbound": Direction.INGRESS, "outbound": Direction.EGRESS}
ACTIONS = {"allow": Action.ALLOW, "deny": Action.DENY}

TAGS = {
    "virtualnetwork": VIRTUAL_NETWORK,
    "virtual_network": VIRTUAL_NETWORK,
    "azureloadbalancer": BALANCER,
    "azure_loadbalancer": BALANCER,
    "internet": INTERNET,
}
"""One spelling for the tags of the default rules, which some rules have in older ones."""

GROUP_SET = "asg/"
"""Prefix of the address sets that are application security groups, not service tags."""


class Around(NamedTuple):
    """What is needed to read rules beside them.

    ``companions`` are the application security groups that hold the wearers of the firewall of the
    same id; ``firewall`` is the one the rules are of, and ``wearers`` the ranges what wears it is
    in, None where that is not known.
    """

    ids: Ids
    companions: frozenset[str] = frozenset()
    firewall: str = ""
    wearers: tuple[Range, ...] | None = None


class _Side(NamedTuple):
    """One end of the packets of a rule."""

    prefixes: tuple[str, ...]
    groups: tuple[str, ...]
    ports: tuple[str, ...]

    @classmethod
    def of(cls, about: Mapping[str, Any], name: str) -> _Side:
        def told(one: str, many: str) -> tuple[str, ...]:
            return tuple(each for each in (about.get(one), *(about.get(many) or [])) if each)

        return cls(
            prefixes=tuple(
                TAGS.get(each.lower(), each)
                for each in told(f"{name}AddressPrefix", f"{name}AddressPrefixes")
            ),
            groups=tuple(
                each["id"] for each in about.get(f"{name}ApplicationSecurityGroups") or []
            ),
            ports=told(f"{name}PortRange", f"{name}PortRanges"),
        )


def read(told: Mapping[str, Any], around: Around) -> tuple[FirewallRule, ...]:
    """Return what a native rule says; nothing where that would be wider than it is."""
    about = properties(told)
    direction = DIRECTIONS[about["direction"].lower()]
    action = ACTIONS[about["access"].lower()]
    source, destination = _Side.of(about, "source"), _Side.of(about, "destination")
    ingress = direction is Direction.INGRESS
    near, far = (destination, source) if ingress else (source, destination)
    ports = list(_ports(destination.ports))
    source_ports = list(_ports(source.ports))
    return tuple(
        FirewallRule(
            direction=direction,
            action=action,
            family=family,
            peer=peer,
            protocol=protocol,
            ports=port if protocol in WITH_PORTS else None,
            source_ports=source_port if protocol in WITH_PORTS else None,
            priority=about["priority"],
            description=about.get("description") or "",
        )
        for family in _families(near, action, around)
        for peer in _peers(far, family, around)
        for protocol in _protocols(
            about["protocol"], family, action, ported=any([*ports, *source_ports])
        )
        for port, source_port in (
            itertools.product(ports, source_ports) if protocol in WITH_PORTS else [(None, None)]
        )
    )


def need_wearers(rules: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether reading native rules needs the addresses of what they are for."""
    whole = (ANY, VIRTUAL_NETWORK, "0.0.0.0/0", "::/0")
    for each in rules:
        about = properties(each)
        near = "destination" if about["direction"].lower() == "inbound" else "source"
        if any(one not in whole for one in _Side.of(about, near).prefixes):
            return True
    return False


def groups_in(rules: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the paths of the application security groups that native rules speak of."""
    return {
        path
        for each in rules
        for side in ("source", "destination")
        for path in _Side.of(properties(each), side).groups
    }


def _ports(told: Sequence[str]) -> Iterator[PortRange | None]:
    for each in told or (ANY,):
        first, _, last = each.partition("-")
        yield None if each == ANY else PortRange(first=int(first), last=int(last or first))


def _protocols(
    word: str, family: Family, action: Action, *, ported: bool
) -> tuple[int | None, ...]:
    """Return the protocols a word means; only two have ports, and no rule is about ICMPv6 alone.

    https://learn.microsoft.com/azure/virtual-network/ip-services/ipv6-overview#limitations
    """
    deny = action is Action.DENY
    if word == ANY:
        return WITH_PORTS if ported else (None,)
    protocol = PROTOCOLS.get(word.lower())
    if protocol is None:  # a word that is newer than this table
        return (None,) if deny else ()
    if protocol == ICMP and family is Family.IPV6:
        return (ICMPV6,) if deny else ()
    if ported and protocol not in WITH_PORTS and not deny:
        return ()
    return (protocol,)


def _families(near: _Side, action: Action, around: Around) -> list[Family]:
    """Return the families in which the rule is for all that wear the firewall."""
    deny = action is Action.DENY
    if near.groups:
        mine = around.firewall in around.companions & {*map(around.ids.short, near.groups)}
        return list(Family) if deny or mine else []
    return [family for family in Family if _means_all(near.prefixes, family, around, deny=deny)]


def _means_all(prefixes: Sequence[str], family: Family, around: Around, *, deny: bool) -> bool:
    """Tell whether prefixes hold all wearers of a family; for a deny, any of them."""
    if ANY in prefixes or VIRTUAL_NETWORK in prefixes:  # every machine's own address is in there
        return True
    ranges = [found for each in prefixes if (found := _range(each))]
    mine = [each for each in ranges if f"ipv{each.version}" == family]
    if any(each.prefixlen == 0 for each in mine):
        return True
    if len(ranges) < len(prefixes) and deny:  # a service tag: who knows who is in there
        return True
    if around.wearers is None:
        return deny and bool(mine)
    worn = [each for each in around.wearers if f"ipv{each.version}" == family]
    inside = [each for each in worn if any(_within(each, one) for one in mine)]
    if deny:
        return any(each.overlaps(one) for each in worn for one in mine)
    return bool(worn) and len(inside) == len(worn)


def _within(inner: Range, outer: Range) -> bool:
    return inner.overlaps(outer) and inner.prefixlen >= outer.prefixlen


def _peers(far: _Side, family: Family, around: Around) -> Iterator[Peer]:
    for group in map(around.ids.short, far.groups):
        if group in around.companions:
            yield GroupPeer(firewall=group)
        else:
            yield AddressSetPeer(address_set=f"{GROUP_SET}{group}")
    for prefix in far.prefixes:
        found = _range(prefix)
        if prefix == ANY:
            yield EVERYONE[family]
        elif found is None:
            yield AddressSetPeer(address_set=prefix)
        elif f"ipv{found.version}" == family:
            yield CidrPeer(cidr=found)


def _range(prefix: str) -> Range | None:
    try:
        return ipaddress.ip_network(prefix, strict=False)
    except ValueError:
        return None
