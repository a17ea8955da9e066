"""Making a machine: its cards, copies of its disks, then the machine around them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.compute import models

from adapters.azure import kinds, nics, tags
from adapters.azure.disks import Disks
from adapters.azure.errors import calling
from adapters.azure.ids import Place
from adapters.azure.limits import BOOT_VOLUME_MAX, LIMITS
from adapters.azure.nics import Nics
from adapters.azure.sizes import Sizes
from adapters.azure.translate import launch as translate
from adapters.azure.translate import volumes
from adapters.azure.translate.native import properties
from adapters.azure.translate.states import DONE
from adapters.azure.translate.words import GENERATION_WORDS, SYSTEMS, gib
from adapters.azure.waiting import finished, is_settled, until
from broker.adapter.performance import check_performance
from broker.errors import BrokerError, Conflict, Invalid, NotFound, Unsupported
from broker.model import GIB, Firmware, InstanceSpec, Offer, System, SystemKind, VolumeSpec

MACHINE_NAME = 64
"""learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules"""


class Origin(NamedTuple):
    """What a disk of a machine is copied from, and how the service is told so."""

    told: Mapping[str, Any]
    creation: Mapping[str, Any]


class Launch(Disks, Nics, Sizes):
    """Makes machines that boot from disks as they are; nothing in the guest is set up anew."""

    def _launch(
        self, spec: InstanceSpec, disks: Sequence[str], named: str | None, token: str
    ) -> str:
        """Make the machine and return its id; the same token finds what it made before.

        An error that is worth another try leaves what was made for that; any other clears it up.
        """
        place = self._place(spec.name, token, MACHINE_NAME)
        machines = self._session.compute.virtual_machines
        if before := self._made_before(place):
            return self._ids.short(before["id"])
        origins = [self._origin(disk) for disk in disks]
        boot = origins[0].told
        known = {"firmware": firmware(spec, boot), "system": system(spec, boot)}
        spec = spec.model_copy(update=known)
        here = self._here
        offer = self._offer(spec, named, here)
        self._check_quota(offer, here.location)
        made = ExitStack()
        try:
            with calling("create instance"):
                made.callback(self._delete_nics, place.name)
                cards = self._new_nics(spec.nics, place.name, token)
                copies = [
                    self._copy(origin, spec, number, offer, place.name, token, made)
                    for number, origin in enumerate(origins)
                ]
                asked = {
                    **self._new(spec.name, spec.labels, token),
                    **translate.machine_wish(spec, offer, copies, cards),
                }
                if self._session.settings.zone:
                    asked["zones"] = [self._session.settings.zone]
                making = machines.begin_create_or_update(
                    place.group, place.name, models.VirtualMachine(asked)
                )
                made.callback(self._drop_machine, place)
                return self._ids.short(finished(making, f"making {spec.name}")["id"])
        except BrokerError as error:
            if not error.retryable:
                made.close()
            raise

    def _made_before(self, place: Place) -> dict[str, Any] | None:
        """Return the machine an earlier try made, once it is there; None where there is none."""
        machines = self._session.compute.virtual_machines
        try:
            found = until(
                lambda: machines.get(place.group, place.name), is_settled, f"making {place.name}"
            )
        except ResourceNotFoundError:
            return None
        return found if properties(found).get("provisioningState") == DONE else None

    def _origin(self, disk: str) -> Origin:
        """Return what a machine's disk is copied from: a disk, or an image."""
        try:
            found = self._disk(disk)
        except NotFound:
            kind, found = self._image(disk)
            if kind == kinds.IMAGE:
                return Origin(
                    found, {"createOption": "FromImage", "imageReference": {"id": found["id"]}}
                )
        if properties(found).get("diskState") in volumes.UPLOADING:
            raise Conflict(f"disk {disk} is still being filled: it has not all of its bytes")
        return Origin(found, {"createOption": "Copy", "sourceResourceId": found["id"]})

    def _copy(
        self,
        origin: Origin,
        spec: InstanceSpec,
        number: int,
        offer: Offer,
        machine: str,
        token: str,
        made: ExitStack,
    ) -> str:
        """Make one disk of a machine and return its path; it goes with ``made``."""
        wish: VolumeSpec = spec.volumes[number]
        place = self._place(wish.name, f"{token}-disk{number}")
        disks = self._session.compute.disks
        found = self._there(disks.get, place)
        if found is None:
            made.callback(self._drop_disk, place)
            asked: dict[str, Any] = {"creationData": origin.creation}
            if wish.size > volumes.size_of(origin.told):
                asked["diskSizeGB"] = gib(wish.size)
            if number == 0:
                asked |= translate.boot_disk_wish(spec, offer)
            found = self._new_disk(place, wish, asked, token=token, **{tags.MACHINE: machine})
        return str(found["id"])

    def _drop_disk(self, place: Place) -> None:
        disks = self._session.compute.disks
        finished(disks.begin_delete(place.group, place.name), f"deleting {place.name}")

    def _drop_machine(self, place: Place) -> None:
        machines = self._session.compute.virtual_machines
        finished(machines.begin_delete(place.group, place.name), f"deleting {place.name}")


