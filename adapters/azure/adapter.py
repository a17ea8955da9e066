"""One resource group of one Azure subscription."""

from __future__ import annotations

import threading

from adapters.azure.address_sets import AddressSets
from adapters.azure.addresses import Addresses
from adapters.azure.errors import calling
from adapters.azure.firewalls import Firewalls
from adapters.azure.instances import Instances
from adapters.azure.key_pairs import KeyPairs
from adapters.azure.limits import LIMITS
from adapters.azure.made import Makings
from adapters.azure.networks import Networks
from adapters.azure.quotas import with_quotas
from adapters.azure.session import Session
from broker import adapter as contract
from broker.adapter import Limits
from broker.errors import AccessDenied


class AzureAdapter(Instances, Networks, Firewalls, AddressSets, Addresses, KeyPairs, Makings):
    """Machines, disks and networks of one resource group. Safe to use from many threads."""

    def __init__(self, name: str, session: Session) -> None:
        super().__init__(name, session)
        self._limits: Limits | None = None
        self._asking = threading.Lock()

    @property
    def limits(self) -> Limits:
        """What this account accepts, asked once.

        Quotas are the subscription's: who has rights on the resource group only is not told them.
        """
        with self._asking:
            if self._limits is None:
                try:
                    with calling("look at limits"):
                        self._limits = with_quotas(self._session)
                except AccessDenied as error:
                    if error.code != "AuthorizationFailed":
                        raise
                    self._limits = LIMITS
            return self._limits

    def check(self) -> str:
        """Make a few cheap authenticated calls and return who and where we are, in one line."""
        with calling("check account"):
            group = self._session.resources.resource_groups.get(self._group)
            # quotas are those of a location: nobody else would tell that there is no such one
            _ = self.limits
            # nor would anything in the group tell that its role there is not enough
            next(self._machines({"statusOnly": "true"}, group=False), None)
            return (
                f"subscription {self._session.settings.subscription}, resource group "
                f"{group['name']}, new things in {self._session.location}"
            )

    def close(self) -> None:
        """Let go of connections. May be called twice."""
        self._session.close()


_adapter: type[contract.Adapter] = AzureAdapter
_sizes: type[contract.ClosedSizes] = AzureAdapter
_console: type[contract.ConsoleLog] = AzureAdapter
_last_run: type[contract.LastRun] = AzureAdapter
_addresses: type[contract.PublicAddresses] = AzureAdapter
_subnets: type[contract.SubnetFirewalls] = AzureAdapter
_sets: type[contract.AddressSets] = AzureAdapter
_network_sets: type[contract.NetworkAddressSets] = AzureAdapter
