"""What only some providers can do. Having the methods is the declaration; ``isinstance`` asks.

Each adapter file ends with a static assertion, ``_: type[Pausable] = SomeAdapter``.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from broker.adapter.limits import Counts
from broker.model import Firewall, FirewallRule, Host, PublicAddress

if TYPE_CHECKING:
    from broker.catalog.values import Price


@runtime_checkable
class Pausable(Protocol):
    """Can hold a running machine still in memory."""

    def pause_instance(self, id: str) -> None:
        """Freeze; quiet when it is frozen, Conflict when it does not run."""
        ...

    def resume_instance(self, id: str) -> None:
        """Let a frozen machine go on; quiet when it runs."""
        ...


@runtime_checkable
class Suspendable(Protocol):
    """Can write a running machine's memory to disk and stop it; started, it goes on from there."""

    def suspend_instance(self, id: str) -> None:
        """Suspend; quiet when it is suspended, Conflict when it does not run."""
        ...


@runtime_checkable
class LastRun(Protocol):
    """Tells whether a stopped machine has run since somebody looked."""

    def last_run(self, id: str) -> str:
        """Return what is another as soon as this stopped machine has run again; NotFound."""
        ...


@runtime_checkable
class ConsoleLog(Protocol):
    """Keeps what the guest wrote on its serial console."""

    def console_log(self, id: str) -> str:
        """Return the text kept so far, oldest first; empty when the guest wrote nothing."""
        ...


@runtime_checkable
class PublicAddresses(Protocol):
    """Has addresses reachable from outside that can be moved between machines."""

    def public_addresses(self) -> list[PublicAddress]:
        """Return every public address held; complete, or an error is raised."""
        ...

    def create_public_address(self, *, token: str) -> PublicAddress:
        """Take a new address. The same token twice takes one."""
        ...

    def attach_public_address(self, id: str, instance: str) -> None:
        """Attach to an instance's first card; quiet when it is there."""
        ...

    def delete_public_address(self, id: str) -> None:
        """Detach and give back; quiet when it is gone."""
        ...


@runtime_checkable
class SubnetFirewalls(Protocol):
    """Has firewalls around subnets, which every card there is behind, whatever it wears."""

    def subnet_firewalls(self, subnet: str) -> list[Firewall]:
        """Return those around a subnet: a packet has to pass all of them.

        What does not cross the subnet's edge, and so is not held up, is among their rules, first.
        """
        ...


@runtime_checkable
class ClosedSizes(Protocol):
    """Tells of sizes that others can have and this account cannot."""

    def closed_sizes(self) -> Mapping[str, str]:
        """Return why it cannot have each of them, by their names; complete, or raises."""
        ...


@runtime_checkable
class QuotaUse(Protocol):
    """Counts what its quotas are for."""

    def quota_use(self) -> Counts:
        """Return what the account holds now, by the provider's own count; complete, or raises."""
        ...


@runtime_checkable
class AddressesInUse(Protocol):
    """Tells who has an address, machine or not."""

    def addresses_in_use(self, network: str) -> list[IPv4Address | IPv6Address]:
        """Return those that no new card in a network can have; complete, or raises."""
        ...


@runtime_checkable
class HostCapacity(Protocol):
    """Runs on machines of one's own, whose capacity is what can be had."""

    def hosts(self) -> list[Host]:
        """Return every host and what of it guests could be given; complete, or raises."""
        ...


@runtime_checkable
class AddressSets(Protocol):
    """Keeps named lists of addresses that firewall rules can speak of."""

    def address_set(self, id: str) -> list[IPv4Network | IPv6Network]:
        """Return what is in a set now; NotFound when there is none."""
        ...


@runtime_checkable
class NetworkAddressSets(Protocol):
    """Has names for addresses that mean something else on each network."""

    def network_address_set(self, id: str, network: str) -> list[IPv4Network | IPv6Network]:
        """Return what a name stands for on a network now; NotFound when it is no such name."""
        ...


@runtime_checkable
class NetworkPolicies(Protocol):
    """Has rules that a network's administrators put before all firewalls there."""

    def network_policy(self, network: str) -> list[FirewallRule]:
        """Return them in the order they are asked: what one of them decides is decided."""
        ...


@runtime_checkable
class SpotMarket(Protocol):
    """Sells spare capacity at a price that changes, and that only its customers are told."""

    def spot_prices(self) -> list[Price]:
        """Return what each size costs now; complete, or an error is raised."""
        ...
