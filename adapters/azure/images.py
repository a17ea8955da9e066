"""What machines can be made from: snapshots of boot disks, and managed images of other tools.

A managed image holds a guest that forgot who it was, which ours never do. What a guest is restored
from as it was is a snapshot of its boot disk: https://learn.microsoft.com/azure/virtual-machines/
generalize
"""

from __future__ import annotations

from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from adapters.azure import kinds, tags
from adapters.azure.base import listed
from adapters.azure.errors import calling
from adapters.azure.snapshots import Snapshots, is_image
from adapters.azure.translate import volumes as translate
from adapters.azure.translate.instances import boot_disk_path
from adapters.azure.translate.native import plain
from adapters.azure.translate.states import is_off
from adapters.azure.waiting import finished
from broker.adapter import Kind
from broker.errors import Conflict, NotFound
from broker.model import Image


class Images(Snapshots):
    """Images of one resource group."""

    def images(self) -> list[Image]:
        """Return this account's own images; complete, or an error is raised."""
        with calling("list images"):
            managed = self._session.compute.images.list_by_resource_group(self._group)
            return [
                *(
                    translate.image_of_snapshot(each, self._ids)
                    for each in self._all_snapshots()
                    if is_image(each)
                ),
                *(translate.image(each, self._ids) for each in listed(managed)),
            ]

    def image(self, id: str) -> Image:
        """Return one image by id; NotFound when there is none."""
        with calling("get image"):
            kind, found = self._image(id)
            if kind == kinds.SNAPSHOT:
                return translate.image_of_snapshot(found, self._ids)
            return translate.image(found, self._ids)

    def create_image(self, instance: str, name: str, *, token: str) -> Image:
        """Make an image of a stopped instance's boot disk. The same token makes one."""
        with calling("create image"):
            machine = self._machine(instance)
            if not is_off(machine):
                raise Conflict(f"{instance} is not stopped", hint="Stop it first")
            boot = self._disk(self._ids.short(boot_disk_path(machine)))
            taken = self._taken(boot, name, token, **{tags.ROLE: Kind.IMAGE})
            return translate.image_of_snapshot(taken, self._ids)

    def delete_image(self, id: str) -> None:
        """Delete; quiet when it is gone. What was made from it stays."""
        with calling("delete image"):
            try:
                kind, found = self._image(id)
            except NotFound:
                return
            if kind == kinds.SNAPSHOT:
                self._delete_snapshot(found)
                return
            place = self._ids.place(kinds.IMAGE, id)
            images = self._session.compute.images
            finished(images.begin_delete(place.group, place.name), f"deleting {found['name']}")

    def _image(self, id: str) -> tuple[str, dict[str, Any]]:
        """Return what kind of thing an image is, and the thing."""
        try:
            found = self._snapshot(id)
        except NotFound:
            found = None
        if found is not None and is_image(found):
            return kinds.SNAPSHOT, found
        place = self._ids.place(kinds.IMAGE, id)
        try:
            return kinds.IMAGE, plain(self._session.compute.images.get(place.group, place.name))
        except ResourceNotFoundError as error:
            raise NotFound(f"there is no image {id}") from error
