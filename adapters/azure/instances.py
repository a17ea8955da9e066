"""Machines of one resource group: listed, made, changed, deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.compute.models import VirtualMachineUpdate

from adapters.azure import kinds, launch
from adapters.azure.errors import calling
from adapters.azure.launch import Launch
from adapters.azure.power import PowerSwitch
from adapters.azure.translate import instances as translate
from adapters.azure.translate.native import plain, properties
from adapters.azure.translate.sizes import Spot
from adapters.azure.translate.sizes import offer as offer_of
from adapters.azure.translate.states import codes_of, is_off
from adapters.azure.waiting import finished
from broker.errors import Conflict, NotFound
from broker.model import Instance, InstanceSpec, Offer, Size

MACHINES_VERSION = "2026-04-01"
"""learn.microsoft.com/rest/api/compute/virtual-machines/list"""


class Instances(Launch, PowerSwitch):
    """Virtual machines."""

    def instances(self) -> list[Instance]:
        """Return every instance; complete, or an error is raised."""
        with calling("list instances"):
            # the one listing tells all but the power, the other hardly more than that
            found = list(self._machines({}, group=True))
            codes = {
                self._ids.short(each["id"]): codes_of(each)
                for each in self._machines({"statusOnly": "true"}, group=False)
            }
            observed_at = datetime.now(UTC)
            disks = {self._ids.short(each["id"]): each for each in self._all_disks()}
            around = self._surroundings(found, codes, disks)
            return [translate.instance(each, around, self._ids, observed_at) for each in found]

    def instance(self, id: str) -> Instance:
        """Return one instance by id; NotFound when there is none."""
        with calling("get instance"):
            view = self._machine(id)
            place = self._ids.place(kinds.MACHINE, id)
            machines = self._session.compute.virtual_machines
            # the user data is a secret, and told only when asked for by itself
            found = plain(machines.get(place.group, place.name, expand="userData"))
            codes = {self._ids.short(view["id"]): codes_of(view)}
            around = self._surroundings([found], codes, {})
            now = datetime.now(UTC)
            return translate.instance(found, around, self._ids, now, user_data_asked=True)

    def create_instance(
        self, spec: InstanceSpec, disks: Sequence[str], *, offer: str | None = None, token: str
    ) -> Instance:
        """Make and start a machine from filled disks or images, and return it when it is there.

        Each disk is copied. The same token twice makes one.
        """
        launch.check(spec, disks)
        with calling("create instance"):
            return self.instance(self._launch(spec, disks, offer, token))

    def resize_instance(self, id: str, size: Size, *, offer: str | None = None) -> None:
        """Give a stopped machine another size; Conflict when it runs.

        It is deallocated for that: where it stands now may have no room for the other size.
        """
        with calling("resize instance"):
            machine = self._machine(id)
            if not is_off(machine):
                raise Conflict(f"{id} is not stopped", hint="Stop it first")
            now = self.instance(id)
            wanted = now.spec.model_copy(update={"size": size})
            spot = Spot(machine["location"], now.zone)
            chosen = self._offer(wanted, offer, spot, translate.controller(machine))
            if chosen.id == now.offer:
                return
            held = self._offers(spot.location)[str(now.offer).lower()]
            self._check_quota(chosen, spot.location, instead=held)
            self._deallocate(machine)
            self._update(machine, {"hardwareProfile": {"vmSize": chosen.id}}, f"resizing {id}")

    def delete_instance(self, id: str, *, keep_volumes: bool = False) -> None:
        """Delete the machine, its cards and, unless told otherwise, its volumes; quiet when gone.

        Public addresses that were made for it go too; those that can be moved are kept.
        """
        with calling("delete instance"):
            try:
                place = self._ids.place(kinds.MACHINE, id)
                machine = self._machine(id)
            except NotFound:
                if not id.startswith("/"):
                    self._delete_nics(id)  # of one whose making or deleting was interrupted
                return
            self._set_what_goes(machine, keep_volumes=keep_volumes)
            self._drop_machine(place)
            self._delete_nics(place.name)

    def _machines(self, query: Mapping[str, str], *, group: bool) -> Iterator[dict[str, Any]]:
        return self._rows(
            self._session.compute, kinds.MACHINE, MACHINES_VERSION, query, group=group
        )

    def _set_what_goes(self, machine: Mapping[str, Any], *, keep_volumes: bool) -> None:
        """Say of each disk and card whether it goes with the machine, unless all say so now."""
        fate = "Detach" if keep_volumes else "Delete"
        told = properties(machine)
        storage, network = told.get("storageProfile") or {}, told.get("networkProfile") or {}
        boot, disks = storage.get("osDisk") or {}, translate.data_disks(machine)
        cards = network.get("networkInterfaces") or []
        fates = [disk.get("deleteOption") for disk in (boot, *disks)]
        goes = [(card.get("properties") or {}).get("deleteOption") for card in cards]
        if all(each == fate for each in fates) and all(each == "Delete" for each in goes):
            return
        change = {
            "storageProfile": {
                "osDisk": {**boot, "deleteOption": fate},
                "dataDisks": [{**disk, "deleteOption": fate} for disk in disks],
            },
            "networkProfile": {
                "networkInterfaces": [
                    {
                        "id": card["id"],
                        "properties": {**(card.get("properties") or {}), "deleteOption": "Delete"},
                    }
                    for card in cards
                ]
            },
        }
        self._update(machine, change, f"preparing {machine['name']} to be deleted")

    def _update(self, machine: Mapping[str, Any], change: Mapping[str, Any], what: str) -> None:
        place = self._ids.place(kinds.MACHINE, self._ids.short(machine["id"]))
        machines = self._session.compute.virtual_machines
        asked = VirtualMachineUpdate({"properties": change})
        finished(machines.begin_update(place.group, place.name, asked), what)

    def _surroundings(
        self,
        machines: Sequence[Mapping[str, Any]],
        codes: Mapping[str, Sequence[str]],
        disks: Mapping[str, Mapping[str, Any]],
    ) -> translate.Surroundings:
        """Return what is told of machines elsewhere; what no listing has is asked for by itself."""
        cards = self._cards() if machines else {}
        return translate.Surroundings(
            disks=self._with(disks, machines, translate.disk_paths, self._disk),
            cards=self._with(cards, machines, translate.card_paths, self._card),
            public=self._public() if machines else {},
            codes=codes,
            offers={
                name: offer
                for place in {str(machine["location"]) for machine in machines}
                for name, offer in self._offers(place).items()
            },
        )

    def _with(
        self,
        known: Mapping[str, Mapping[str, Any]],
        machines: Iterable[Mapping[str, Any]],
        paths: Callable[[Mapping[str, Any]], list[str]],
        get: Callable[[str], Mapping[str, Any]],
    ) -> dict[str, Mapping[str, Any]]:
        """Return what is known and what machines have beside it, in other resource groups."""
        found = dict(known)
        for machine in machines:
            for path in paths(machine):
                short = self._ids.short(path)
                if short not in found:
                    try:
                        found[short] = get(short)
                    except NotFound:  # it went away meanwhile
                        continue
        return found

    def _card(self, id: str) -> dict[str, Any]:
        place = self._ids.place(kinds.CARD, id)
        try:
            return plain(self._session.network.network_interfaces.get(place.group, place.name))
        except ResourceNotFoundError as error:
            raise NotFound(f"there is no card {id}") from error

    def _offers(self, location: str) -> dict[str, Offer]:
        """Return every size of a location by its name in small letters, on offer or not."""
        return {name: offer_of(sku, location) for name, sku in self._skus_in(location).items()}
