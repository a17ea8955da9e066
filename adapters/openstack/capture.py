"""From a volume or a snapshot to an image: the one door through which cinder gives bytes out."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from adapters.openstack import marks
from adapters.openstack.power import STOPPED
from adapters.openstack.sink import FORMATS
from adapters.openstack.snapshots import Snapshots
from adapters.openstack.translate.volumes import IDLE, UPLOADING
from adapters.openstack.volumes import patience
from adapters.openstack.waiting import until
from broker.errors import Conflict, Invalid, NotFound, Unsupported
from broker.model import GIB, VolumeSpec


class Capture(Snapshots):
    """Makes images of volumes."""

    def _capture(self, volume: str, name: str, properties: Mapping[str, str]) -> str:
        """Return the id of an image of a volume as it is now.

        A volume that nobody writes to is uploaded where it is. Of one in use a snapshot is taken,
        and a volume made of that, and uploaded: both are gone when this returns.
        """
        told = self._no_longer({UPLOADING}, lambda: self._volume(volume))
        _must_be_plain(told)
        if told["status"] == "reserved":
            raise Conflict(
                f"volume {volume} belongs to a shelved instance: cinder reads none of those",
                hint="Start the instance, then stop it without deallocating it",
            )
        if told["status"] not in IDLE:
            raise Conflict(
                f"volume {volume} is {told['status']}: cinder reads none like that",
                hint="Wait until that has ended, or ask the operator to reset it",
            )
        if told["status"] == "available" or self._is_still(told):
            with ExitStack() as stack:
                self._describe(volume, properties, stack)
                # not every deployment lets users force, and some drivers fail on a volume that
                # has snapshots: its image is gone then
                with contextlib.suppress(Conflict, Invalid, NotFound):
                    return self._upload(volume, name, told["status"])
        with ExitStack() as stack:
            taken = self._take(volume, name, {})
            stack.callback(self._drop_snapshot, taken)
            self._complete(taken)
            return self._capture_snapshot(taken, name, properties)

    def _is_still(self, volume: Mapping[str, Any]) -> bool:
        """Tell whether every server that has the volume is stopped."""
        servers = [
            self._session.get("compute", f"/servers/{each['server_id']}")["server"]
            for each in volume["attachments"]
        ]
        return bool(servers) and all(
            server["OS-EXT-STS:vm_state"] in STOPPED and server["OS-EXT-STS:task_state"] is None
            for server in servers
        )

    def _describe(self, volume: str, properties: Mapping[str, str], stack: ExitStack) -> None:
        """Let the volume's next image have these properties: cinder gives it what it knows."""
        if not properties:
            return
        path = f"/volumes/{volume}/action"
        body = {"os-set_image_metadata": {"metadata": dict(properties)}}
        self._session.post("block_storage", path, body)
        for key in properties:
            forget = {"os-unset_image_metadata": {"key": key}}
            stack.callback(self._session.post, "block_storage", path, forget)

    def _capture_snapshot(self, snapshot: str, name: str, properties: Mapping[str, str]) -> str:
        told = self._snapshot(snapshot)
        with ExitStack() as stack:
            spec = VolumeSpec(name=name, size=told["size"] * GIB)
            copied = self._new_volume(spec, told["size"], {}, {"snapshot_id": snapshot})
            stack.callback(self._drop_volume, copied)
            self._ready_volume(copied, told["size"])
            _must_be_plain(self._volume(copied))
            with ExitStack() as described:
                self._describe(copied, properties, described)
                return self._upload(copied, name, "available")

    def _upload(self, volume: str, name: str, status: str) -> str:
        """Upload a volume nobody writes to, and return the image when it has all bytes."""
        wish: dict[str, object] = {
            "image_name": name,
            "container_format": "bare",
            "disk_format": self._stream_format(),
            "visibility": "private",
            "force": status != "available",
        }
        made = self._session.post(
            "block_storage", f"/volumes/{volume}/action", {"os-volume_upload_image": wish}
        )
        told = made["os-volume_upload_image"]
        image = str(told["image_id"])
        with ExitStack() as stack:
            stack.callback(self._drop_image, image)
            # cinder lets go of the volume when it has given up, too: the image alone would not tell
            self._settle_volume(volume, status, patience(told["size"]))
            self._must_be_whole(image)
            stack.pop_all()
        return image

    def _must_be_whole(self, id: str) -> None:
        try:
            status = self._image(id)["status"]
        except NotFound:
            status = "gone"
        if status != "active":
            raise Conflict(
                f"cinder gave up uploading a volume: its image {id} is {status}",
                hint="See that glance has room for it, or ask the operator for cinder's log",
            )

    def _stream_format(self) -> str:
        """Return the best format for a disk; Unsupported where glance takes none of ours."""
        taken = self._formats()
        for each in FORMATS:
            if each in taken:
                return each
        raise Unsupported(
            f"this deployment's glance takes neither {' nor '.join(FORMATS)} images",
            hint=f"The operator can add {FORMATS[0]} to glance's disk_formats",
        )

    def _formats(self) -> frozenset[str]:
        """Return the disk formats this deployment's glance takes."""
        told = self._session.get("image", "/schemas/image")["properties"]["disk_format"]
        return frozenset(word for word in told.get("enum", FORMATS) if word)

    def _image(self, id: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._session.get("image", f"/images/{marks.id_of(id, 'image')}")
        return found

    def _uploaded(self, id: str) -> Mapping[str, Any]:
        """Return an image once it has all its bytes."""

        def look() -> Mapping[str, Any]:
            try:
                told = self._image(id)
            except NotFound as error:
                raise Conflict(f"image {id} went away: its upload failed") from error
            if told["status"] in ("killed", "deleted", "pending_delete", "deactivated"):
                raise Conflict(f"image {id} is {told['status']}: its upload failed")
            return told

        seconds = patience(look()["min_disk"])
        return until(look, lambda told: told["status"] == "active", f"image {id}", seconds)

    def _drop_image(self, id: str) -> None:
        """Delete; quiet when it is gone, or when a deployment's volumes are clones of it."""
        with contextlib.suppress(NotFound):
            marks.id_of(id, "image")
            with contextlib.suppress(Conflict):
                self._session.delete("image", f"/images/{id}")


def _must_be_plain(volume: Mapping[str, Any]) -> None:
    if volume.get("encrypted"):
        raise Unsupported(
            f"volume {volume['id']} is encrypted, and cinder gives its bytes out as they are",
            hint="Copy it in the guest to a volume of a type without encryption",
        )
