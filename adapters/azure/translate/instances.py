"""Machines: what is told, as ours."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.azure import tags
from adapters.azure.ids import Ids
from adapters.azure.translate.native import properties
from adapters.azure.translate.networks import nic
from adapters.azure.translate.states import state
from adapters.azure.translate.volumes import firmware_of, time_of, volume_spec
from adapters.azure.translate.words import (
    CONTROLLERS,
    DISTRIBUTIONS,
    LICENSED,
    OWN_LICENCES,
    SPARE,
    SYSTEMS,
)
from broker.errors import NotFound
from broker.model import (
    Bus,
    Firmware,
    Instance,
    InstanceSpec,
    Offer,
    System,
    SystemKind,
    VolumeSpec,
)


@dataclass(frozen=True)
class Surroundings:
    """What other listings say of machines, by our ids.

    ``public`` has the public addresses by the ids of what holds them, ``codes`` those of machines'
    views, and ``offers`` go by their names in small letters.
    """

    disks: Mapping[str, Mapping[str, Any]]
    cards: Mapping[str, Mapping[str, Any]]
    public: Mapping[str, str]
    codes: Mapping[str, Sequence[str]]
    offers: Mapping[str, Offer]


def instance(
    found: Mapping[str, Any],
    around: Surroundings,
    ids: Ids,
    observed_at: datetime,
    *,
    user_data_asked: bool = False,
) -> Instance:
    """Return the machine. Its volumes are the boot disk, then the others by their place.

    User data are told only where ``user_data_asked`` for, which no listing can.
    """
    own = ids.short(found["id"])
    told = properties(found)
    # what went away between two listings is not the machine's any more
    disks = [each for each in map(ids.short, disk_paths(found)) if each in around.disks]
    # nor is a boot disk that lives on the host a disk to anybody else
    boot = around.disks.get(ids.short(boot_disk_path(found)))
    cards = [each for each in map(ids.short, card_paths(found)) if each in around.cards]
    nics = tuple(nic(around.cards[card], around.public, ids) for card in cards)
    offer = _offer(told, own, around.offers)
    data = told.get("userData")
    return Instance(
        id=own,
        spec=InstanceSpec(
            name=tags.name_of(found),
            size=offer.size,
            firmware=_firmware(told, boot) if boot else Firmware.UNKNOWN,
            system=_system(told),
            volumes=_volumes(found, [around.disks[disk] for disk in disks], boot),
            nics=tuple(each.spec for each in nics),
            user_data=base64.b64decode(data).decode(errors="replace") if data else None,
            labels=tags.labels_of(found),
        ),
        state=state(
            str(told.get("provisioningState", "")),
            around.codes.get(own, ()),
            observed_at,
        ),
        volumes=tuple(disks),
        nics=nics,
        offer=offer.id,
        zone=next(iter(found.get("zones") or []), None),
        billed_as=_billed_as(told),
        spot=told.get("priority") in SPARE,
        # one that the service set up may have got custom data, which nobody is ever told
        # learn.microsoft.com/azure/virtual-machines/custom-data
        user_data_told=bool(data) or (user_data_asked and not told.get("osProfile")),
        local_disk=offer.local_disk,
        created_at=time_of(told.get("timeCreated")),
        native=found,
    )


def _billed_as(told: Mapping[str, Any]) -> str | None:
    """Return what a machine's bill says it runs; with a licence of one's own it is a bare one."""
    storage = told.get("storageProfile") or {}
    kind = (storage.get("osDisk") or {}).get("osType")
    if told.get("licenseType") in OWN_LICENCES:
        return "linux"
    if kind != "Linux":
        return "windows" if kind == "Windows" else None
    image = storage.get("imageReference") or {}
    if str(image.get("offer", "")).lower().endswith("-byos"):
        return "linux"
    return LICENSED.get(str(image.get("publisher", "")).lower(), "linux")


def _system(told: Mapping[str, Any]) -> System:
    """Return what a machine says it runs, and of a Linux who published the image it is from."""
    storage = told.get("storageProfile") or {}
    word = str((storage.get("osDisk") or {}).get("osType"))
    kind = SYSTEMS.get(word, SystemKind.UNKNOWN)
    if kind is not SystemKind.LINUX:
        return System(kind=kind)
    image = storage.get("imageReference") or {}
    publisher, offer = (str(image.get(word, "")).lower() for word in ("publisher", "offer"))
    named = (
        distribution
        for (who, start), distribution in DISTRIBUTIONS.items()
        if publisher == who and offer.startswith(start)
    )
    return System(kind=kind, distribution=next(named, None))


def disk_paths(machine: Mapping[str, Any]) -> list[str]:
    """Return the service's ids of a machine's disks: the boot disk, then the others by place."""
    paths = [boot_disk_path(machine), *map(_path, data_disks(machine))]
    return [path for path in paths if path]


def boot_disk_path(machine: Mapping[str, Any]) -> str:
    """Return the service's id of a machine's boot disk; empty while it has none."""
    return _path((properties(machine).get("storageProfile") or {}).get("osDisk") or {})


def _path(disk: Mapping[str, Any]) -> str:
    return str((disk.get("managedDisk") or {}).get("id") or "")


def data_disks(machine: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what a machine says of its disks beside the boot disk, by place."""
    storage = properties(machine).get("storageProfile") or {}
    return sorted(storage.get("dataDisks") or [], key=lambda disk: disk["lun"])


def controller(machine: Mapping[str, Any]) -> str:
    """Return what a machine's disks are on; SCSI is all there was before it was told."""
    storage = properties(machine).get("storageProfile") or {}
    return str(storage.get("diskControllerType") or "SCSI")


def card_paths(machine: Mapping[str, Any]) -> list[str]:
    """Return the service's ids of a machine's cards, the first one first."""
    cards = (properties(machine).get("networkProfile") or {}).get("networkInterfaces") or []
    # a machine with one card need not say that it is the first
    ranked = sorted(cards, key=lambda card: not (card.get("properties") or {}).get("primary", True))
    return [card["id"] for card in ranked]


def _offer(told: Mapping[str, Any], machine: str, offers: Mapping[str, Offer]) -> Offer:
    size = str((told.get("hardwareProfile") or {}).get("vmSize", ""))
    if size.lower() not in offers:
        raise NotFound(
            f"machine {machine} has the size {size!r}, and the service tells nothing about it",
            hint="Give it a size that is still on offer",
        )
    return offers[size.lower()]


def _volumes(
    machine: Mapping[str, Any],
    disks: Sequence[Mapping[str, Any]],
    boot: Mapping[str, Any] | None,
) -> tuple[VolumeSpec, ...]:
    bus = CONTROLLERS.get(controller(machine), Bus.UNKNOWN)
    return tuple(volume_spec(disk, boot=disk is boot, bus=bus) for disk in disks)


def _firmware(told: Mapping[str, Any], boot_disk: Mapping[str, Any]) -> Firmware:
    """What the boot disk says, and whether it is started securely."""
    found = firmware_of(boot_disk)
    settings = (told.get("securityProfile") or {}).get("uefiSettings") or {}
    if found is Firmware.UEFI and settings.get("secureBootEnabled"):
        return Firmware.UEFI_SECURE
    return found
