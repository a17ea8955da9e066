"""One resource group of one Azure subscription."""

from __future__ import annotations

from adapters.azure.address_sets import AddressSets
from adapters.azure.addresses import Addresses
from adapters.azure.errors import calling
from adapters.azure.firewalls import Firewalls
from adapters.azure.instances import Instances
from adapters.azure.key_pairs import KeyPairs
from adapters.azure.limits import LIMITS
from adapters.azure.made import Makings
from adapters.azure.networks import Networks
from broker import adapter as contract
from broker.adapter import Limits


class AzureAdapter(Instances, Networks, Firewalls, AddressSets, Addresses, KeyPairs, Makings):
    """Machines, disks and networks of one resource group. Safe to use from many threads."""

    @property
    def limits(self) -> Limits:
        """What this account accepts."""
        return LIMITS

    def check(self) -> str:
        """Make one cheap authenticated call and return who and where we are, in one line."""
        with calling("check account"):
            group = self._session.resources.resource_groups.get(self._group)
            return (
                f"subscription {self._session.settings.subscription}, resource group "
                f"{group['name']}, new things in {self._session.location}"
            )

    def close(self) -> None:
        """Let go of connections. May be called twice."""
        self._session.close()


_adapter: type[contract.Adapter] = AzureAdapter
_console: type[contract.ConsoleLog] = AzureAdapter
_addresses: type[contract.PublicAddresses] = AzureAdapter
_subnets: type[contract.SubnetFirewalls] = AzureAdapter
_sets: type[contract.AddressSets] = AzureAdapter
