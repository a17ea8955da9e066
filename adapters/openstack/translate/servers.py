"""Servers: instances, as nova tells them, with what cinder and neutron know of them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.openstack import marks
from adapters.openstack.translate.flavors import local_disk, size
from adapters.openstack.translate.networks import nic
from adapters.openstack.translate.states import state
from adapters.openstack.translate.volumes import IDLE, UPLOADING, volume
from adapters.openstack.translate.words import architecture as image_architecture
from adapters.openstack.translate.words import firmware, moment, system
from broker.model import GIB, Arch, Instance, InstanceSpec, VolumeSpec

Told = Mapping[str, Any]

USER_DATA = "OS-EXT-SRV-ATTR:user_data"
"""Shown to administrators only, as null where there is none, unless nova's policy says more."""


def instance(
    server: Told,
    volumes: Iterable[Told],
    ports: Iterable[Told],
    public: Mapping[str, Sequence[str]],
    *,
    image: Told,
    architecture: Arch,
    now: datetime,
) -> Instance:
    """Return a server; ``public`` has the floating addresses of each port.

    ``image`` is the one its own disk was made from; empty for a server that boots from a volume,
    and where the image is gone.
    """
    ordered = sorted(volumes, key=lambda told: _place(told, server))
    if image_of(server):
        properties, disks = image, _with_own_disk(server, image, ordered)
    else:
        properties = ordered[0].get("volume_image_metadata", {}) if ordered else {}
        disks = [
            (told["id"], volume(told, boot=place == 0).spec) for place, told in enumerate(ordered)
        ]
    cards = [nic(port, public.get(port["id"], ())) for port in sorted(ports, key=_age)]
    if (told := image_architecture(properties)) is not Arch.UNKNOWN:
        architecture = told
    runs = system(properties)
    return Instance(
        id=server["id"],
        spec=InstanceSpec(
            name=server["name"],
            size=size(server["flavor"], architecture),
            firmware=firmware(properties),
            system=runs,
            volumes=tuple(spec for _, spec in disks),
            nics=tuple(card.spec for card in cards),
            key_pair=server.get("key_name"),
            user_data=_text(server.get(USER_DATA)),
            labels=marks.labels(server.get("metadata", {})),
        ),
        state=state(server, now),
        volumes=tuple(disk for disk, _ in disks),
        nics=tuple(cards),
        offer=server["flavor"].get("original_name"),
        zone=server.get("OS-EXT-AZ:availability_zone") or None,
        billed_as=runs.billed_as,
        user_data_told=USER_DATA in server,
        local_disk=local_disk(server["flavor"]),
        unreadable=_unreadable(server, ordered),
        created_at=moment(server.get("created")),
        native=server,
    )


def _unreadable(server: Told, volumes: Sequence[Told]) -> str | None:
    """Return why cinder and nova would not give out the disks of a server."""
    state = server.get("OS-EXT-STS:vm_state")
    # a disk of its own is packed away at once, volumes when the host is given back
    if state == "shelved_offloaded" or (state == "shelved" and image_of(server)):
        return (
            "it is shelved, and nobody can read its disks: start it, then stop it without "
            "deallocating it"
        )
    encrypted = [told.get("name") or told["id"] for told in volumes if told.get("encrypted")]
    if encrypted:
        return (
            f"volume {encrypted[0]} is encrypted, and its bytes are given out as they are: copy it "
            "in the guest to a volume of a type without encryption"
        )
    for told in volumes:
        if told["status"] not in {*IDLE, UPLOADING}:
            return (
                f"volume {told.get('name') or told['id']} is {told['status']}, and cinder reads "
                "none like that: wait until that has ended, or ask the operator to reset it"
            )
    return None


def volumes_of(server: Told) -> list[str]:
    """Return the ids of a server's volumes; cinder knows nothing of a shelved server's."""
    return [each["id"] for each in server.get("os-extended-volumes:volumes_attached", [])]


def image_of(server: Told) -> str | None:
    """Return the image a server's own disk was made from; None where it boots from a volume."""
    image = server.get("image")
    return str(image["id"]) if image else None


def _with_own_disk(
    server: Told, image: Told, volumes: Sequence[Told]
) -> list[tuple[str, VolumeSpec]]:
    """Return the disk that lives and dies with the server, then its volumes.

    The disk has no id but the server's. Where nobody tells its size no disk is told of at all:
    without the first one the others would be taken for the machine.
    """
    size = server["flavor"]["disk"] * GIB or image.get("virtual_size")
    if not size:
        return []
    own = VolumeSpec(name=server["name"], size=size, boot=True)
    return [(server["id"], own), *((told["id"], volume(told).spec) for told in volumes)]


def _place(volume: Told, server: Told) -> tuple[str, str, str]:
    """Order volumes as the guest sees them: the root first, then by device name."""
    attached: Told = next(
        (each for each in volume["attachments"] if each["server_id"] == server["id"]), {}
    )
    device = attached.get("device") or ""
    root = server.get("OS-EXT-SRV-ATTR:root_device_name")
    if root is not None and device == root:
        return "", "", ""
    # vdb before vdaa; what has no device (a shelved server's) keeps the order it was attached in
    return f"{len(device) or 99:02}", device, attached.get("attached_at") or ""


def _age(port: Told) -> tuple[str, str]:
    return port.get("created_at") or "", port["name"]


def _text(user_data: str | None) -> str | None:
    return base64.b64decode(user_data).decode("utf-8", "replace") if user_data else None
