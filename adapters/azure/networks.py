"""Virtual networks with their subnets."""

from __future__ import annotations

import contextlib

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.network.models import VirtualNetwork

from adapters.azure import kinds, names
from adapters.azure.base import Base, listed
from adapters.azure.errors import calling
from adapters.azure.translate import networks as translate
from adapters.azure.translate.native import plain
from adapters.azure.waiting import finished
from broker.errors import NotFound
from broker.model import Network, NetworkSpec


class Networks(Base):
    """Private networks."""

    def networks(self) -> list[Network]:
        """Return every network; complete, or an error is raised."""
        with calling("list networks"):
            found = listed(self._session.network.virtual_networks.list(self._group))
            return [translate.network(each, self._ids) for each in found]

    def network(self, id: str) -> Network:
        """Return one network by id; NotFound when there is none."""
        with calling("look at network"):
            place = self._ids.place(kinds.NETWORK, id)
            found = self._session.network.virtual_networks.get(place.group, place.name)
            return translate.network(plain(found), self._ids)

    def create_network(self, spec: NetworkSpec, *, token: str) -> Network:
        """Make a network and its subnets, all in one call. The same token twice makes one."""
        with calling("create network"):
            wish = {
                **self._new(spec.name, spec.labels, token),
                "properties": translate.network_wish(spec),
            }
            networks = self._session.network.virtual_networks
            place = self._place(spec.name, token, names.NETWORK_MOST)
            found = self._there(networks.get, place) or finished(
                networks.begin_create_or_update(place.group, place.name, VirtualNetwork(wish)),
                "making a network",
            )
            return translate.network(found, self._ids)

    def delete_network(self, id: str) -> None:
        """Delete the network and its subnets; quiet when gone, Conflict when in use."""
        with (
            calling("delete network"),
            contextlib.suppress(NotFound, ResourceNotFoundError),
        ):
            place = self._ids.place(kinds.NETWORK, id)
            finished(
                self._session.network.virtual_networks.begin_delete(place.group, place.name),
                "deleting a network",
            )
