"""A firewall that somebody wrote in a provider's own words, and what an adapter reads of it."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from broker.firewall import Around
from broker.model import FirewallRule, FirewallSpec
from tests.firewall.oracle import Probe

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Lets = Callable[[Probe], bool]

OWN, KNOWN, UNKNOWN = "sg-own", "sg-known", "sg-unknown"
LISTS = {"security groups": "pl-list", "ordered groups with defaults": "Storage"}
LIST = "list-1"
"""What a list of addresses is called, where nothing else is asked for."""

MEMBERS: dict[str, tuple[str, ...]] = {
    OWN: ("10.0.0.1/32",),
    KNOWN: ("10.0.0.2/32", "10.1.2.3/32", "fd00::2/128"),
    UNKNOWN: ("10.0.1.9/32",),
    **dict.fromkeys((*LISTS.values(), LIST), ("192.0.2.0/31", "2001:db8::/64")),
    "VirtualNetwork": ("10.0.0.0/8", "168.63.129.16/32"),
    "AzureLoadBalancer": ("168.63.129.16/32",),
    "Internet": ("192.0.0.0/8", "2000::/3"),
}
"""Who is in what rules can speak of by a name."""

PORTS = (0, 1, 22, 23, 80, 81, 443, 1024, 8080, 65535)
V4 = ("0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/24", "10.0.1.0/24", "10.0.0.2/31",
      "10.0.0.2/32", "10.0.0.3/32", "192.0.2.0/24", "192.0.2.1/32")  # fmt: skip
V6 = ("::/0", "fd00::/16", "fd00::2/128", "2001:db8::/64")


@dataclass
class Source:
    """``lets`` is the truth; the rest is what ``translate`` is given."""

    lets: Lets
    spec: FirewallSpec
    also: tuple[FirewallSpec, ...] = ()
    behind: Around = field(default_factory=Around)
    defaults: tuple[FirewallRule, ...] = ()
    unsure: Lets = lambda probe: False
    """Packets of which less may be read than passes."""


def is_in(name: str, probe: Probe, *, without: str = "") -> bool:
    """Whether the other end is in a group or list; nobody is in the group ``without``."""
    return name != without and any(within(one, probe) for one in MEMBERS.get(name, ()))


@cache
def _network(cidr: str) -> Network:
    return ipaddress.ip_network(cidr, strict=False)


def within(cidr: str, probe: Probe) -> bool:
    network = _network(cidr)
    return network.version == probe.address.version and probe.address in network


def span(rng: random.Random, *, first: int = 0) -> tuple[int, int]:
    ends = sorted(rng.choice([one for one in PORTS if one >= first]) for _ in range(2))
    return (ends[0], ends[1]) if rng.random() < 0.6 else (ends[0], ends[0])


def cidr(rng: random.Random) -> str:
    return rng.choice(V4 if rng.random() < 0.75 else V6)
