"""Service tags and application security groups, as lists of addresses."""

from __future__ import annotations

import ipaddress

from azure.core.exceptions import HttpResponseError

from adapters.azure.base import listed
from adapters.azure.defaults import BALANCER, PLATFORM_ADDRESS, VIRTUAL_NETWORK
from adapters.azure.errors import calling
from adapters.azure.nics import Nics
from adapters.azure.translate.native import plain, properties
from adapters.azure.translate.rules import GROUP_SET, Range
from broker.errors import NotFound


class AddressSets(Nics):
    """Named lists of addresses that rules can speak of."""

    def address_set(self, id: str) -> list[Range]:
        """Return what is in a service tag or application security group; NotFound where unknown."""
        with calling("read an address set"):
            if id.startswith(GROUP_SET):
                return self._in_group(id.removeprefix(GROUP_SET))
            if id.lower() == BALANCER.lower():
                return [PLATFORM_ADDRESS]
            if id.lower() == VIRTUAL_NETWORK.lower():
                return self._in_network()
            return self._in_service_tag(id)

    def _in_group(self, id: str) -> list[Range]:
        return [
            ipaddress.ip_network(part["properties"]["privateIPAddress"])
            for card in self._cards().values()
            for part in properties(card).get("ipConfigurations") or []
            for group in part["properties"].get("applicationSecurityGroups") or []
            if self._ids.short(group["id"]) == id.lower()
            and "privateIPAddress" in part["properties"]
        ]

    def _in_network(self) -> list[Range]:
        """Return the tag's addresses, which are other ones for every network.

        https://learn.microsoft.com/azure/virtual-network/service-tags-overview: the network, those
        it is peered with, and the platform's address.
        """
        networks = list(listed(self._session.network.virtual_networks.list(self._group)))
        if len(networks) != 1:
            raise NotFound(f"{VIRTUAL_NETWORK} means another thing in each of several networks")
        about = properties(networks[0])
        spaces = [about.get("addressSpace")]
        for peering in about.get("virtualNetworkPeerings") or []:
            if properties(peering).get("allowVirtualNetworkAccess"):
                spaces.append(properties(peering).get("remoteVirtualNetworkAddressSpace"))
        prefixes = [each for space in spaces for each in (space or {}).get("addressPrefixes") or []]
        return [*map(ipaddress.ip_network, prefixes), PLATFORM_ADDRESS]

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
