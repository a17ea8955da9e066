"""Service tags and application security groups, as lists of addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from azure.core.exceptions import HttpResponseError

from adapters.azure import kinds
from adapters.azure.base import listed
from adapters.azure.defaults import BALANCER, INTERNET, PLATFORM_ADDRESS, VIRTUAL_NETWORK
from adapters.azure.errors import calling
from adapters.azure.nics import Nics
from adapters.azure.translate.native import plain, properties
from adapters.azure.translate.rules import GROUP_SET, Range
from broker.errors import NotFound

# https://learn.microsoft.com/azure/virtual-network/service-tags-overview#available-service-tags
BY_NETWORK = frozenset({VIRTUAL_NETWORK.lower(), INTERNET.lower()})
"""Tags for what is inside a virtual network, and for the rest of what the Internet reaches."""

EVERYWHERE = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("2000::/3"))
PRIVATE = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
)
"""RFC 1918 and RFC 6598: not on the Internet, in or out of a virtual network."""


class AddressSets(Nics):
    """Named lists of addresses that rules can speak of."""

    def address_set(self, id: str) -> list[Range]:
        """Return what is in a service tag or application security group; NotFound where unknown.

        A tag that means something else on each network is known where there is but one.
        """
        with calling("read an address set"):
            if id.startswith(GROUP_SET):
                return self._in_group(id.removeprefix(GROUP_SET))
            if id.lower() == BALANCER.lower():
                return [PLATFORM_ADDRESS]
            if id.lower() in BY_NETWORK:
                networks = list(listed(self._session.network.virtual_networks.list(self._group)))
                if len(networks) != 1:
                    raise NotFound(f"{id} means something else on each of {len(networks)} networks")
                return in_network(id, networks[0])
            return self._in_service_tag(id)

    def network_address_set(self, id: str, network: str) -> list[Range]:
        """Return what a tag stands for on a network now; NotFound when it is no such tag."""
        with calling("read a network's address set"):
            if id.lower() not in BY_NETWORK:
                raise NotFound(f"{id} means the same on every network")
            place = self._ids.place(kinds.NETWORK, network)
            found = self._session.network.virtual_networks.get(place.group, place.name)
            return in_network(id, plain(found))

    def _in_group(self, id: str) -> list[Range]:
        return [
            ipaddress.ip_network(part["properties"]["privateIPAddress"])
            for card in self._cards().values()
            for part in properties(card).get("ipConfigurations") or []
            for group in part["properties"].get("applicationSecurityGroups") or []
            if self._ids.short(group["id"]) == id.lower()
            and "privateIPAddress" in part["properties"]
        ]

    def _in_service_tag(self, id: str) -> list[Range]:
        try:
            told = plain(self._session.network.service_tags.list(self._session.location))
        except HttpResponseError as error:
            if error.status_code != 403:
                raise
            raise NotFound(
                f"these credentials cannot see what is in the service tag {id}",
                hint="The right Microsoft.Network/locations/serviceTags/read is the subscription's",
            ) from error
        for each in told.get("values") or []:
            if str(each["name"]).lower() == id.lower():
                return [ipaddress.ip_network(one) for one in properties(each)["addressPrefixes"]]
        raise NotFound(f"nobody tells what is in the service tag {id}")


def in_network(tag: str, told: Mapping[str, Any]) -> list[Range]:
    """Return the addresses that are inside a network, or those on the Internet that are not.

    Inside are the network's own, those of the networks it is peered with, and the platform's.
    """
    about = properties(told)
    spaces = [about.get("addressSpace")]
    for peering in about.get("virtualNetworkPeerings") or []:
        if properties(peering).get("allowVirtualNetworkAccess"):
            spaces.append(properties(peering).get("remoteVirtualNetworkAddressSpace"))
    prefixes = [each for space in spaces for each in (space or {}).get("addressPrefixes") or []]
    inside = [*map(ipaddress.ip_network, prefixes), PLATFORM_ADDRESS]
    if tag.lower() == VIRTUAL_NETWORK.lower():
        return inside
    outside: list[Range] = list(EVERYWHERE)
    for taken in (*PRIVATE, *inside):
        outside = [part for each in outside for part in _without(each, taken)]
    return outside


def _without(whole: Range, part: Range) -> Iterable[Range]:
    if isinstance(whole, ipaddress.IPv4Network) and isinstance(part, ipaddress.IPv4Network):
        if part.supernet_of(whole):
            return []
        return whole.address_exclude(part) if part.subnet_of(whole) else [whole]
    if isinstance(whole, ipaddress.IPv6Network) and isinstance(part, ipaddress.IPv6Network):
        if part.supernet_of(whole):
            return []
        return whole.address_exclude(part) if part.subnet_of(whole) else [whole]
    return [whole]
