"""Networks, their subnets, public addresses, and the NICs that join them."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from broker.model.addresses import Address, Cidr
from broker.model.base import Labels, Name, Resource, SetOf, Strict
from broker.model.firewall import Family

Mac = Annotated[
    str, StringConstraints(to_lower=True, pattern=r"^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$")
]


class SubnetSpec(Strict):
    """A range of addresses of one family. ``gateway`` is None where the provider chooses it."""

    name: str = ""
    cidr: Cidr
    gateway: Address | None = None
    dhcp: bool = True

    @model_validator(mode="after")
    def _gateway_inside(self) -> Self:
        if self.gateway is not None and self.gateway not in self.cidr:
            raise ValueError(f"gateway {self.gateway} is outside {self.cidr}")
        return self


class NetworkSpec(Strict):
    """A private network. ``outbound`` tells whether its machines can reach the outside."""

    name: Name
    subnets: tuple[SubnetSpec, ...] = ()
    outbound: bool = True
    labels: Labels = Field(default_factory=dict)

    @property
    def families(self) -> frozenset[Family]:
        """The families that its subnets have ranges of."""
        return frozenset(Family(f"ipv{subnet.cidr.version}") for subnet in self.subnets)


class Subnet(Resource):
    """A subnet that exists."""

    spec: SubnetSpec
    zone: str | None = None


class Network(Resource):
    """A network that exists. ``spec.subnets`` and ``subnets`` are in the same order.

    ``beside`` are the families that some of its subnets have a second range of, which is not told.
    """

    spec: NetworkSpec
    subnets: tuple[Subnet, ...] = ()
    beside: SetOf[Family] = frozenset()

    @property
    def families(self) -> frozenset[Family]:
        """The families that are spoken on it."""
        return self.beside | self.spec.families


class PublicAddress(Resource):
    """An address reachable from outside, attached to at most one instance."""

    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    instance: str | None = None
    labels: Labels = Field(default_factory=dict)


class NicSpec(Strict):
    """A wish for a network card.

    ``network`` and ``firewalls`` are ids at the provider the spec is for. ``addresses`` are private
    ones; none given means the provider chooses. ``public`` asks for (or tells of) a public address.
    """

    network: str
    subnet: str | None = None
    mac: Mac | None = None
    addresses: tuple[Address, ...] = ()
    public: bool = False
    firewalls: tuple[str, ...] = ()
