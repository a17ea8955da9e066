"""Snapshots."""

from __future__ import annotations

from adapters.memory.service import within
from adapters.memory.state import SnapshotRecord, State, find, with_token
from adapters.memory.volumes import Volumes
from broker.errors import NotFound
from broker.model import Snapshot


class Snapshots(Volumes):
    """Volumes as they were at one moment."""

    def snapshots(self) -> list[Snapshot]:
        """Return every snapshot of this account; complete, or an error is raised."""
        with self._calling("snapshots"):
            records = self._store.state().snapshots.values()
            return self._listed("snapshots", (record.snapshot for record in records))

    def snapshot(self, id: str) -> Snapshot:
        """Return one snapshot by id; NotFound when there is none."""
        with self._calling("snapshot"):
            return self._snapshot(self._store.state(), id)

    def create_snapshot(self, volume: str, name: str, *, token: str) -> Snapshot:
        """Take a snapshot. The same token twice makes one."""
        with self._calling("create_snapshot"), self._store.change() as state:
            if known := with_token(state.snapshots, token):
                return known.snapshot
            source = self._volume(state, volume).volume
            within(self._quotas.snapshots, len(state.snapshots) + 1, "snapshots")
            snapshot = Snapshot(
                id=self._new_id("snap"),
                name=name,
                volume=volume,
                size=source.spec.size,
                complete=True,
                created_at=self._now(),
            )
            self._files.clone(snapshot.id, volume, source.spec.size)
            state.snapshots[snapshot.id] = SnapshotRecord(token=token, snapshot=snapshot)
            return snapshot

    def delete_snapshot(self, id: str) -> None:
        """Delete; quiet when it is gone."""
        with self._calling("delete_snapshot"), self._store.change() as state:
            if state.snapshots.pop(id, None):
                self._files.delete(id)

    def _snapshot(self, state: State, id: str) -> Snapshot:
        record = find(state.snapshots, id, "snapshot")
        if not self.faults.sees(id):
            raise NotFound(f"there is no snapshot {id} yet", code="NotFound")
        return record.snapshot
