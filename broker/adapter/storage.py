"""The contract for disks: volumes, snapshots, images, and their bytes."""

from __future__ import annotations

from typing import Protocol

from broker.disks.contract import Sink, Source
from broker.model import Image, Snapshot, Volume, VolumeSpec


class Volumes(Protocol):
    """Disks that live on their own."""

    def volumes(self) -> list[Volume]:
        """Return every volume; complete, or an error is raised."""
        ...

    def volume(self, id: str) -> Volume:
        """Return one volume by id; NotFound when there is none."""
        ...

    def create_volume(self, spec: VolumeSpec, *, token: str) -> Volume:
        """Make an empty volume and return it when it can be used.

        The same token twice makes one.
        """
        ...

    def attach_volume(self, id: str, instance: str) -> None:
        """Attach to an instance; quiet when it is there, Conflict when it is on another."""
        ...

    def detach_volume(self, id: str) -> None:
        """Detach; quiet when it is on none."""
        ...

    def resize_volume(self, id: str, size: int) -> None:
        """Grow to ``size`` bytes, rounded up to a whole step; Invalid when it would shrink."""
        ...

    def delete_volume(self, id: str) -> None:
        """Delete; quiet when it is gone, Conflict when it is attached."""
        ...


class Snapshots(Protocol):
    """Volumes as they were at one moment."""

    def snapshots(self) -> list[Snapshot]:
        """Return every snapshot of this account; complete, or an error is raised."""
        ...

    def snapshot(self, id: str) -> Snapshot:
        """Return one snapshot by id; NotFound when there is none."""
        ...

    def create_snapshot(self, volume: str, name: str, *, token: str) -> Snapshot:
        """Take a snapshot and return it when it is complete. The same token twice makes one."""
        ...

    def delete_snapshot(self, id: str) -> None:
        """Delete; quiet when it is gone."""
        ...


class Images(Protocol):
    """What instances can be made from."""

    def images(self) -> list[Image]:
        """Return this account's own images; complete, or an error is raised."""
        ...

    def image(self, id: str) -> Image:
        """Return one image by id, public ones too; NotFound when there is none."""
        ...

    def create_image(self, instance: str, name: str, *, token: str) -> Image:
        """Make an image of a stopped instance's boot disk. The same token twice makes one."""
        ...

    def delete_image(self, id: str) -> None:
        """Delete; quiet when it is gone."""
        ...


class Disks(Protocol):
    """The bytes."""

    def open_source(self, id: str) -> Source:
        """Open a volume, a snapshot or what ``Sink.commit`` returned, from one consistent point.

        A volume of a running machine is read as it was at this moment; Conflict, with what to do,
        where the provider cannot hold it still.
        """
        ...

    def open_sink(self, size: int, *, name: str, token: str) -> Sink:
        """Open a new disk of at least ``size`` bytes for filling.

        The same token opens the same disk again, with what it held; where the provider cannot go
        on with one that was not committed, an empty one with another id, and the old one is gone.
        QuotaExceeded when there is no room, Invalid when ``size`` is over the limit.
        """
        ...

    def delete_disk(self, id: str) -> None:
        """Delete what ``Sink.commit`` returned, unless a machine uses it; quiet when it is gone."""
        ...
