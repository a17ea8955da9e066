"""Images that instances can be made from."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from adapters.openstack import marks
from adapters.openstack.capture import Capture
from adapters.openstack.errors import calling
from adapters.openstack.power import STOPPED
from adapters.openstack.servers import Servers
from adapters.openstack.translate import volumes
from broker.errors import Conflict, NotFound
from broker.model import Image


class Images(Capture, Servers):
    """Images of this project. Disks that are being moved are images too, and not listed here."""

    def images(self) -> list[Image]:
        """Return this project's own images; complete, or an error is raised."""
        with calling("list images"):
            return [volumes.image(told) for told in self._own_images() if not _is_passing(told)]

    def image(self, id: str) -> Image:
        """Return one image by id, public ones too; NotFound when there is none."""
        with calling("look at image"):
            return volumes.image(self._image(id))

    def create_image(self, instance: str, name: str, *, token: str) -> Image:
        """Make an image of a stopped instance's boot disk. The same token twice makes one."""
        with calling("create image"):
            known = self._images_with(token)
            return volumes.image(
                self._uploaded(known[0]["id"] if known else self._copied(instance, name, token))
            )

    def delete_image(self, id: str) -> None:
        """Delete; quiet when it is gone, or when a deployment's volumes are clones of it."""
        with calling("delete image"):
            self._drop_image(id)

    def _copied(self, instance: str, name: str, token: str) -> str:
        """Upload a copy of the boot volume: nova's own image of such a server has no bytes."""
        server = self._server(instance)
        if server["OS-EXT-STS:vm_state"] not in STOPPED:
            raise Conflict(f"{instance} is {server['status']}", hint="Stop it first")
        disks = self._told(server, self._volumes_of(server), [], {}).volumes
        if not disks:
            made = self._act(
                instance, "createImage", {"name": name, "metadata": {marks.IMAGE_TOKEN: token}}
            )
            return str(made["image_id"])
        return self._capture(disks[0], name, {marks.IMAGE_TOKEN: token})

    def _images_with(self, token: str) -> list[Mapping[str, Any]]:
        listed = self._session.listed("image", "/images", "images", **{marks.IMAGE_TOKEN: token})
        return list(listed)

    def _own_images(self) -> list[Mapping[str, Any]]:
        return list(self._session.listed("image", "/images", "images", owner=self._session.project))

    def _drop_image(self, id: str) -> None:
        with contextlib.suppress(NotFound):
            marks.id_of(id, "image")
            with contextlib.suppress(Conflict):  # volumes cloned from it hold on to it
                self._session.delete("image", f"/images/{id}")


def _is_passing(told: Mapping[str, Any]) -> bool:
    name = told["name"] or ""
    return told.get(marks.IMAGE_ROLE) == marks.DISK or name.startswith(marks.TEMPORARY)
