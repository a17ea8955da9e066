"""Snapshots of volumes."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from adapters.openstack import marks
from adapters.openstack.errors import calling
from adapters.openstack.translate import volumes
from adapters.openstack.volumes import COMING, Volumes, patience
from adapters.openstack.waiting import until
from broker.errors import Conflict, NotFound
from broker.model import Snapshot


class Snapshots(Volumes):
    """Volumes as they were at one moment."""

    def snapshots(self) -> list[Snapshot]:
        """Return every snapshot of this project; complete, or an error is raised."""
        with calling("list snapshots"):
            listed = self._session.listed("block_storage", "/snapshots/detail", "snapshots")
            return [volumes.snapshot(told) for told in listed]

    def snapshot(self, id: str) -> Snapshot:
        """Return one snapshot by id; NotFound when there is none."""
        with calling("look at snapshot"):
            return volumes.snapshot(self._snapshot(id))

    def create_snapshot(self, volume: str, name: str, *, token: str) -> Snapshot:
        """Take a snapshot and return it when it is complete. The same token twice makes one."""
        with calling("create snapshot"):
            known = self._snapshots_with(token)
            taken = known[0]["id"] if known else self._take(volume, name, {marks.TOKEN: token})
            return volumes.snapshot(self._complete(taken))

    def delete_snapshot(self, id: str) -> None:
        """Delete; quiet when it is gone."""
        with calling("delete snapshot"):
            self._drop_snapshot(id)

    def _snapshot(self, id: str) -> Mapping[str, Any]:
        path = f"/snapshots/{marks.id_of(id, 'snapshot')}"
        found: Mapping[str, Any] = self._session.get("block_storage", path)["snapshot"]
        return found

    def _snapshots_with(self, token: str) -> list[Mapping[str, Any]]:
        wanted = str({marks.TOKEN: token})
        listed = self._session.listed(
            "block_storage", "/snapshots/detail", "snapshots", metadata=wanted
        )
        return [told for told in listed if told["status"] != "deleting"]

    def _take(self, volume: str, name: str, metadata: Mapping[str, str]) -> str:
        self._volume(volume)
        wish = {
            "volume_id": volume,
            "name": name,
            "metadata": dict(metadata),
            "force": True,  # of a volume in use too: it is as if the plug had been pulled
        }
        made = self._session.post("block_storage", "/snapshots", {"snapshot": wish})
        return str(made["snapshot"]["id"])

    def _complete(self, id: str) -> Mapping[str, Any]:
        def look() -> Mapping[str, Any]:
            told = self._snapshot(id)
            if told["status"].startswith("error"):
                raise Conflict(f"cinder could not make or delete snapshot {id}")
            return told

        return until(
            look,
            lambda told: told["status"] == "available",
            f"snapshot {id}",
            patience(self._snapshot(id)["size"]),
        )

    def _drop_snapshot(self, id: str) -> None:
        """Delete and wait until it is gone; quiet when it is."""
        with contextlib.suppress(NotFound):
            size = self._no_longer(COMING, lambda: self._snapshot(id))["size"]
            self._session.delete("block_storage", f"/snapshots/{id}")

            def look() -> bool:
                if self._snapshot(id)["status"] == "error_deleting":
                    raise Conflict(f"cinder cannot delete snapshot {id}: something depends on it")
                return False

            until(look, bool, f"deleting snapshot {id}", patience(size))
