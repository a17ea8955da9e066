"""The contract for networks, firewalls, key pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from broker.model import (
    Firewall,
    FirewallRule,
    FirewallSpec,
    KeyPair,
    KeyPairSpec,
    Network,
    NetworkSpec,
)


class Networks(Protocol):
    """Private networks."""

    def networks(self) -> list[Network]:
        """Return every network; complete, or an error is raised."""
        ...

    def network(self, id: str) -> Network:
        """Return one network by id; NotFound when there is none."""
        ...

    def create_network(self, spec: NetworkSpec, *, token: str) -> Network:
        """Make a network with its subnets and way out. The same token twice makes one."""
        ...

    def delete_network(self, id: str) -> None:
        """Delete the network and all that came with it; quiet when gone, Conflict when in use."""
        ...


class Firewalls(Protocol):
    """Sets of rules that network cards wear."""

    def firewalls(self) -> list[Firewall]:
        """Return every firewall; complete, or an error is raised."""
        ...

    def firewall(self, id: str) -> Firewall:
        """Return one firewall by id; NotFound when there is none."""
        ...

    def create_firewall(self, spec: FirewallSpec, *, token: str) -> Firewall:
        """Make a firewall that does exactly what ``spec`` says, or raise Unsupported or Invalid.

        Nothing the rules do not allow is let through. The same token twice makes one.
        """
        ...

    def replace_rules(self, id: str, rules: Sequence[FirewallRule]) -> Firewall:
        """Make ``rules`` the firewall's rules; each packet meets its old or its new decision.

        ``broker.firewall.change`` gives the steps where the provider does not swap all at once. No
        call is made when they are the firewall's rules already. Their order counts: the priorities
        may become others. Invalid, before anything is changed, where there is no room on the way.
        """
        ...

    def delete_firewall(self, id: str) -> None:
        """Delete; quiet when it is gone, Conflict when cards wear it.

        The subnet that one stood around gets back what subnets have of themselves.
        """
        ...


class KeyPairs(Protocol):
    """Public SSH keys under a name."""

    def key_pairs(self) -> list[KeyPair]:
        """Return every key pair; complete, or an error is raised."""
        ...

    def create_key_pair(self, spec: KeyPairSpec) -> KeyPair:
        """Store a public key; quiet for the same key, Conflict for another under that name."""
        ...

    def delete_key_pair(self, id: str) -> None:
        """Delete; quiet when it is gone."""
        ...
