"""Network cards of a new instance: checked against what there is, with addresses given out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address
from itertools import islice

from adapters.memory.state import State, find
from broker.errors import Conflict, Invalid, NotFound, QuotaExceeded
from broker.model import Nic, NicSpec, Subnet

Address = IPv4Address | IPv6Address


def cards(state: State, instance: str, specs: Sequence[NicSpec]) -> tuple[Nic, ...]:
    """Return the cards; NotFound for a network, subnet or firewall that is not there."""
    given: set[Address] = set()
    made: list[Nic] = []
    for place, spec in enumerate(specs):
        for firewall in spec.firewalls:
            find(state.firewalls, firewall, "firewall")
        subnet = _subnet(state, spec)
        taken = given | _taken(state, spec.network)
        addresses = spec.addresses or ((_free(subnet, taken),) if subnet else ())
        for address in addresses:
            if subnet and address not in subnet.spec.cidr:
                raise Invalid(f"{address} is outside {subnet.spec.cidr}")
            if address in taken:
                raise Conflict(f"{address} is taken", code="AddressInUse")
        given.update(addresses)
        found = {
            "subnet": subnet.id if subnet else None,
            "addresses": addresses,
            "mac": spec.mac or _mac(f"{instance}/{place}"),
        }
        made.append(Nic(id=f"{instance}-nic{place}", spec=spec.model_copy(update=found)))
    return tuple(made)


def _subnet(state: State, spec: NicSpec) -> Subnet | None:
    """Return the subnet asked for, else the first; None in a network without any."""
    subnets = find(state.networks, spec.network, "network").network.subnets
    if spec.subnet is None:
        return subnets[0] if subnets else None
    for subnet in subnets:
        if subnet.id == spec.subnet:
            return subnet
    raise NotFound(f"there is no subnet {spec.subnet} in {spec.network}", code="NotFound")


def _taken(state: State, network: str) -> set[Address]:
    return {
        address
        for record in state.instances.values()
        for nic in record.instance.nics
        if nic.spec.network == network
        for address in nic.spec.addresses
    }


def _free(subnet: Subnet, taken: set[Address]) -> Address:
    """Return the first free address. The first of all is the gateway's, unless it has another."""
    gateway = subnet.spec.gateway
    hosts: Iterator[Address] = subnet.spec.cidr.hosts()
    for address in hosts if gateway else islice(hosts, 1, None):
        if address != gateway and address not in taken:
            return address
    raise QuotaExceeded(f"every address of {subnet.spec.cidr} is taken")


def _mac(seed: str) -> str:
    """Return an address in the locally administered range that QEMU's machines have too."""
    tail = hashlib.blake2b(seed.encode(), digest_size=3).digest()
    return "52:54:00:" + tail.hex(":")
