"""Network security groups as firewalls."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.network.models import NetworkSecurityGroup

from adapters.azure import kinds, tags
from adapters.azure.errors import calling
from adapters.azure.firewall_groups import FirewallGroups, peers
from adapters.azure.translate import firewalls as translate
from adapters.azure.translate.native import plain, properties
from adapters.azure.translate.rules import Around, groups_in
from adapters.azure.waiting import finished
from broker.errors import Conflict, NotFound, Unsupported
from broker.model import Firewall, FirewallRule, FirewallSpec


class Firewalls(FirewallGroups):
    """Sets of rules that cards and subnets wear."""

    def firewalls(self) -> list[Firewall]:
        """Return every firewall; complete, or an error is raised."""
        with calling("list firewalls"):
            return self._read(self._security_groups())

    def firewall(self, id: str) -> Firewall:
        """Return one firewall by id; NotFound when there is none."""
        with calling("look at firewall"):
            return self._read([self._security_group(id)])[0]

    def create_firewall(self, spec: FirewallSpec, *, token: str) -> Firewall:
        """Make a firewall with exactly these rules before the default ones, in one call, or raise.

        The same token twice makes one.
        """
        with calling("create firewall"):
            if spec.subnet is not None:
                raise Unsupported(
                    "security groups are not put around subnets here: cards wear them, denies too"
                )
            if not spec.stateful:
                raise Unsupported(
                    "security groups always let answers through: fit the firewall first"
                )
            place = self._place(spec.name, token)
            around = Around(self._ids, peers(spec.rules), place.name)
            wish = {
                **self._new(spec.name, spec.labels, token, **{tags.DESCRIPTION: spec.description}),
                "properties": {"securityRules": translate.changed([], spec.rules, around)},
            }
            groups = self._session.network.network_security_groups
            found = self._there(groups.get, place)
            if found is None:
                self._ensure_companion(place, wish["tags"])
                self._ensure_peers(spec.rules)
                found = finished(
                    groups.begin_create_or_update(
                        place.group, place.name, NetworkSecurityGroup(wish)
                    ),
                    "making a firewall",
                )
            return self._read([found])[0]

    def replace_rules(self, id: str, rules: Sequence[FirewallRule]) -> Firewall:
        """Make ``rules`` the firewall's rules; those in both sets never stop working in between.

        All change at once: the service takes the whole list in one call, and refuses it where
        somebody else changed the firewall meanwhile.
        """
        with calling("replace rules"):
            told = self._security_group(id)
            around = Around(self._ids, self._companions() | peers(rules), id.lower())
            before = translate.own_rules(told)
            after = translate.changed(before, rules, around)
            if after != sorted(before, key=translate.slot):
                self._ensure_peers(rules)
                told["properties"]["securityRules"] = after
                place = self._ids.place(kinds.FIREWALL, id)
                told = finished(
                    self._session.network.network_security_groups.begin_create_or_update(
                        place.group,
                        place.name,
                        NetworkSecurityGroup(told),
                        headers={"If-Match": told["etag"]},
                    ),
                    "replacing rules",
                )
            return self._read([told])[0]

    def delete_firewall(self, id: str) -> None:
        """Delete; quiet when it is gone, Conflict when it is worn or rules of others name it."""
        with (
            calling("delete firewall"),
            contextlib.suppress(NotFound, ResourceNotFoundError),
        ):
            place = self._ids.place(kinds.FIREWALL, id)
            groups = self._session.network.network_security_groups
            if id.lower() in self._companions():
                self._check_no_peer(id.lower())
            with contextlib.suppress(ResourceNotFoundError):
                finished(
                    groups.begin_delete(place.group, place.name),
                    "deleting a firewall",
                )
            self._delete_companion(place)

    def subnet_firewalls(self, subnet: str) -> list[Firewall]:
        """Return the security group around a subnet, if it has one."""
        with calling("look at a subnet's firewall"):
            place = self._ids.place(kinds.SUBNET, subnet)
            network, name = place.names
            told = plain(self._session.network.subnets.get(place.group, network, name))
            worn = properties(told).get("networkSecurityGroup")
            if not worn:
                return []
            return self._read([self._security_group(self._ids.short(worn["id"]))])

    def _check_no_peer(self, id: str) -> None:
        for other in self._security_groups():
            own = self._ids.short(other["id"])
            if own != id and id in map(self._ids.short, groups_in(translate.own_rules(other))):
                raise Conflict(f"firewall {id} is a peer in rules of {own}")
