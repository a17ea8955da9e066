"""What a project may hold at once: each service tells its own part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from broker.adapter import Quotas
from broker.model import GIB, MIB


def quotas(
    compute: Mapping[str, Any],
    storage: Mapping[str, Any],
    network: Mapping[str, Any],
    image: Mapping[str, Any],
) -> Quotas:
    """Return the quotas of nova's, cinder's, neutron's and glance's answers.

    A number below zero means that there is none, and an answer may lack any of them.
    """
    return Quotas(
        instances=_most(compute.get("maxTotalInstances")),
        vcpus=_most(compute.get("maxTotalCores")),
        memory=_most(compute.get("maxTotalRAMSize")),
        key_pairs=_most(compute.get("maxTotalKeypairs")),
        volumes=_most(storage.get("maxTotalVolumes")),
        volume_bytes=_most(storage.get("maxTotalVolumeGigabytes"), GIB),
        snapshots=_most(storage.get("maxTotalSnapshots")),
        networks=_most(network.get("network")),
        cards=_most(network.get("port")),
        firewalls=_most(network.get("security_group")),
        firewall_rules=_most(network.get("security_group_rule")),
        public_addresses=_most(network.get("floatingip")),
        images=_most(image.get("image_count_total", {}).get("limit")),
        image_bytes=_most(image.get("image_size_total", {}).get("limit"), MIB),
    )


def _most(told: int | None, unit: int = 1) -> int | None:
    return None if told is None or told < 0 else told * unit
