"""Snapshots of one resource group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.compute import models

from adapters.azure import kinds, tags
from adapters.azure.base import listed
from adapters.azure.errors import calling
from adapters.azure.ids import Place
from adapters.azure.translate import volumes as translate
from adapters.azure.translate.native import plain, properties
from adapters.azure.volumes import Volumes
from adapters.azure.waiting import finished, until
from broker.adapter import Kind
from broker.errors import Conflict, NotFound
from broker.model import Snapshot

COPY_SECONDS = 6 * 3600.0
"""Of some classes of disks the bytes are copied behind the scenes: hours for some TiB."""


class Snapshots(Volumes):
    """Volumes as they were at one moment. Those that were taken as images are not listed here."""

    def snapshots(self) -> list[Snapshot]:
        """Return every snapshot of this account; complete, or an error is raised."""
        with calling("list snapshots"):
            return [
                translate.snapshot(each, self._ids)
                for each in self._all_snapshots()
                if not is_image(each)
            ]

    def snapshot(self, id: str) -> Snapshot:
        """Return one snapshot by id; NotFound when there is none."""
        with calling("get snapshot"):
            return translate.snapshot(self._snapshot(id), self._ids)

    def create_snapshot(self, volume: str, name: str, *, token: str) -> Snapshot:
        """Take a snapshot and return it when it is complete. The same token makes one."""
        with calling("create snapshot"):
            return translate.snapshot(self._taken(self._disk(volume), name, token), self._ids)

    def delete_snapshot(self, id: str) -> None:
        """Delete; quiet when it is gone."""
        with calling("delete snapshot"):
            try:
                self._delete_snapshot(self._snapshot(id))
            except NotFound:
                return

    def _taken(
        self, disk: Mapping[str, Any], name: str, token: str, **marks: str
    ) -> dict[str, Any]:
        """Return the token's snapshot of a disk, once it has all bytes.

        It is an incremental one: it costs what changed, and is told apart from others by ranges.
        """
        place = self._place(name, token)
        snapshots = self._session.compute.snapshots
        if self._there(snapshots.get, place) is None:
            wish: dict[str, Any] = {
                **self._new(name, {}, token, **marks),
                # the account's own location may be another one than the disk's
                "location": disk["location"],
                "properties": {
                    "creationData": {"createOption": "Copy", "sourceResourceId": disk["id"]},
                    "incremental": True,
                },
            }
            finished(
                snapshots.begin_create_or_update(place.group, place.name, models.Snapshot(wish)),
                f"taking the snapshot {name}",
            )
        return self._complete(place)

    def _complete(self, place: Place) -> dict[str, Any]:
        """Return a snapshot once all bytes are in it; Transient when that takes too long."""
        snapshots = self._session.compute.snapshots

        def look() -> dict[str, Any]:
            found = plain(snapshots.get(place.group, place.name))
            told = properties(found)
            if told.get("provisioningState") == "Failed" or told.get("copyCompletionError"):
                raise Conflict(f"the snapshot {place.name} failed", hint="Delete it and try again")
            return found

        return until(
            look,
            translate.is_complete,
            f"copying {place.name}",
            COPY_SECONDS,
        )

    def _snapshot(self, id: str) -> dict[str, Any]:
        """Return a snapshot as the service tells it."""
        place = self._ids.place(kinds.SNAPSHOT, id)
        try:
            return plain(self._session.compute.snapshots.get(place.group, place.name))
        except ResourceNotFoundError as error:
            raise NotFound(f"there is no snapshot {id}") from error

    def _all_snapshots(self) -> list[dict[str, Any]]:
        return list(listed(self._session.compute.snapshots.list_by_resource_group(self._group)))

    def _delete_snapshot(self, snapshot: Mapping[str, Any]) -> None:
        """Delete; the service does not while somebody may still read it."""
        place = self._ids.place(kinds.SNAPSHOT, self._ids.short(snapshot["id"]))
        snapshots = self._session.compute.snapshots
        if properties(snapshot).get("diskState") == "ActiveSAS":
            finished(snapshots.begin_revoke_access(place.group, place.name), "closing a snapshot")
        finished(snapshots.begin_delete(place.group, place.name), f"deleting {snapshot['name']}")


def is_image(snapshot: Mapping[str, Any]) -> bool:
    """Tell whether a snapshot was taken to make machines from."""
    return tags.of(snapshot).get(tags.ROLE) == Kind.IMAGE
