"""Network cards: made before the machine that has them, and gone with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.core.polling import LROPoller
from azure.mgmt.network.models import NetworkInterface, PublicIPAddress

from adapters.azure import kinds, names, tags
from adapters.azure.base import Base, listed
from adapters.azure.ids import Place
from adapters.azure.translate import networks as translate
from adapters.azure.translate.native import plain, properties
from adapters.azure.waiting import finished
from broker.errors import NotFound, Unsupported
from broker.model import NicSpec

Card = dict[str, Any]

CARDS_VERSION = "2026-03-01"
"""learn.microsoft.com/rest/api/virtualnetwork/network-interfaces/list"""


class Nics(Base):
    """What making and deleting machines needs of cards."""

    def _new_nics(self, wishes: Sequence[NicSpec], machine: str, token: str) -> list[str]:
        """Make the cards of a machine and return their paths. May be called twice."""
        return [
            self._new_nic(wish, machine, f"{token}-card{place}", token)
            for place, wish in enumerate(wishes)
        ]

    def _delete_nics(self, machine: str) -> None:
        """Delete the cards and public addresses that were made for a machine; quiet when gone."""
        network = self._session.network
        for card in self._made_for(machine, listed(network.network_interfaces.list(self._group))):
            finished(network.network_interfaces.begin_delete(self._group, card), "deleting a card")
        addresses = listed(network.public_ip_addresses.list(self._group))
        loose = (each for each in addresses if not properties(each).get("ipConfiguration"))
        for one in self._made_for(machine, loose):
            finished(
                network.public_ip_addresses.begin_delete(self._group, one), "deleting an address"
            )

    def _card(self, id: str) -> Card:
        """Return a card; NotFound when there is none."""
        place = self._ids.place(kinds.CARD, id)
        try:
            return plain(self._session.network.network_interfaces.get(place.group, place.name))
        except ResourceNotFoundError as error:
            raise NotFound(f"there is no card {id}") from error

    def _put_card(self, card: Card) -> LROPoller[Any]:
        """Change a card; Conflict where somebody else did since it was read."""
        place = self._ids.place(kinds.CARD, self._ids.short(card["id"]))
        return self._session.network.network_interfaces.begin_create_or_update(
            place.group,
            place.name,
            NetworkInterface(card),
            headers={"If-Match": card["etag"]},
        )

    def _cards(self) -> dict[str, Card]:
        """Return every card of the resource group by its id."""
        network = self._session.network
        found = self._rows(network, kinds.CARD, CARDS_VERSION, {}, group=True)
        return {self._ids.short(each["id"]): each for each in found}

    def _public(self) -> dict[str, str]:
        """Return the public addresses by the ids of what holds them."""
        found = listed(self._session.network.public_ip_addresses.list(self._group))
        return {
            self._ids.short(each["id"]): properties(each)["ipAddress"]
            for each in found
            if properties(each).get("ipAddress")
        }

    @staticmethod
    def _made_for(machine: str, found: Iterable[dict[str, Any]]) -> list[str]:
        return [
            str(each["name"])
            for each in found
            if tags.of(each).get(tags.MACHINE, "").lower() == machine.lower()
        ]

    def _new_nic(self, wish: NicSpec, machine: str, mark: str, token: str) -> str:
        cards = self._session.network.network_interfaces
        place = Place(self._group, (names.named(machine, mark),))
        found = self._there(cards.get, place)
        if found is None:
            subnet = self._subnet_path(wish)
            public = self._new_card_address(machine, mark, token) if wish.public else None
            asked = {
                **self._new(machine, {}, token, **{tags.MACHINE: machine}),
                "properties": translate.nic_wish(
                    wish,
                    subnet=subnet,
                    public=public,
                    firewalls=[self._ids.path(kinds.FIREWALL, one) for one in wish.firewalls],
                    groups=self._groups_of(wish.firewalls),
                ),
            }
            found = finished(
                cards.begin_create_or_update(place.group, place.name, NetworkInterface(asked)),
                "making a card",
            )
        return str(found["id"])

    def _new_card_address(self, machine: str, mark: str, token: str) -> str:
        addresses = self._session.network.public_ip_addresses
        place = Place(self._group, (names.named(machine, mark),))
        found = self._there(addresses.get, place)
        if found is None:
            asked = {
                **self._new(machine, {}, token, **{tags.MACHINE: machine}),
                **translate.public_address_wish(self._session.settings.zone),
            }
            found = finished(
                addresses.begin_create_or_update(place.group, place.name, PublicIPAddress(asked)),
                "making a public address",
            )
        return str(found["id"])

    def _subnet_path(self, wish: NicSpec) -> str:
        """Return the card's subnet, or the first of its network."""
        if wish.subnet is not None:
            return self._ids.path(kinds.SUBNET, wish.subnet)
        place = self._ids.place(kinds.NETWORK, wish.network)
        try:
            found = self._session.network.virtual_networks.get(place.group, place.name)
        except ResourceNotFoundError as error:
            raise NotFound(f"there is no network {wish.network}") from error
        subnets = translate.network(plain(found), self._ids).subnets
        if not subnets:
            raise NotFound(f"network {wish.network} has no subnet")
        return str(subnets[0].native["id"])

    def _groups_of(self, firewalls: Sequence[str]) -> list[str]:
        """Return the paths of the groups of those that wear these firewalls, as far as kept."""
        kept = []
        for firewall in firewalls:
            if firewall.startswith("/"):
                continue  # of another resource group: not ours to keep
            place = self._ids.place(kinds.GROUP, firewall)
            groups = self._session.network.application_security_groups
            found = self._found(groups.get, place)
            if found is not None:
                kept.append(str(found["id"]))
        return kept


def check(wishes: Sequence[NicSpec]) -> None:
    """Unsupported for cards that none can be, before anything is made."""
    for wish in wishes:
        if wish.mac:
            raise Unsupported("a MAC address cannot be chosen here: fit the machine first")
        if len(wish.firewalls) > 1:
            raise Unsupported("a card wears one firewall here: fit the machine first")
    if len({wish.network.lower() for wish in wishes}) > 1:
        raise Unsupported("all cards of a machine are in one network here")
