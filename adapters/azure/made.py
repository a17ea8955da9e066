"""What a token made, found again by the tag it left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.azure import tags
from adapters.azure.base import Base, listed
from adapters.azure.errors import calling
from broker.adapter import Kind, Made


class Makings(Base):
    """Finds what a token made.

    Every kind is listed by itself: the one listing of all resources follows some time behind.
    """

    def made(self, token: str) -> list[Made]:
        """Return what calls with this token made and is still there, a half-filled disk too."""
        with calling("find what a token made"):
            return [
                Made(kind=kind, id=self._ids.short(thing["id"]))
                for kind, thing in self._everything()
                if tags.made_by(thing, token)
            ]

    def _everything(self) -> Iterator[tuple[Kind, Mapping[str, Any]]]:
        """Yield all there is, users before what they use."""
        compute, network = self._session.compute, self._session.network
        for kind, found in (
            (Kind.INSTANCE, compute.virtual_machines.list(self._group)),
            (Kind.IMAGE, compute.images.list_by_resource_group(self._group)),
            (Kind.SNAPSHOT, compute.snapshots.list_by_resource_group(self._group)),
            (Kind.VOLUME, compute.disks.list_by_resource_group(self._group)),
            (Kind.PUBLIC_ADDRESS, network.public_ip_addresses.list(self._group)),
            (Kind.FIREWALL, network.network_security_groups.list(self._group)),
            (Kind.NETWORK, network.virtual_networks.list(self._group)),
        ):
            for thing in listed(found):
                filled = tags.of(thing).get(tags.ROLE) == Kind.DISK
                yield (Kind.DISK if filled else kind), thing
