"""Snapshots: whole copies of a volume in the pool, which holes keep small."""

from __future__ import annotations

from contextlib import ExitStack

import libvirt

from adapters.kvm import notes
from adapters.kvm.backups import push
from adapters.kvm.errors import calling
from adapters.kvm.host import volume_id
from adapters.kvm.naming import Made, VolumeName, mark
from adapters.kvm.part import Part, attachments
from adapters.kvm.translate.volume import stored
from adapters.kvm.volumes import clone, delete_unless_used, make_volume
from broker.model import Snapshot


class SnapshotCalls(Part):
    """The contract's Snapshots."""

    def snapshots(self) -> list[Snapshot]:
        """Return every snapshot, also one that is still being copied."""
        found = []
        for vol in self._host.volumes():
            if VolumeName.parse(vol.name()).made is Made.SNAPSHOT:
                found.append(self._snapshot_of(vol))
        return found

    def snapshot(self, id: str) -> Snapshot:
        """Return one snapshot, or NotFound."""
        return self._snapshot_of(self._host.volume_made(id, Made.SNAPSHOT))

    def create_snapshot(self, volume: str, name: str, *, token: str) -> Snapshot:
        """Copy a volume as it is at this moment. The same token twice makes one."""
        origin = self._host.volume(volume)
        there = self._host.made_by(Made.SNAPSHOT, mark(token))
        if there is not None:
            found = self._snapshot_of(there)
            if found.complete:
                return found
            self.delete_snapshot(found.id)  # an earlier try died while it copied
        with ExitStack() as undo:
            copy = self._copy(origin, name, mark(token), undo)
            notes.write(self._host, copy.name(), notes.SnapshotNote(volume=volume))
            undo.pop_all()
        return self._snapshot_of(copy)

    def delete_snapshot(self, id: str) -> None:
        """Delete; quiet when it is gone."""
        if VolumeName.parse(id).made is Made.SNAPSHOT:
            delete_unless_used(self._host, id)

    def _copy(
        self, origin: libvirt.virStorageVol, name: str, marked: str, undo: ExitStack
    ) -> libvirt.virStorageVol:
        with calling("take snapshot"):
            image = stored(origin.XMLDesc())
            used = attachments(self._host).get(image.path)
            hot = used is not None and self._host.domain(used.instance).isActive()
        if used is None or not hot:
            copy = clone(self._host, origin, name, Made.SNAPSHOT, marked)
            undo.callback(self.delete_snapshot, volume_id(copy))
            return copy
        copy = make_volume(self._host, name, Made.SNAPSHOT, marked, image.capacity)
        undo.callback(self.delete_snapshot, volume_id(copy))
        push(self._host, used.instance, used.disk.target, copy.path())
        return copy

    def _snapshot_of(self, vol: libvirt.virStorageVol) -> Snapshot:
        with calling("read snapshot"):
            image = stored(vol.XMLDesc())
        note = notes.read(self._host, vol.name(), notes.SnapshotNote)
        return Snapshot(
            id=volume_id(vol),
            name=VolumeName.parse(vol.name()).name,
            volume=note.volume if note else None,
            size=image.capacity,
            complete=note is not None,
        )
