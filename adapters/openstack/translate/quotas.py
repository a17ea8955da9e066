"""What a project may hold at once, and holds: each service tells its own part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from broker.adapter import Counts, Quotas
from broker.model import GIB, MIB

NETWORK = {
    "networks": "network",
    "cards": "port",
    "firewalls": "security_group",
    "firewall_rules": "security_group_rule",
    "public_addresses": "floatingip",
}
"""What neutron calls ours."""


def quotas(
    compute: Mapping[str, Any],
    storage: Mapping[str, Any],
    network: Mapping[str, Any],
    image: Mapping[str, Any],
) -> Quotas:
    """Return the quotas of nova's, cinder's, neutron's and glance's answers.

    A number below zero means that there is none, and an answer may lack any of them. neutron's has
    a number for each, or where it tells details, what is used beside it.
    """
    images = _most(image.get("image_count_total", {}).get("limit"))
    image_bytes = _most(image.get("image_size_total", {}).get("limit"), MIB)
    most = {ours: network.get(theirs) for ours, theirs in NETWORK.items()}
    return Quotas(
        instances=_most(compute.get("maxTotalInstances")),
        vcpus=_most(compute.get("maxTotalCores")),
        memory=_most(compute.get("maxTotalRAMSize")),
        key_pairs=_most(compute.get("maxTotalKeypairs")),
        volumes=_most(storage.get("maxTotalVolumes")),
        volume_bytes=_most(storage.get("maxTotalVolumeGigabytes"), GIB),
        snapshots=_most(storage.get("maxTotalSnapshots")),
        images=images,
        image_bytes=image_bytes,
        disks=images,
        disk_bytes=image_bytes,
        **{
            ours: _most(told["limit"] if isinstance(told, Mapping) else told)
            for ours, told in most.items()
        },
    )


def use(
    compute: Mapping[str, Any],
    storage: Mapping[str, Any],
    network: Mapping[str, Any],
    image: Mapping[str, Any],
) -> Counts:
    """Return what the same answers say is used; None for what they do not count."""
    images = image.get("image_count_total", {}).get("usage")
    image_bytes = _most(image.get("image_size_total", {}).get("usage"), MIB)
    held = {ours: network.get(theirs) for ours, theirs in NETWORK.items()}
    return Counts(
        instances=compute.get("totalInstancesUsed"),
        vcpus=compute.get("totalCoresUsed"),
        memory=compute.get("totalRAMUsed"),
        volumes=storage.get("totalVolumesUsed"),
        volume_bytes=_most(storage.get("totalGigabytesUsed"), GIB),
        snapshots=storage.get("totalSnapshotsUsed"),
        images=images,
        image_bytes=image_bytes,
        disks=images,
        disk_bytes=image_bytes,
        **{
            ours: told["used"] + told["reserved"]
            for ours, told in held.items()
            if isinstance(told, Mapping)
        },
    )


def _most(told: int | None, unit: int = 1) -> int | None:
    return None if told is None or told < 0 else told * unit
