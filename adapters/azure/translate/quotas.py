"""What a subscription may have in one region, as the two services count it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from broker.adapter import Quotas

# https://learn.microsoft.com/rest/api/compute/usage/list and
# https://learn.microsoft.com/rest/api/virtualnetwork/usages/list
NAMES = {
    "virtualMachines": "instances",
    "cores": "vcpus",
    "StandardSnapshotCount": "snapshots",
    "VirtualNetworks": "networks",
    "NetworkInterfaces": "cards",
    "NetworkSecurityGroups": "firewalls",
    "StandardSkuPublicIpAddresses": "public_addresses",
}


def quotas(usages: Iterable[Mapping[str, Any]]) -> Quotas:
    """Return the limits among usages that we have a word for; a negative one is none."""
    told = {str(each["name"]["value"]): int(each["limit"]) for each in usages}
    return Quotas(**{ours: told[name] for name, ours in NAMES.items() if told.get(name, -1) >= 0})
