"""Volumes, snapshots and images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.openstack import marks
from adapters.openstack.translate.words import BUSES_READ, architecture, firmware, moment
from broker.model import GIB, Bus, Image, Snapshot, Volume, VolumeSpec

READY = "active"

IDLE = frozenset({"available", "in-use"})
"""Of a volume with another status cinder takes neither a snapshot nor an upload."""

UPLOADING = "uploading"
"""Ends by itself, and is waited for: a run that was killed leaves cinder at it."""


def volume(told: Mapping[str, Any], *, boot: bool = False) -> Volume:
    """Return a volume; it is on the instance of its first attachment."""
    attached: Mapping[str, Any] = next(iter(told.get("attachments", [])), {})
    properties = told.get("volume_image_metadata", {})
    return Volume(
        id=told["id"],
        spec=VolumeSpec(
            name=told.get("name") or told["id"],
            size=told["size"] * GIB,
            boot=boot,
            bus=BUSES_READ.get(properties.get("hw_disk_bus", ""), Bus.UNKNOWN),
            kind=told.get("volume_type"),
            encrypted=told.get("encrypted"),
            labels=marks.labels(told.get("metadata", {})),
        ),
        instance=attached.get("server_id"),
        device=attached.get("device"),
        native=told,
    )


def snapshot(told: Mapping[str, Any]) -> Snapshot:
    """Return a snapshot."""
    return Snapshot(
        id=told["id"],
        name=told.get("name") or told["id"],
        volume=told.get("volume_id"),
        size=told["size"] * GIB,
        complete=told["status"] == "available",
        created_at=moment(told.get("created_at")),
        labels=marks.labels(told.get("metadata", {})),
        native=told,
    )


def image(told: Mapping[str, Any]) -> Image:
    """Return an image; its size is that of its disk, where glance has looked into it."""
    virtual = told.get("virtual_size")
    least = told.get("min_disk") or 0
    return Image(
        id=told["id"],
        name=told.get("name") or told["id"],
        arch=architecture(told),
        firmware=firmware(told),
        size=virtual or least * GIB or None,
        ready=told["status"] == READY,
        native=told,
    )
