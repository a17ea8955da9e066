"""From a volume or a snapshot to an image: the one door through which cinder gives bytes out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from adapters.openstack import marks
from adapters.openstack.snapshots import Snapshots
from adapters.openstack.volumes import MADE_SECONDS
from adapters.openstack.waiting import until
from broker.errors import Conflict
from broker.model import GIB, VolumeSpec

FORMATS = ("qcow2", "raw")
"""What we ask cinder for, best first: a raw image has the volume's zeroes in it."""


class Capture(Snapshots):
    """Makes images of volumes."""

    def _capture(self, volume: str, name: str, properties: Mapping[str, str]) -> str:
        """Return the id of an image that is being made of a volume as it is now.

        A volume in use is snapshotted, and a volume made of that, which is uploaded: cinder uploads
        only what nobody uses. Both are gone when this returns.
        """
        told = self._volume(volume)
        if told["status"] == "available" and not properties:
            return self._upload(volume, name)
        with ExitStack() as stack:
            taken = self._take(volume, name, {})
            stack.callback(self._drop_snapshot, taken)
            self._complete(taken)
            return self._capture_snapshot(taken, name, properties)

    def _capture_snapshot(self, snapshot: str, name: str, properties: Mapping[str, str]) -> str:
        told = self._snapshot(snapshot)
        with ExitStack() as stack:
            spec = VolumeSpec(name=name, size=told["size"] * GIB)
            copied = self._new_volume(spec, told["size"], {}, {"snapshot_id": snapshot})
            stack.callback(self._drop_volume, copied)
            self._ready_volume(copied)
            if properties:
                # cinder gives what it knows of the volume's image to the image it makes
                body = {"os-set_image_metadata": {"metadata": dict(properties)}}
                self._session.post("block_storage", f"/volumes/{copied}/action", body)
            return self._upload(copied, name)

    def _upload(self, volume: str, name: str) -> str:
        """Upload a volume nobody uses, and return the image when it has all bytes."""
        wish = {
            "image_name": name,
            "container_format": "bare",
            "disk_format": next(each for each in FORMATS if each in self._formats()),
            "visibility": "private",
        }
        self._settle_volume(volume, "available", MADE_SECONDS)
        made = self._session.post(
            "block_storage", f"/volumes/{volume}/action", {"os-volume_upload_image": wish}
        )
        image = str(made["os-volume_upload_image"]["image_id"])
        self._uploaded(image)
        self._settle_volume(volume, "available", MADE_SECONDS)
        return image

    def _formats(self) -> frozenset[str]:
        """Return the disk formats this deployment's glance takes."""
        told = self._session.get("image", "/schemas/image")["properties"]["disk_format"]
        return frozenset(word for word in told.get("enum", FORMATS) if word)

    def _image(self, id: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._session.get("image", f"/images/{marks.id_of(id, 'image')}")
        return found

    def _uploaded(self, id: str) -> Mapping[str, Any]:
        """Wait until an image has all its bytes."""

        def look() -> Mapping[str, Any]:
            told = self._image(id)
            if told["status"] in ("killed", "deleted", "pending_delete", "deactivated"):
                raise Conflict(f"image {id} is {told['status']}: its upload failed")
            return told

        return until(look, lambda told: told["status"] == "active", f"image {id}", MADE_SECONDS)
