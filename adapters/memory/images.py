"""Images."""

from __future__ import annotations

from adapters.memory.power import power
from adapters.memory.service import Service
from adapters.memory.state import ImageRecord, State, find, with_token
from broker.errors import Conflict, NotFound
from broker.model import Image, Power


class Images(Service):
    """What instances can be made from."""

    def images(self) -> list[Image]:
        """Return this account's own images; complete, or an error is raised."""
        with self._calling("images"):
            records = self._store.state().images.values()
            return self._listed("images", (record.image for record in records))

    def image(self, id: str) -> Image:
        """Return one image by id; NotFound when there is none."""
        with self._calling("image"):
            return self._image(self._store.state(), id)

    def create_image(self, instance: str, name: str, *, token: str) -> Image:
        """Make an image of a stopped instance's boot disk. The same token twice makes one."""
        with self._calling("create_image"), self._store.change() as state:
            if known := with_token(state.images, token):
                return known.image
            record = find(state.instances, instance, "instance")
            if power(record, self._now()) is not Power.STOPPED:
                raise Conflict(f"{instance} is not stopped", hint="Stop it first")
            boot = state.volumes[record.instance.volumes[0]].volume
            image = Image(
                id=self._new_id("img"),
                name=name,
                arch=record.instance.spec.size.arch,
                firmware=record.instance.spec.firmware,
                size=boot.spec.size,
            )
            self._files.clone(image.id, boot.id, boot.spec.size)
            state.images[image.id] = ImageRecord(token=token, image=image)
            return image

    def delete_image(self, id: str) -> None:
        """Delete; quiet when it is gone."""
        with self._calling("delete_image"), self._store.change() as state:
            if state.images.pop(id, None):
                self._files.delete(id)

    def _image(self, state: State, id: str) -> Image:
        record = find(state.images, id, "image")
        if not self.faults.sees(id):
            raise NotFound(f"there is no image {id} yet", code="NotFound")
        return record.image
