"""The bytes of volumes, snapshots and images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.openstack import marks
from adapters.openstack.errors import calling, incomplete
from adapters.openstack.images import Images
from adapters.openstack.sink import ImageSink
from adapters.openstack.source import ImageSource
from adapters.openstack.waiting import until
from broker.disks.contract import Sink, Source
from broker.errors import NotFound, Transient

STORING_SECONDS = 60.0
"""How long an image of a dead run may stay in ``saving``: where its host died, nobody has told
glance that the link is gone.
"""


class Disks(Images):
    """Opens disks to read and to fill. A filled disk is an image, until an instance is made of it.

    The images of volumes that are read are deleted when the source is closed.
    """

    def open_source(self, id: str) -> Source:
        """Open a volume, a snapshot, an image or a server's own disk, from one consistent point."""
        with calling("open disk"):
            marks.id_of(id, "disk")
            if image := self._found("image", f"/images/{id}"):
                if image["status"] != "active":
                    raise incomplete(image)
                return ImageSource(self._session, image, lambda: None)
            name = f"{marks.TEMPORARY}{id}"
            if self._found("block_storage", f"/snapshots/{id}"):
                made = self._capture_snapshot(id, name, {})
            elif server := self._found("compute", f"/servers/{id}"):
                # it would have the marks of the image that the server was made from
                unmarked = {marks.IMAGE_TOKEN: name, marks.IMAGE_ROLE: "reading"}
                made = self._capture_server(server["server"], name, unmarked)
            else:
                made = self._capture(id, name, {})
            return ImageSource(self._session, self._image(made), lambda: self._drop_image(made))

    def open_sink(self, size: int, *, name: str, token: str) -> Sink:
        """Open a new disk of at least ``size`` bytes for filling.

        The same token finds a disk that was committed. One that was not is begun anew, under
        another id: glance keeps nothing of a stream that broke.
        """
        with calling("open disk"):
            whole = self._gib_within(size)
            for known in map(self._stored, self._images_with(token)):
                if known["status"] == "active" or not _was_written(known):
                    return ImageSink(self._session, known, self._drop_image)
                self._drop_image(known["id"])
            wish = {
                "name": name,
                "disk_format": self._stream_format(),
                "container_format": "bare",
                "min_disk": whole,
                "visibility": "private",
                marks.IMAGE_TOKEN: token,
                marks.IMAGE_ROLE: marks.DISK,
            }
            made: Mapping[str, Any] = self._session.post("image", "/images", wish)
            return ImageSink(self._session, made, self._drop_image)

    def _stored(self, image: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the image once glance is done with the stream of a run that is dead.

        It may have every byte and be storing them; where the stream broke, it forgets them.
        """
        try:
            return until(
                lambda: self._image(image["id"]),
                lambda told: told["status"] != "saving",
                f"storing image {image['id']}",
                STORING_SECONDS,
            )
        except (Transient, NotFound):
            return image

    def delete_disk(self, id: str) -> None:
        """Delete what ``Sink.commit`` returned; quiet when it is gone. Volumes made of it stay."""
        with calling("delete disk"):
            self._drop_image(id)

    def _found(self, service: Any, path: str) -> Mapping[str, Any] | None:
        try:
            found: Mapping[str, Any] = self._session.get(service, path)
        except NotFound:
            return None
        return found


def _was_written(image: Mapping[str, Any]) -> bool:
    return image["status"] != "queued" or marks.IMAGE_WRITTEN in image
