"""Images that instances can be made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.openstack import marks
from adapters.openstack.capture import Capture
from adapters.openstack.errors import calling
from adapters.openstack.power import STOPPED
from adapters.openstack.servers import Servers
from adapters.openstack.translate import volumes
from adapters.openstack.translate.servers import image_of
from broker.errors import Conflict
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
            made = known[0]["id"] if known else self._copied(instance, name, token)
            return volumes.image(self._uploaded(made))

    def delete_image(self, id: str) -> None:
        """Delete; quiet when it is gone, or when a deployment's volumes are clones of it."""
        with calling("delete image"):
            self._drop_image(id)

    def _copied(self, instance: str, name: str, token: str) -> str:
        """Upload a copy of the boot volume: nova's own image of such a server has no bytes."""
        server = self._server(instance)
        if server["OS-EXT-STS:vm_state"] not in STOPPED:
            raise Conflict(f"{instance} is {server['status']}", hint="Stop it first")
        marked = {marks.IMAGE_TOKEN: token}
        if image_of(server):
            return self._capture_server(server, name, marked)
        disks = self._shown(server).volumes
        if not disks:
            raise Conflict(f"{instance} has no disk")
        return self._capture(disks[0], name, marked)

    def _capture_server(
        self, server: Mapping[str, Any], name: str, properties: Mapping[str, str]
    ) -> str:
        """Return the id of an image of the disk that lives and dies with the server."""
        own = server["id"]
        if server["OS-EXT-STS:vm_state"].startswith("shelved"):
            raise Conflict(
                f"the disk of {own} is packed away: it is shelved",
                hint="Start the instance, then stop it without deallocating it",
            )
        made = self._act(own, "createImage", {"name": name, "metadata": dict(properties)})
        image = str(made["image_id"])
        self._uploaded(image)
        self._idle(own, f"the image of {own}")
        return image

    def _images_with(self, token: str) -> list[Mapping[str, Any]]:
        listed = self._session.listed("image", "/images", "images", **{marks.IMAGE_TOKEN: token})
        return list(listed)

    def _own_images(self) -> list[Mapping[str, Any]]:
        return list(self._session.listed("image", "/images", "images", owner=self._session.project))


def _is_passing(told: Mapping[str, Any]) -> bool:
    name = told["name"] or ""
    return told.get(marks.IMAGE_ROLE) == marks.DISK or name.startswith(marks.TEMPORARY)
