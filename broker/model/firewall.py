"""Firewalls: named sets of rules that network cards wear."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from broker.model.addresses import Cidr
from broker.model.base import Labels, Name, Resource, Strict

Port = Annotated[int, Field(ge=0, le=65535)]


class Direction(StrEnum):
    """Seen from the machine that wears the firewall."""

    INGRESS = "ingress"
    EGRESS = "egress"


class Action(StrEnum):
    """What happens to a packet the rule is the first to match."""

    ALLOW = "allow"
    DENY = "deny"


class Family(StrEnum):
    """Which internet protocol the rule speaks of."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"


class CidrPeer(Strict):
    """Everyone with an address in ``cidr``."""

    kind: Literal["cidr"] = "cidr"
    cidr: Cidr


class GroupPeer(Strict):
    """Every machine that wears the firewall with this id, as membership changes."""

    kind: Literal["group"] = "group"
    firewall: str


class AddressSetPeer(Strict):
    """A named list of addresses the provider keeps, by id."""

    kind: Literal["address_set"] = "address_set"
    address_set: str


Peer = Annotated[CidrPeer | GroupPeer | AddressSetPeer, Field(discriminator="kind")]


EVERYONE = {
    Family.IPV4: CidrPeer(cidr=IPv4Network("0.0.0.0/0")),
    Family.IPV6: CidrPeer(cidr=IPv6Network("::/0")),
}


class PortRange(Strict):
    """Ports ``first`` to ``last``, both included."""

    first: Port
    last: Port

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.first > self.last:
            raise ValueError(f"port range {self.first}-{self.last} is backwards")
        return self


class Icmp(Strict):
    """An ICMP type and code; ``None`` means any."""

    type: Annotated[int, Field(ge=0, le=255)] | None = None
    code: Annotated[int, Field(ge=0, le=255)] | None = None

    @model_validator(mode="after")
    def _code_needs_type(self) -> Self:
        if self.code is not None and self.type is None:
            raise ValueError("an ICMP code needs a type")
        return self


TCP, UDP, DCCP, SCTP, UDPLITE, ICMP, ICMPV6 = 6, 17, 33, 132, 136, 1, 58
"""IANA protocol numbers of the protocols that have ports or ICMP types."""

WITH_PORTS = frozenset({TCP, UDP, DCCP, SCTP, UDPLITE})


class FirewallRule(Strict):
    """Packets this rule speaks of, and what happens to them.

    ``protocol`` is the IANA number, None for any. ``ports`` are destination ports and
    ``source_ports`` source ports, None for any. The first match by ``priority`` (low first)
    decides; rules without a priority are an unordered set that may only allow.
    """

    direction: Direction
    action: Action = Action.ALLOW
    family: Family
    peer: Peer
    protocol: Annotated[int, Field(ge=0, le=255)] | None = None
    ports: PortRange | None = None
    source_ports: PortRange | None = None
    icmp: Icmp | None = None
    priority: int | None = None
    description: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.ports or self.source_ports) and self.protocol not in WITH_PORTS:
            raise ValueError("only tcp, udp, dccp (33), sctp (132) and udplite (136) have ports")
        if self.icmp and self.protocol not in (ICMP, ICMPV6):
            raise ValueError("only icmp (1) and icmpv6 (58) have types")
        if self.action is Action.DENY and self.priority is None:
            raise ValueError("a deny needs a priority: in an unordered set it has no meaning")
        if isinstance(self.peer, CidrPeer) and f"ipv{self.peer.cidr.version}" != self.family:
            raise ValueError(f"peer {self.peer.cidr} is not {self.family}")
        return self


class FirewallSpec(Strict):
    """A firewall somebody wants. What no rule allows is denied, in both directions.

    Cards wear it, or, where ``subnet`` names one, it stands around that instead of what was there.
    """

    name: Name
    network: str | None = None
    subnet: str | None = None
    rules: tuple[FirewallRule, ...] = ()
    stateful: bool = True
    description: str = ""
    labels: Labels = Field(default_factory=dict)


class AttachPoint(StrEnum):
    """What kind of thing wears a firewall."""

    NIC = "nic"
    SUBNET = "subnet"
    NETWORK = "network"


class Attachment(Strict):
    """One thing that wears a firewall."""

    point: AttachPoint
    id: str


class Firewall(Resource):
    """A firewall that exists, and what wears it."""

    spec: FirewallSpec
    attached: tuple[Attachment, ...] = ()
