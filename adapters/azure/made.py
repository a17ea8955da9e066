"""What a token made, found again by the tag it left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.azure import tags
from adapters.azure.base import Base, listed
from adapters.azure.errors import calling
from broker.adapter import Kind, Made

ROLES = frozenset(Kind)
"""What a thing of ours stands for, where that is not what the service calls it."""

Things = Iterator[tuple[Kind, Mapping[str, Any]]]


class Makings(Base):
    """Finds what a token made.

    Every kind is listed by itself: the one listing of all resources follows some time behind.
    """

    def made(self, token: str) -> list[Made]:
        """Return what calls with this token made and is still there, a half-filled disk too."""
        with calling("find what a token made"):
            found = [
                Made(kind=kind, id=self._id(kind, thing))
                for kind, thing in self._everything()
                if tags.made_by(thing, token)
            ]
            return list(dict.fromkeys(found))

    def _id(self, kind: Kind, thing: Mapping[str, Any]) -> str:
        """Return the thing's id, or for a part of a machine that of the machine."""
        machine = tags.of(thing).get(tags.MACHINE)
        if kind is Kind.INSTANCE and machine:
            return machine.lower()
        return self._ids.short(thing["id"])

    def _everything(self) -> Things:
        """Yield all there is.

        A card stands for the machine it was made for, and the group beside a firewall for that:
        they are made first, and may be all there is.
        """
        compute, network = self._session.compute, self._session.network
        for kind, found in (
            (Kind.INSTANCE, compute.virtual_machines.list(self._group)),
            (Kind.INSTANCE, network.network_interfaces.list(self._group)),
            (Kind.IMAGE, compute.images.list_by_resource_group(self._group)),
            (Kind.SNAPSHOT, compute.snapshots.list_by_resource_group(self._group)),
            (Kind.VOLUME, compute.disks.list_by_resource_group(self._group)),
            (Kind.PUBLIC_ADDRESS, network.public_ip_addresses.list(self._group)),
            (Kind.FIREWALL, network.network_security_groups.list(self._group)),
            (Kind.FIREWALL, network.application_security_groups.list(self._group)),
            (Kind.NETWORK, network.virtual_networks.list(self._group)),
        ):
            for thing in listed(found):
                role = tags.of(thing).get(tags.ROLE)
                yield (Kind(role) if role in ROLES else kind), thing
