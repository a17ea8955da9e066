"""The bytes of disks: managed disks that are uploaded, snapshots that are exported."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID

from azure.core.exceptions import ResourceNotFoundError
from azure.core.polling import LROPoller
from azure.mgmt.compute.models import AccessUri, GrantAccessData

from adapters.azure import kinds, tags
from adapters.azure.access import Access
from adapters.azure.errors import calling
from adapters.azure.images import Images
from adapters.azure.pages import Pages
from adapters.azure.sink import DiskSink
from adapters.azure.source import SnapshotSource
from adapters.azure.translate import volumes as translate
from adapters.azure.translate.native import properties
from adapters.azure.translate.states import DONE
from adapters.azure.vhd import FOOTER, footer, rounded
from adapters.azure.volumes import check_size
from adapters.azure.waiting import finished, is_settled, until
from broker.adapter import Kind
from broker.disks.contract import Sink, Source
from broker.errors import Conflict, NotFound, Transient
from broker.model import MIB, VolumeSpec

LEAST = 20 * MIB
"""https://learn.microsoft.com/rest/api/compute/disks/create-or-update, uploadSizeBytes"""


class Disks(Images):
    """Reads any volume or snapshot; fills new disks.

    A filled disk is a managed disk with a mark. Machines get copies of it, which have the
    generation and the class they need.
    """

    def open_source(self, id: str) -> Source:
        """Open a volume or a snapshot; a volume through a snapshot, which goes with the source."""
        with calling("open disk"):
            disk, snapshot = self._either(id)
            if disk is not None:
                return self._open_disk(id, disk)
            assert snapshot is not None
            return self._source(snapshot, temporary=False)

    def open_sink(self, size: int, *, name: str, token: str) -> Sink:
        """Open a new disk of at least ``size`` bytes; the same token opens the same one again."""
        check_size(size)
        with calling("open disk"):
            disk = self._begun(token) or self._begin(max(LEAST, rounded(size)), name, token)
            return self._sink(disk)

    def delete_disk(self, id: str) -> None:
        """Delete what ``Sink.commit`` returned, unless a machine uses it; quiet when it is gone."""
        with calling("delete disk"):
            try:
                disk = self._disk(id)
            except NotFound:
                return
            if not disk.get("managedBy"):
                self._delete_disk(disk)

    def _either(self, id: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """Return the disk or the snapshot of that id; Conflict when it is that of both."""
        found: list[dict[str, Any] | None] = []
        for get in (self._disk, self._snapshot):
            try:
                found.append(get(id))
            except NotFound:
                found.append(None)
        disk, snapshot = found
        if disk is None and snapshot is None:
            raise NotFound(f"there is no volume or snapshot {id}")
        if disk is not None and snapshot is not None:
            raise Conflict(
                f"a volume and a snapshot are called {id}",
                hint=f"Say which: {disk['id']}, or {snapshot['id']}",
            )
        return disk, snapshot

    def _open_disk(self, id: str, disk: Mapping[str, Any]) -> Source:
        if properties(disk).get("diskState") in translate.UPLOADING:
            raise Conflict(f"disk {id} is still being filled: it has not all of its bytes")
        token = f"read-{secrets.token_hex(8)}"
        taken = self._taken(disk, f"read of {tags.name_of(disk)}", token)
        try:
            return self._source(taken, temporary=True)
        except BaseException:
            self._delete_snapshot(taken)
            raise

    def _source(self, snapshot: Mapping[str, Any], *, temporary: bool) -> Source:
        place = self._ids.place(kinds.SNAPSHOT, self._ids.short(snapshot["id"]))
        snapshots = self._session.compute.snapshots

        def grant(seconds: int) -> str:
            asked = GrantAccessData(access="Read", duration_in_seconds=seconds)
            return address_in(snapshots.begin_grant_access(place.group, place.name, asked))

        def give_back() -> None:
            with calling("close disk"):
                if temporary:
                    self.delete_snapshot(self._ids.short(snapshot["id"]))
                elif opened.was_used:
                    with suppress(ResourceNotFoundError):
                        closing = snapshots.begin_revoke_access(place.group, place.name)
                        finished(closing, "closing a snapshot")

        opened = Access(grant)
        told = properties(snapshot)
        return SnapshotSource(
            translate.size_of(snapshot),
            Pages(opened, self._session.settings.ca_file),
            family=told.get("incrementalSnapshotFamilyId") if told.get("incremental") else None,
            on_close=give_back,
        )

    def _begun(self, token: str) -> dict[str, Any] | None:
        """The disk an earlier call with this token began."""
        for disk in self._all_disks():
            if tags.made_by(disk, token) and tags.of(disk).get(tags.ROLE) == Kind.DISK:
                own = self._ids.short(disk["id"])
                found = until(partial(self._disk, own), is_settled, f"making {own}")
                if properties(found).get("provisioningState") == DONE:
                    return found
                self._delete_disk(found)
        return None

    def _begin(self, size: int, name: str, token: str) -> dict[str, Any]:
        """Make a disk to be filled. Its name is new each time: what was lost stays told apart."""
        place = self._place(name, f"{token} {secrets.token_hex(8)}")
        wish = {"creationData": {"createOption": "Upload", "uploadSizeBytes": size + FOOTER}}
        spec = VolumeSpec(name=name, size=size)
        return self._new_disk(place, spec, wish, token=token, **{tags.ROLE: Kind.DISK})

    def _delete_disk(self, disk: Mapping[str, Any]) -> None:
        """Delete, one that is half filled too: its upload must end first, and with a footer."""
        if properties(disk).get("diskState") == "ActiveUpload":
            upload = self._sink(disk)
            upload.end()
            upload.close()
        super()._delete_disk(disk)

    def _sink(self, disk: Mapping[str, Any]) -> DiskSink:
        own = self._ids.short(disk["id"])
        place = self._ids.place(kinds.DISK, own)
        disks = self._session.compute.disks
        told = properties(disk)
        size = int(told["creationData"]["uploadSizeBytes"]) - FOOTER

        def grant(seconds: int) -> str:
            asked = GrantAccessData(access="Write", duration_in_seconds=seconds)
            return address_in(disks.begin_grant_access(place.group, place.name, asked))

        def last_page() -> bytes:
            # the disk's own facts, so that a second try writes the same bytes
            made = translate.time_of(told.get("timeCreated"))
            assert made is not None
            return footer(size, unique_id=UUID(told["uniqueId"]), created=made)

        def is_sealed() -> bool:
            with calling("complete disk"):
                return properties(self._disk(own)).get("diskState") not in translate.UPLOADING

        def seal() -> None:
            with calling("complete disk"):
                finished(disks.begin_revoke_access(place.group, place.name), "ending an upload")
            if not is_sealed():
                raise Transient(f"the upload of disk {own} has not ended yet")

        return DiskSink(
            own,
            size,
            Pages(Access(grant), self._session.settings.ca_file),
            sealed=told.get("diskState") not in translate.UPLOADING,
            footer=last_page,
            seal=seal,
            is_sealed=is_sealed,
            delete=partial(self.delete_disk, own),
        )


def address_in(operation: LROPoller[AccessUri]) -> str:
    """Return the address a disk's bytes can be had at."""
    return str(finished(operation, "opening a disk")["accessSAS"])
