"""Volumes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping
from typing import Any

from adapters.openstack import marks
from adapters.openstack.base import Base
from adapters.openstack.errors import calling
from adapters.openstack.translate import volumes
from adapters.openstack.translate.words import gib
from adapters.openstack.waiting import gone, until
from broker.adapter.performance import check_performance
from broker.errors import Conflict, Invalid, NotFound, Transient
from broker.model import GIB, Volume, VolumeSpec

MOST_GIB = 2**31 - 1
"""cinder's API takes no larger number (cinder/api/validation/parameter_types.py)."""

RESERVED = "reserved"
"""Status of a shelved server's volumes: the volume itself does not say whose it is."""

COMING = frozenset({"creating", "downloading"})
"""What is still being made has these states; cinder does not delete it, and a kill leaves some."""

MADE_SECONDS, GIB_SECONDS = 600.0, 60.0
"""How long anything about a volume may take, and how much longer for each GiB: it is copied, or
wiped, at the speed of the deployment's storage, of which the slowest do 17 MiB a second.
"""

ATTACH_SECONDS = 180.0
"""Longer than a guest may take to let go of a disk before nova gives up asking it."""


class Volumes(Base):
    """Disks that live on their own."""

    def volumes(self) -> list[Volume]:
        """Return every volume; complete, or an error is raised."""
        with calling("list volumes"):
            return [volumes.volume(told) for told in self._all_volumes()]

    def volume(self, id: str) -> Volume:
        """Return one volume by id; NotFound when there is none."""
        with calling("look at volume"):
            return volumes.volume(self._volume(id))

    def create_volume(self, spec: VolumeSpec, *, token: str) -> Volume:
        """Make an empty volume and return it when it can be used.

        The same token twice makes one.
        """
        check_performance([spec])
        with calling("create volume"):
            known = self._volumes_with(token)
            if known:
                made = known[0]["id"]
            else:
                metadata = marks.metadata(spec.labels, token)
                made = self._new_volume(spec, gib(spec.size), metadata, {})
            self._ready_volume(made, gib(spec.size))
            return volumes.volume(self._volume(made))

    def attach_volume(self, id: str, instance: str) -> None:
        """Attach to an instance; quiet when it is there, Conflict when it is on another."""
        with calling("attach volume"):
            told = self._volume(id)
            marks.id_of(instance, "instance")
            server = self._session.get("compute", f"/servers/{instance}")["server"]
            on = [each["server_id"] for each in told["attachments"]]
            if on and on != [instance]:
                raise Conflict(f"volume {id} is on instance {on[0]}", hint="Detach it first")
            if not on:
                path = f"/servers/{instance}/os-volume_attachments"
                body = {"volumeAttachment": {"volumeId": id}}
                self._session.post("compute", path, body)
            # on the way to any other server a volume is reserved too, for a moment
            shelved = server["OS-EXT-STS:vm_state"] == "shelved_offloaded"
            self._settle_volume(id, RESERVED if shelved else "in-use", ATTACH_SECONDS)

    def detach_volume(self, id: str) -> None:
        """Detach; quiet when it is on none. Conflict when the guest does not let go of it."""
        with calling("detach volume"):
            on = self._volume(id)["attachments"]
            for attached in on:
                path = f"/servers/{attached['server_id']}/os-volume_attachments/{id}"
                self._session.delete("compute", path)
                self._let_go(id, path)
            if on:
                self._settle_volume(id, "available", ATTACH_SECONDS)

    def _let_go(self, id: str, path: str) -> None:
        """Wait until nova has forgotten the volume; Conflict when the guest keeps it."""
        try:
            until(
                lambda: gone(lambda: self._session.get("compute", path)),
                bool,
                f"detaching volume {id}",
                ATTACH_SECONDS,
            )
        except Transient as error:
            raise Conflict(
                f"the guest does not let go of volume {id}",
                hint="Unmount it in the guest, or stop the machine, and try again",
            ) from error

    def resize_volume(self, id: str, size: int) -> None:
        """Grow to ``size`` bytes, rounded up to GiB; Invalid when it would shrink."""
        with calling("resize volume"):
            told = self._volume(id)
            wanted = self._gib_within(size)
            if size < told["size"] * GIB:
                raise Invalid(f"volume {id} has {told['size']} GiB and cannot shrink")
            if wanted == told["size"]:
                return
            self._session.post(
                "block_storage", f"/volumes/{id}/action", {"os-extend": {"new_size": wanted}}
            )
            self._settle_volume(id, told["status"], patience(wanted))

    def delete_volume(self, id: str) -> None:
        """Delete; quiet when it is gone, Conflict when it is attached."""
        with calling("delete volume"), contextlib.suppress(NotFound):
            told = self._volume(id)
            if told["attachments"]:
                on = told["attachments"][0]["server_id"]
                raise Conflict(f"volume {id} is on instance {on}", hint="Detach it first")
            self._drop_volume(id)

    def _drop_volume(self, id: str) -> None:
        """Delete and wait until it is gone; quiet when it is."""
        with contextlib.suppress(NotFound):
            told = self._no_longer(COMING, lambda: self._volume(id))
            if told["status"] != "deleting":
                self._session.delete("block_storage", f"/volumes/{id}")
            self._settle_volume(id, "deleted", patience(told["size"]))

    def _volume(self, id: str) -> Mapping[str, Any]:
        path = f"/volumes/{marks.id_of(id, 'volume')}"
        found: Mapping[str, Any] = self._session.get("block_storage", path)["volume"]
        if found["status"] == RESERVED:
            found = {**found, "attachments": self._reserved(volume_id=id).get(id, [])}
        return found

    def _all_volumes(self) -> list[Mapping[str, Any]]:
        listed = list(self._session.listed("block_storage", "/volumes/detail", "volumes"))
        if not any(told["status"] == RESERVED for told in listed):
            return listed
        reserved = self._reserved()
        return [
            {**told, "attachments": told["attachments"] or reserved.get(told["id"], [])}
            for told in listed
        ]

    def _reserved(self, **only: object) -> dict[str, list[Mapping[str, Any]]]:
        """Return what holds volumes that are kept for a shelved server."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        listed = self._session.listed("block_storage", "/attachments/detail", "attachments", **only)
        for each in listed:
            on = {"server_id": each["instance"], "device": None}
            found.setdefault(each["volume_id"], []).append(on)
        return found

    def _volumes_with(self, token: str) -> list[Mapping[str, Any]]:
        wanted = str({marks.TOKEN: token})
        listed = self._session.listed(
            "block_storage", "/volumes/detail", "volumes", metadata=wanted
        )
        return [told for told in listed if told["status"] != "deleting"]

    def _new_volume(
        self,
        spec: VolumeSpec,
        size: int,
        metadata: Mapping[str, str],
        extra: Mapping[str, object],
    ) -> str:
        settings = self._session.settings
        self._gib_within(size * GIB)
        wish: dict[str, object] = {
            "name": spec.name,
            "size": size,
            "metadata": dict(metadata),
            **extra,
        }
        if kind := spec.kind or settings.volume_type:
            wish["volume_type"] = kind
        if settings.volume_zone:
            wish["availability_zone"] = settings.volume_zone
        made = self._session.post("block_storage", "/volumes", {"volume": wish})
        return str(made["volume"]["id"])

    def _gib_within(self, size: int) -> int:
        if gib(size) > MOST_GIB:
            raise Invalid(f"a volume has at most {MOST_GIB} GiB, not {gib(size)}")
        return gib(size)

    def _ready_volume(self, id: str, size: int) -> None:
        """Wait until a new volume can be used, or is used already."""
        until(
            lambda: self._sound(id),
            lambda told: told["status"] in ("available", "in-use", "reserved"),
            f"making volume {id}",
            patience(size),
        )

    def _no_longer(
        self, states: Collection[str], look: Callable[[], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        """Return a volume or snapshot as it is once it is in none of these states."""
        seen = look()
        what = f"what becomes of {seen['id']}"
        return until(look, lambda told: told["status"] not in states, what, patience(seen["size"]))

    def _settle_volume(self, id: str, status: str, seconds: float) -> None:
        until(
            lambda: self._sound(id),
            lambda told: told["status"] == status,
            f"volume {id} to be {status}",
            seconds,
        )

    def _sound(self, id: str) -> Mapping[str, Any]:
        told = self._volume(id)
        if told["status"].startswith("error"):
            raise Conflict(
                f"cinder says of volume {id}: {told['status']}",
                hint="Ask the operator for cinder's log of it, or delete it and try again",
            )
        return told


def patience(size: int) -> float:
    """Return how many seconds something about a volume of so many GiB may take."""
    return MADE_SECONDS + GIB_SECONDS * size
