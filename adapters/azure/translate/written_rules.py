"""One rule of a network security group, written: several of ours that share its priority."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.azure.kinds import GROUP
from adapters.azure.translate.rules import (
    ACTIONS,
    ANY,
    DIRECTIONS,
    GROUP_SET,
    PROTOCOLS,
    Around,
    read,
)
from broker.errors import Invalid, Unsupported
from broker.model import (
    EVERYONE,
    ICMPV6,
    AddressSetPeer,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    GroupPeer,
    PortRange,
)

DIRECTION_WORDS = {ours: word.capitalize() for word, ours in DIRECTIONS.items()}
ACTION_WORDS = {ours: word.capitalize() for word, ours in ACTIONS.items()}
WORDS = {number: word.capitalize() for word, number in PROTOCOLS.items()} | {ICMPV6: "Icmp"}

DESCRIPTION_LENGTH = 140


def write(rules: Sequence[FirewallRule], around: Around) -> dict[str, Any]:
    """Return the one native rule that says these, which share a direction and a priority.

    Invalid when none does.
    """
    first = rules[0]
    ingress = first.direction is Direction.INGRESS
    near, far = ("destination", "source") if ingress else ("source", "destination")
    told: dict[str, Any] = {
        "properties": {
            "description": first.description[:DESCRIPTION_LENGTH],
            "protocol": _word({rule.protocol for rule in rules}),
            "access": ACTION_WORDS[first.action],
            "priority": first.priority,
            "direction": DIRECTION_WORDS[first.direction],
            **_port_words("destination", [rule.ports for rule in rules]),
            **_port_words("source", [rule.source_ports for rule in rules]),
            f"{near}AddressPrefix": _near_word(rules),
            **_far_words(far, rules, around),
        }
    }
    if {_bare(rule) for rule in read(told, around)} != {_bare(rule) for rule in rules}:
        if len(rules) == 1:
            raise Unsupported("a security group cannot say this rule: fit the firewall first")
        raise Invalid(
            f"{len(rules)} rules share {first.direction} priority {first.priority} and cannot be "
            "said as one",
            hint="Give each rule of a direction a priority of its own",
        )
    return told


def _bare(rule: FirewallRule) -> FirewallRule:
    return rule.model_copy(update={"description": "", "icmp": None})


def _word(protocols: set[int | None]) -> str:
    words = {ANY if protocol is None else WORDS[protocol] for protocol in protocols}
    return words.pop() if len(words) == 1 else ANY


def _port_words(side: str, ports: Sequence[PortRange | None]) -> dict[str, Any]:
    said = list(dict.fromkeys(ports))
    words = [ANY if each is None else _port_word(each) for each in said]
    return {f"{side}PortRange": words[0]} if len(words) == 1 else {f"{side}PortRanges": words}


def _port_word(ports: PortRange) -> str:
    return str(ports.first) if ports.first == ports.last else f"{ports.first}-{ports.last}"


def _near_word(rules: Sequence[FirewallRule]) -> str:
    """Return what tells the family on our own side, where the peers do not."""
    families = {rule.family for rule in rules}
    if all(isinstance(rule.peer, CidrPeer) for rule in rules) or len(families) == len(Family):
        return ANY
    return str(EVERYONE[families.pop()].cidr)


def _far_words(side: str, rules: Sequence[FirewallRule], around: Around) -> dict[str, Any]:
    peers = list(dict.fromkeys(rule.peer for rule in rules))
    if set(peers) == set(EVERYONE.values()):
        return {f"{side}AddressPrefix": ANY}
    groups: list[dict[str, str]] = []
    prefixes: list[str] = []
    for peer in peers:
        match peer:
            case GroupPeer(firewall=firewall):
                groups.append({"id": around.ids.path(GROUP, firewall)})
            case AddressSetPeer(address_set=name) if name.startswith(GROUP_SET):
                groups.append({"id": around.ids.path(GROUP, name.removeprefix(GROUP_SET))})
            case AddressSetPeer(address_set=name):
                prefixes.append(_service_tag(name))
            case CidrPeer(cidr=cidr):
                prefixes.append(str(cidr))
    words: dict[str, Any] = {}
    if groups:
        words[f"{side}ApplicationSecurityGroups"] = groups
    if len(prefixes) == 1:
        words[f"{side}AddressPrefix"] = prefixes[0]
    elif prefixes:
        words[f"{side}AddressPrefixes"] = prefixes
    return words


def _service_tag(name: str) -> str:
    if not name.replace(".", "").isalnum() or not name[0].isalpha():
        raise Unsupported(f"{name} is no service tag", hint="Name the addresses in their place")
    return name
