"""Quotas: what is used, how much is allowed, and how it is told when it is too little.

https://learn.microsoft.com/azure/quotas/per-vm-quota-requests; https://learn.microsoft.com/rest/api/compute/usage/list
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.services.azure.arm.errors import conflict
from tests.services.azure.arm.resource import Resource
from tests.services.azure.compute.compute_type import DISK, SNAPSHOT, VIRTUAL_MACHINE
from tests.services.azure.compute.sizes import SIZES, Size, offered

if TYPE_CHECKING:
    from tests.services.azure.arm.front import Arm

# made up, and large enough for tests that do not ask for less
DEFAULTS = {"cores": 1000, "virtualMachines": 25_000, "availabilitySets": 2500}
DEFAULT_FAMILY_CORES = 500
DISKS = {
    "Standard_LRS": ("StandardDiskCount", "Standard Managed Disks"),
    "StandardSSD_LRS": ("StandardSSDDiskCount", "StandardSSD Managed Disks"),
    "StandardSSD_ZRS": ("StandardSSDZRSDiskCount", "StandardSSD ZRS Managed Disks"),
    "Premium_LRS": ("PremiumDiskCount", "Premium Managed Disks"),
    "Premium_ZRS": ("PremiumZRSDiskCount", "Premium ZRS Managed Disks"),
    "PremiumV2_LRS": ("PremiumV2DiskCount", "PremiumV2 Managed Disks"),
    "UltraSSD_LRS": ("UltraSSDDiskCount", "Ultra SSD Managed Disks"),
}
DEFAULT_DISKS = 50_000


def usages(arm: Arm, location: str) -> list[dict[str, Any]]:
    """Every quota of a region with what is used of it."""
    used: Counter[str] = Counter()
    for kind in (VIRTUAL_MACHINE, DISK, SNAPSHOT):
        used += _used(arm, location, kind)
    names = {
        "availabilitySets": "Availability Sets",
        "cores": "Total Regional vCPUs",
        "virtualMachines": "Virtual Machines",
        **{size.family: _family_words(size) for size in offered(location)},
        **dict(DISKS.values()),
        "StandardSnapshotCount": "StandardStorageSnapshots",
    }
    return [
        {
            "unit": "Count",
            "currentValue": used[name],
            "limit": _limit(arm, name),
            "name": {"value": name, "localizedValue": words},
        }
        for name, words in names.items()
    ]


def check_size(arm: Arm, location: str, size: Size, before: Size | None) -> None:
    """ArmError when one more machine of this size, instead of that, is beyond a quota."""
    more = size.vcpus - (before.vcpus if before is not None else 0)
    in_family = more if before is not None and before.family == size.family else size.vcpus
    asked = [
        ("cores", "Total Regional Cores", more),
        (size.family, f"{size.family} Cores", in_family),
    ]
    if before is None:
        asked.append(("virtualMachines", "Total Regional Virtual Machines", 1))
    _check(arm, location, VIRTUAL_MACHINE, asked)


def check_disk(arm: Arm, location: str, sku: str) -> None:
    """ArmError when one more disk is beyond a quota."""
    name, words = DISKS[sku]
    _check(arm, location, DISK, [(name, words, 1)])


def size_of(vm: Resource) -> Size:
    """The size of a machine."""
    return SIZES[vm.properties["hardwareProfile"]["vmSize"].lower()]


def _check(arm: Arm, location: str, kind: str, asked: list[tuple[str, str, int]]) -> None:
    now = _used(arm, location, kind)
    for name, words, more in asked:
        used, limit = now[name], _limit(arm, name)
        if more > 0 and used + more > limit:
            # the words: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-resource-quota
            raise conflict(
                "OperationNotAllowed",
                "Operation could not be completed as it results in exceeding approved "
                f"{words} quota. Additional details - Deployment Model: Resource Manager, "
                f"Location: {location}, Current Limit: {limit}, Current Usage: {used}, Additional "
                f"Required: {more}, (Minimum) New Limit Required: {used + more}. Submit a request "
                "for Quota increase by specifying parameters listed in the 'Details' section for "
                "deployment to succeed. Please read more about quota limits at "
                "https://docs.microsoft.com/en-us/azure/azure-supportability/regional-quota-requests",
            )


def _used(arm: Arm, location: str, kind: str) -> Counter[str]:
    """What resources of one type take of the quotas of a region."""
    used: Counter[str] = Counter()
    for each in arm.store.of_type(kind, f"/subscriptions/{arm.settings.subscription}"):
        if each.location != location:
            continue
        if kind == VIRTUAL_MACHINE:
            size = size_of(each)
            # allocated or not: https://learn.microsoft.com/azure/quotas/per-vm-quota-requests
            used.update({"virtualMachines": 1, "cores": size.vcpus, size.family: size.vcpus})
        elif kind == DISK:
            used[DISKS[each.body["sku"]["name"]][0]] += 1
        else:
            used["StandardSnapshotCount"] += 1
    return used


def _limit(arm: Arm, name: str) -> int:
    of_family = DEFAULT_FAMILY_CORES if name.endswith("Family") else DEFAULT_DISKS
    return arm.limits.quotas.get(name, DEFAULTS.get(name, of_family))


def _family_words(size: Size) -> str:
    return f"{size.family.removeprefix('standard').removesuffix('Family')} Family vCPUs"
