"""Security groups as they are, and the application security groups beside them.

Rules cannot speak of a security group as a peer, but of an application security group they can. So
each of our firewalls has one of the same name, which the cards that wear the firewall are in.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.network.models import ApplicationSecurityGroup

from adapters.azure import kinds, tags
from adapters.azure.base import listed
from adapters.azure.ids import Place
from adapters.azure.nics import Nics
from adapters.azure.translate import firewalls as translate
from adapters.azure.translate.native import plain, properties
from adapters.azure.translate.networks import subnet_ranges
from adapters.azure.translate.rules import Around, Range, groups_in, need_wearers
from adapters.azure.waiting import finished
from broker.errors import NotFound
from broker.model import Firewall, FirewallRule, GroupPeer

COMPANION = "wearers"
"""Role of the application security groups beside firewalls."""

Told = Mapping[str, Any]


class FirewallGroups(Nics):
    """Reads security groups, and keeps the groups of their wearers."""

    def _security_groups(self) -> list[dict[str, Any]]:
        return list(listed(self._session.network.network_security_groups.list(self._group)))

    def _security_group(self, id: str) -> dict[str, Any]:
        place = self._ids.place(kinds.FIREWALL, id)
        return plain(self._session.network.network_security_groups.get(place.group, place.name))

    def _read(self, told: Sequence[Told]) -> list[Firewall]:
        """Return security groups as firewalls; what their rules speak of is looked up if needed."""
        rules = [rule for each in told for rule in translate.own_rules(each)]
        companions = self._companions() if groups_in(rules) else frozenset()
        ranges = self._ranges() if need_wearers(rules) else {}
        found = []
        for each in told:
            around = Around(self._ids, companions, self._ids.short(each["id"]))
            worn = [thing.id for thing in translate.attached(each, around)]
            if worn and ranges.keys() >= set(worn):
                wearers = tuple(one for thing in worn for one in ranges[thing])
                around = around._replace(wearers=wearers)
            found.append(translate.firewall(each, around))
        return found

    def _ranges(self) -> dict[str, list[Range]]:
        """Return the addresses of cards and subnets, by their ids."""
        found = {
            card: [
                ipaddress.ip_network(part["properties"]["privateIPAddress"])
                for part in properties(told).get("ipConfigurations") or []
                if part["properties"].get("privateIPAddress")
            ]
            for card, told in self._cards().items()
        }
        for network in listed(self._session.network.virtual_networks.list(self._group)):
            for subnet in properties(network).get("subnets") or []:
                found[self._ids.short(subnet["id"])] = subnet_ranges(subnet)
        return found

    def _companions(self) -> frozenset[str]:
        """Return the ids of the application security groups beside firewalls: they are the same."""
        found = listed(self._session.network.application_security_groups.list(self._group))
        return frozenset(
            self._ids.short(each["id"])
            for each in found
            if tags.of(each).get(tags.ROLE) == COMPANION
        )

    def _ensure_companion(self, place: Place, marks: Mapping[str, str]) -> str:
        """Return the path of the group beside a firewall, and make it where it is missing."""
        groups = self._session.network.application_security_groups
        wish = {
            "location": self._session.location,
            "tags": {**marks, tags.ROLE: COMPANION},
        }
        found = self._there(groups.get, place) or finished(
            groups.begin_create_or_update(place.group, place.name, ApplicationSecurityGroup(wish)),
            "making a firewall's group",
        )
        return str(found["id"])

    def _delete_companion(self, place: Place) -> None:
        """Delete the group beside a firewall; quiet for none, or for one that is somebody's."""
        groups = self._session.network.application_security_groups
        found = self._found(groups.get, place)
        if found is not None and tags.of(found).get(tags.ROLE) == COMPANION:
            finished(groups.begin_delete(place.group, place.name), "deleting a firewall's group")

    def _ensure_peers(self, rules: Iterable[FirewallRule]) -> None:
        """See to it that the firewalls rules name as peers have a group; NotFound for none."""
        known = self._companions()
        for peer in sorted(peers(rules) - known):
            try:
                told = self._security_group(peer)
            except ResourceNotFoundError as error:
                raise NotFound(f"there is no firewall {peer}") from error
            path = self._ensure_companion(self._ids.place(kinds.GROUP, peer), {})
            for worn in properties(told).get("networkInterfaces") or []:
                self._join(self._card(self._ids.short(worn["id"])), path)

    def _join(self, card: dict[str, Any], group: str) -> None:
        """Put a card that exists into an application security group."""
        for part in card["properties"]["ipConfigurations"]:
            part["properties"].setdefault("applicationSecurityGroups", []).append({"id": group})
        finished(self._put_card(card), "telling a card its group")


def peers(rules: Iterable[FirewallRule]) -> frozenset[str]:
    """Return the firewalls that rules name as peers."""
    return frozenset(
        rule.peer.firewall.lower() for rule in rules if isinstance(rule.peer, GroupPeer)
    )
