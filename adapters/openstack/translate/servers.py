"""Servers: instances, as nova tells them, with what cinder and neutron know of them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.openstack import marks
from adapters.openstack.translate.flavors import size
from adapters.openstack.translate.networks import nic
from adapters.openstack.translate.states import state
from adapters.openstack.translate.volumes import volume
from adapters.openstack.translate.words import architecture as image_architecture
from adapters.openstack.translate.words import firmware, moment
from broker.model import Arch, Firmware, Instance, InstanceSpec

Told = Mapping[str, Any]


def instance(
    server: Told,
    volumes: Iterable[Told],
    ports: Iterable[Told],
    public: Mapping[str, Sequence[str]],
    *,
    architecture: Arch,
    now: datetime,
) -> Instance:
    """Return a server; ``public`` has the floating addresses of each port."""
    ordered = sorted(volumes, key=lambda told: _place(told, server))
    disks = [volume(told, boot=place == 0) for place, told in enumerate(ordered)]
    cards = [nic(port, public.get(port["id"], ())) for port in sorted(ports, key=_age)]
    properties = ordered[0].get("volume_image_metadata", {}) if ordered else {}
    if (told := image_architecture(properties)) is not Arch.UNKNOWN:
        architecture = told
    return Instance(
        id=server["id"],
        spec=InstanceSpec(
            name=server["name"],
            size=size(server["flavor"], architecture),
            firmware=firmware(properties) if ordered else Firmware.UNKNOWN,
            volumes=tuple(disk.spec for disk in disks),
            nics=tuple(card.spec for card in cards),
            key_pair=server.get("key_name"),
            user_data=_text(server.get("OS-EXT-SRV-ATTR:user_data")),
            labels=marks.labels(server.get("metadata", {})),
        ),
        state=state(server, now),
        volumes=tuple(disk.id for disk in disks),
        nics=tuple(cards),
        offer=server["flavor"].get("original_name"),
        zone=server.get("OS-EXT-AZ:availability_zone") or None,
        created_at=moment(server.get("created")),
        native=server,
    )


def fault(server: Told) -> str:
    """Return why a server is in ERROR, in nova's words."""
    told = server.get("fault") or {}
    return str(told.get("message") or "nova does not say why")


def volumes_of(server: Told) -> list[str]:
    """Return the ids of a server's volumes; cinder knows nothing of a shelved server's."""
    return [each["id"] for each in server.get("os-extended-volumes:volumes_attached", [])]


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
    """Return user data; nova shows them to administrators only, unless its policy says more."""
    return base64.b64decode(user_data).decode("utf-8", "replace") if user_data else None
