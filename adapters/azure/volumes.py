"""Managed disks of one resource group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.compute.models import Disk, DiskUpdate, VirtualMachineUpdate

from adapters.azure import kinds
from adapters.azure.base import Base
from adapters.azure.errors import calling
from adapters.azure.ids import Place
from adapters.azure.limits import LIMITS, VOLUME_MAX
from adapters.azure.translate import volumes as translate
from adapters.azure.translate.instances import data_disks
from adapters.azure.translate.native import plain, properties
from adapters.azure.translate.words import class_word, gib
from adapters.azure.waiting import finished
from broker.adapter.performance import check_performance
from broker.errors import Conflict, Invalid, NotFound
from broker.model import Volume, VolumeSpec

DISKS_VERSION = "2026-03-02"
"""learn.microsoft.com/rest/api/compute/disks/list-by-resource-group"""


class Volumes(Base):
    """Disks that live on their own."""

    def volumes(self) -> list[Volume]:
        """Return every volume; complete, or an error is raised."""
        with calling("list volumes"):
            return [translate.volume(each, self._ids) for each in self._all_disks()]

    def volume(self, id: str) -> Volume:
        """Return one volume by id; NotFound when there is none."""
        with calling("get volume"):
            return translate.volume(self._disk(id), self._ids)

    def create_volume(self, spec: VolumeSpec, *, token: str) -> Volume:
        """Make an empty volume and return it when it can be used. The same token makes one."""
        check_size(spec.size)
        check_performance([spec], LIMITS.performance_kinds)
        with calling("create volume"):
            place = self._place(spec.name, token)
            found = self._there(self._session.compute.disks.get, place)
            if found is None:
                wish = {"creationData": {"createOption": "Empty"}, "diskSizeGB": gib(spec.size)}
                found = self._new_disk(place, spec, wish, token=token)
            return translate.volume(found, self._ids)

    def attach_volume(self, id: str, instance: str) -> None:
        """Attach to an instance; quiet when it is there, Conflict when it is on another."""
        with calling("attach volume"):
            on = self.volume(id).instance
            machine = self._machine(instance)
            if on == self._ids.short(machine["id"]):
                return
            if on is not None:
                raise Conflict(f"{id} is on {on}: detach it first")
            disks = data_disks(machine)
            taken = {disk["lun"] for disk in disks}
            lun = next(place for place in range(len(taken) + 1) if place not in taken)
            added = {
                "lun": lun,
                "createOption": "Attach",
                "managedDisk": {"id": self._ids.path(kinds.DISK, id)},
            }
            self._set_disks(machine, [*disks, added])

    def detach_volume(self, id: str) -> None:
        """Detach; quiet when it is on none."""
        with calling("detach volume"):
            on = self.volume(id).instance
            if on is None:
                return
            machine = self._machine(on)
            path = self._ids.path(kinds.DISK, id).lower()
            disks = data_disks(machine)
            kept = [disk for disk in disks if disk["managedDisk"]["id"].lower() != path]
            if len(kept) == len(disks):
                raise Conflict(f"{id} is the boot disk of {on}", hint="Delete the machine instead")
            self._set_disks(machine, kept)

    def resize_volume(self, id: str, size: int) -> None:
        """Grow to ``size`` bytes, rounded up to a whole GiB; Invalid when it would shrink."""
        with calling("resize volume"):
            place = self._ids.place(kinds.DISK, id)
            disk = self._disk(id)
            now = translate.size_of(disk)
            check_size(size)
            if size < now:
                raise Invalid(f"{id} has {now} bytes and cannot shrink to {size}")
            if size > now:
                # one of no whole GiB is called the next, and asking for that changes nothing
                more = max(gib(size), properties(disk).get("diskSizeGB", 0) + 1)
                change = DiskUpdate({"properties": {"diskSizeGB": more}})
                finished(
                    self._session.compute.disks.begin_update(place.group, place.name, change),
                    f"growing {id}",
                )

    def delete_volume(self, id: str) -> None:
        """Delete; quiet when it is gone, Conflict when it is attached."""
        with calling("delete volume"):
            try:
                disk = self._disk(id)
            except NotFound:
                return
            if disk.get("managedBy"):
                on = self._ids.short(disk["managedBy"])
                raise Conflict(f"{id} is on {on}: detach it first")
            self._delete_disk(disk)

    def _disk(self, id: str) -> dict[str, Any]:
        """Return a disk as the service tells it."""
        place = self._ids.place(kinds.DISK, id)
        try:
            return plain(self._session.compute.disks.get(place.group, place.name))
        except ResourceNotFoundError as error:
            raise NotFound(f"there is no volume {id}") from error

    def _machine(self, id: str) -> dict[str, Any]:
        """Return a machine as the service tells it, with its power."""
        place = self._ids.place(kinds.MACHINE, id)
        machines = self._session.compute.virtual_machines
        try:
            return plain(machines.get(place.group, place.name, expand="instanceView"))
        except ResourceNotFoundError as error:
            raise NotFound(f"there is no instance {id}") from error

    def _all_disks(self) -> list[dict[str, Any]]:
        compute = self._session.compute
        return list(self._rows(compute, kinds.DISK, DISKS_VERSION, {}, group=True))

    def _new_disk(
        self,
        place: Place,
        spec: VolumeSpec,
        wish: Mapping[str, Any],
        *,
        token: str,
        **marks: str,
    ) -> dict[str, Any]:
        """Make a disk of the class and with the labels of ``spec``, in the account's zone."""
        zone = self._session.settings.zone
        asked: dict[str, Any] = {
            **self._new(spec.name, spec.labels, token, **marks),
            "sku": {"name": class_word(spec.kind)},
            **({"zones": [zone]} if zone else {}),
            "properties": {**wish, **translate.performance_wish(spec)},
        }
        made = self._session.compute.disks.begin_create_or_update(
            place.group, place.name, Disk(asked)
        )
        return finished(made, f"making the disk {spec.name}")

    def _delete_disk(self, disk: Mapping[str, Any]) -> None:
        """Delete; the service does not while somebody may still read or write it."""
        place = self._ids.place(kinds.DISK, self._ids.short(disk["id"]))
        disks = self._session.compute.disks
        if properties(disk).get("diskState") == "ActiveSAS":
            finished(disks.begin_revoke_access(place.group, place.name), "closing a disk")
        finished(disks.begin_delete(place.group, place.name), f"deleting {disk['name']}")

    def _set_disks(self, machine: Mapping[str, Any], disks: list[Mapping[str, Any]]) -> None:
        """Give a machine these disks beside its boot disk, unless it has changed meanwhile."""
        place = self._ids.place(kinds.MACHINE, self._ids.short(machine["id"]))
        etag = machine.get("etag")
        sure: Any = {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
        change = VirtualMachineUpdate({"properties": {"storageProfile": {"dataDisks": disks}}})
        machines = self._session.compute.virtual_machines
        finished(
            machines.begin_update(place.group, place.name, change, **sure),
            f"changing the disks of {machine['name']}",
        )


def check_size(size: int) -> None:
    """Invalid for more bytes than a volume can have."""
    if size > VOLUME_MAX:
        raise Invalid(f"{size} bytes are over the limit of {VOLUME_MAX} for a volume")