def check(spec: InstanceSpec, disks: Sequence[str]) -> None:
    """Invalid or Unsupported for a wish the service would refuse, before anything is made."""
    if not disks or len(disks) != len(spec.volumes):
        raise Invalid(f"{len(spec.volumes)} volumes need as many disks, not {len(disks)}")
    if spec.volumes[0].size > BOOT_VOLUME_MAX:
        raise Invalid(
            f"a machine starts from a disk of at most {BOOT_VOLUME_MAX // GIB} GiB here, not of "
            f"{gib(spec.volumes[0].size)}"
        )
    if len(disks) > LIMITS.disks_per_instance:
        raise Invalid(f"{len(disks)} disks: at most {LIMITS.disks_per_instance} fit an instance")
    if len(spec.nics) > LIMITS.nics_per_instance:
        raise Invalid(f"{len(spec.nics)} cards: at most {LIMITS.nics_per_instance} fit")
    if not spec.nics:
        raise Invalid("a machine has one card at least here")
    if spec.firmware not in {*LIMITS.firmware, Firmware.UNKNOWN}:
        raise Unsupported(f"a machine made from disks cannot start with {spec.firmware} here")
    if spec.system.distribution is not None:
        raise Unsupported(
            f"only whether it is Linux or Windows can be told here, not {spec.system.distribution}",
            hint="Fit the machine first, or leave the distribution out",
        )
    if spec.user_data and len(spec.user_data.encode()) > LIMITS.user_data_max:
        raise Invalid(f"user data is over {LIMITS.user_data_max} bytes")
    if spec.key_pair is not None:
        raise Unsupported(
            "a machine made from disks has the keys that are on them, and gets no other",
            hint="Leave the key pair out, or put its key into the user data",
        )
    rule = LIMITS.instance_name
    if len(spec.name) > rule.max_length or not re.fullmatch(rule.pattern, spec.name):
        raise Invalid(
            f"a machine cannot be called {spec.name!r} here",
            hint=f"At most {rule.max_length} letters, digits and dashes, with no dash at the ends",
        )
    check_performance(spec.volumes, LIMITS.performance_kinds)
    for labels in (spec.labels, *(volume.labels for volume in spec.volumes)):
        tags.tags_for(labels, {})
    nics.check(spec.nics)


def firmware(spec: InstanceSpec, origin: Mapping[str, Any]) -> Firmware:
    """Return what a machine starts with: what was asked for, or what its boot disk says.

    Invalid when the two are not of one generation, which a copy of a disk keeps.
    """
    told = volumes.firmware_of(origin)
    if spec.firmware is Firmware.UNKNOWN:
        return told
    if told is not Firmware.UNKNOWN and GENERATION_WORDS[told] != GENERATION_WORDS[spec.firmware]:
        raise Invalid(
            f"the machine is to start with {spec.firmware}, and the disk or image "
            f"{origin['name']} is made for {told}: a generation never changes",
            hint=f"Ask for {told}, or copy the disk anew",
        )
    return spec.firmware


def system(spec: InstanceSpec, origin: Mapping[str, Any]) -> System:
    """Return what a machine runs: what was asked for, what its boot disk says, or the default.

    Invalid when the two are not the same, which a copy of a disk keeps.
    """
    told = SYSTEMS.get(str(properties(origin).get("osType")), SystemKind.UNKNOWN)
    asked = spec.system.kind
    if SystemKind.UNKNOWN not in (asked, told) and asked is not told:
        raise Invalid(
            f"the machine is to run {asked}, and the disk or image {origin['name']} is said to "
            f"hold {told}",
            hint=f"Ask for {told}, or copy the disk anew",
        )
    known = (kind for kind in (asked, told) if kind is not SystemKind.UNKNOWN)
    return System(kind=next(known, LIMITS.system.otherwise))
