"""Network security groups on a card and around its subnet: ordered, both have to agree."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from adapters.azure.defaults import LIMITS
from adapters.azure.ids import Ids
from adapters.azure.translate import firewalls
from adapters.azure.translate.rules import Around as Beside
from broker.firewall import Around, Layer
from broker.model import Direction, FirewallSpec
from tests.firewall.native import source
from tests.firewall.native.source import Lets, Source
from tests.firewall.oracle import Probe

FIREWALL = LIMITS
PATH = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"
    "/providers/Microsoft.Network/applicationSecurityGroups/"
)
BESIDE = Beside(
    Ids("00000000-0000-0000-0000-000000000001", "rg"),
    frozenset({source.OWN, source.KNOWN, source.UNKNOWN}),
    "group",
)
PROTOCOLS = {"Tcp": 6, "Udp": 17, "Icmp": 1, "Esp": 50, "Ah": 51}

Native = dict[str, Any]


def _default(direction: str, priority: int, access: str, far: str) -> Native:
    side = "source" if direction == "Inbound" else "destination"
    return {"properties": {
        "direction": direction, "priority": priority, "access": access, "protocol": "*",
        "sourceAddressPrefix": "*", "destinationAddressPrefix": "*",
        "sourcePortRange": "*", "destinationPortRange": "*", f"{side}AddressPrefix": far,
    }}  # fmt: skip


DEFAULTS = [
    _default("Inbound", 65000, "Allow", "VirtualNetwork"),
    _default("Inbound", 65001, "Allow", "AzureLoadBalancer"),
    _default("Inbound", 65500, "Deny", "*"),
    _default("Outbound", 65000, "Allow", "VirtualNetwork"),
    _default("Outbound", 65001, "Allow", "Internet"),
    _default("Outbound", 65500, "Deny", "*"),
]


def made(rng: random.Random) -> Source:
    """A group on a card, now and then another around its subnet."""
    own = _rules(rng)
    around = _rules(rng) if rng.random() < 0.5 else None
    behind = Around()
    if around is not None:
        layer = Layer(firewalls=(_read(around),), defaults=LIMITS.defaults)
        behind = Around(layers=(layer,))

    def lets(probe: Probe) -> bool:
        return _passes(own, probe) and (around is None or _passes(around, probe))

    return Source(lets, _read(own), behind=behind, defaults=LIMITS.defaults)


def written(parts: Sequence[FirewallSpec], *, without: str = "") -> Lets:
    """What the group lets through once the adapter has written it; nobody is in ``without``."""
    (part,) = parts
    rules = firewalls.changed([], part.rules, BESIDE)
    return lambda probe: _passes(rules, probe, without)


def _read(rules: Sequence[Native]) -> FirewallSpec:
    return firewalls.firewall(
        {"name": "group", "properties": {"securityRules": rules}}, BESIDE
    ).spec


def _rules(rng: random.Random) -> list[Native]:
    numbers = rng.sample(range(100, 160), rng.randrange(7))
    return [_rule(rng, number) for number in numbers]


def _rule(rng: random.Random, priority: int) -> Native:
    inbound = rng.random() < 0.5
    side = "source" if inbound else "destination"
    protocol = rng.choice(("Tcp", "Tcp", "Udp", "Icmp", "*", "*", "Esp"))
    about: Native = {
        "direction": "Inbound" if inbound else "Outbound",
        "priority": priority,
        "access": rng.choice(("Allow", "Allow", "Deny")),
        "protocol": protocol,
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "*",
    }
    draw = rng.random()
    if draw < 0.2:
        about.pop(f"{side}AddressPrefix")
        group = rng.choice((source.OWN, source.KNOWN, source.UNKNOWN))
        about[f"{side}ApplicationSecurityGroups"] = [{"id": PATH + group}]
    elif draw < 0.35:
        tags = ("Storage", "VirtualNetwork", "AzureLoadBalancer", "Internet")
        about[f"{side}AddressPrefix"] = rng.choice(tags)
    elif draw < 0.55:
        about.pop(f"{side}AddressPrefix")
        about[f"{side}AddressPrefixes"] = [source.cidr(rng) for _ in range(rng.randrange(1, 4))]
    elif draw < 0.9:
        about[f"{side}AddressPrefix"] = source.cidr(rng)
    if protocol in ("Tcp", "Udp", "*"):
        if rng.random() < 0.6:
            about.pop("destinationPortRange")
            about["destinationPortRanges"] = [_ports(rng) for _ in range(rng.randrange(1, 3))]
        if rng.random() < 0.2:
            about["sourcePortRange"] = _ports(rng)
    return {"name": f"rule-{priority}", "properties": about}


def _ports(rng: random.Random) -> str:
    first, last = source.span(rng)
    return str(first) if first == last else f"{first}-{last}"


def _passes(rules: Sequence[Native], probe: Probe, without: str = "") -> bool:
    inbound = probe.direction is Direction.INGRESS
    for rule in sorted((*rules, *DEFAULTS), key=lambda each: int(each["properties"]["priority"])):
        about = rule["properties"]
        if (about["direction"] == "Inbound") == inbound and _matches(about, probe, without):
            return bool(about["access"] == "Allow")
    return False


def _matches(about: Native, probe: Probe, without: str) -> bool:
    protocol = about["protocol"]
    meant = [probe.protocol if protocol == "*" else PROTOCOLS[protocol]]
    if (protocol, about["access"], probe.address.version) == ("Icmp", "Deny", 6):
        meant.append(58)  # nobody tells whether it is: a deny is read as though it were
    if probe.protocol not in meant:
        return False
    words = {side: _all(about, f"{side}PortRange") for side in ("source", "destination")}
    for side, port in (("source", probe.source_port), ("destination", probe.port)):
        if words[side] != ["*"] and (
            probe.protocol not in (6, 17) or not any(_spans(one, port) for one in words[side])
        ):
            return False
    near, far = ("destination", "source")
    if probe.direction is Direction.EGRESS:
        near, far = far, near
    if not any(_holds(one, probe, own=True) for one in _all(about, f"{near}AddressPrefix")):
        return False
    groups = [
        one["id"].rpartition("/")[2] for one in about.get(f"{far}ApplicationSecurityGroups", ())
    ]
    return any(source.is_in(one, probe, without=without) for one in groups) or any(
        _holds(one, probe, own=False) for one in _all(about, f"{far}AddressPrefix")
    )


def _all(about: Native, word: str) -> list[str]:
    many = word + "es" if word.endswith("x") else word + "s"
    return [*([about[word]] if about.get(word) else []), *(about.get(many) or [])]


def _spans(word: str, port: int) -> bool:
    first, _, last = word.partition("-")
    return word == "*" or int(first) <= port <= int(last or first)


def _holds(word: str, probe: Probe, *, own: bool) -> bool:
    """Whether an address is meant: the machine's ``own`` is of the packet's family."""
    if word == "*":
        return True
    if own:
        return word == ("0.0.0.0/0" if probe.address.version == 4 else "::/0")
    return (
        source.is_in(word, probe)
        if word[0].isalpha() and ":" not in word
        else (source.within(word, probe))
    )
