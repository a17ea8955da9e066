"""Public addresses."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.network.models import PublicIPAddress

from adapters.azure import kinds
from adapters.azure.base import listed
from adapters.azure.errors import calling
from adapters.azure.nics import Card, Nics
from adapters.azure.translate import networks as translate
from adapters.azure.translate.native import plain, properties
from adapters.azure.waiting import finished
from broker.errors import Conflict, NotFound
from broker.model import PublicAddress


class Addresses(Nics):
    """Addresses reachable from outside that can be moved between machines."""

    def public_addresses(self) -> list[PublicAddress]:
        """Return every address held; complete, or an error is raised.

        A name whose address comes only when a machine starts is none yet.
        """
        with calling("list public addresses"):
            network = self._session.network
            found = listed(network.public_ip_addresses.list(self._group))
            cards = self._cards()
            return [
                translate.public_address(each, self._wearer(each, cards), self._ids)
                for each in found
                if properties(each).get("ipAddress")
            ]

    def create_public_address(self, *, token: str) -> PublicAddress:
        """Take a new address. The same token twice takes one."""
        with calling("create public address"):
            addresses = self._session.network.public_ip_addresses
            place = self._place("address", token)
            wish = {
                **self._new("address", {}, token),
                **translate.public_address_wish(self._session.settings.zone),
            }
            found = self._there(addresses.get, place) or finished(
                addresses.begin_create_or_update(place.group, place.name, PublicIPAddress(wish)),
                "making a public address",
            )
            return translate.public_address(found, self._on(found), self._ids)

    def attach_public_address(self, id: str, instance: str) -> None:
        """Attach to an instance's first card; quiet when it is there."""
        with calling("attach public address"):
            address = self._address(id)
            machine = self._ids.place(kinds.MACHINE, instance)
            told = plain(self._session.compute.virtual_machines.get(machine.group, machine.name))
            card = self._first_card(told)
            first = _first_part(card)
            held = first["properties"].get("publicIPAddress")
            if held and self._ids.short(held["id"]) == self._ids.short(address["id"]):
                return
            if properties(address).get("ipConfiguration"):
                raise Conflict(f"public address {id} is on another card", hint="Detach it there")
            if held:
                raise Conflict(f"{instance} has a public address", hint="Take that one away first")
            first["properties"]["publicIPAddress"] = {"id": address["id"]}
            finished(self._put_card(card), "attaching a public address")

    def delete_public_address(self, id: str) -> None:
        """Detach and give back; quiet when it is gone."""
        with (
            calling("delete public address"),
            contextlib.suppress(NotFound, ResourceNotFoundError),
        ):
            address = self._address(id)
            if worn := properties(address).get("ipConfiguration"):
                self._take_off(address, worn["id"])
            place = self._ids.place(kinds.ADDRESS, id)
            finished(
                self._session.network.public_ip_addresses.begin_delete(place.group, place.name),
                "giving a public address back",
            )

    def _address(self, id: str) -> dict[str, Any]:
        place = self._ids.place(kinds.ADDRESS, id)
        return plain(self._session.network.public_ip_addresses.get(place.group, place.name))

    def _on(self, address: Mapping[str, Any]) -> str | None:
        """Return the machine an address is on."""
        worn = properties(address).get("ipConfiguration")
        if not worn:
            return None
        card = self._ids.parent(self._ids.short(worn["id"]))
        return self._wearer(address, {card: self._card(card)})

    def _wearer(self, address: Mapping[str, Any], cards: Mapping[str, Card]) -> str | None:
        worn = properties(address).get("ipConfiguration")
        card = cards.get(self._ids.parent(self._ids.short(worn["id"]))) if worn else None
        machine = properties(card).get("virtualMachine") if card else None
        return self._ids.short(machine["id"]) if machine else None

    def _first_card(self, machine: Mapping[str, Any]) -> Card:
        worn = (properties(machine).get("networkProfile") or {}).get("networkInterfaces") or []
        if not worn:
            raise Conflict(f"instance {machine['name']} has no card")
        first = next((each for each in worn if properties(each).get("primary")), worn[0])
        return self._card(self._ids.short(first["id"]))

    def _take_off(self, address: Mapping[str, Any], part: str) -> None:
        card = self._card(self._ids.parent(self._ids.short(part)))
        mine = self._ids.short(address["id"])
        for each in properties(card)["ipConfigurations"]:
            held = each["properties"].get("publicIPAddress")
            if held and self._ids.short(held["id"]) == mine:
                del each["properties"]["publicIPAddress"]
        finished(self._put_card(card), "taking a public address off")


def _first_part(card: Card) -> dict[str, Any]:
    parts: list[dict[str, Any]] = card["properties"]["ipConfigurations"]
    return next((each for each in parts if each["properties"].get("primary")), parts[0])
