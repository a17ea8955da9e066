"""What is on offer: SKUs with their capabilities, sizes, usages.

https://learn.microsoft.com/rest/api/compute/resource-skus/list
https://learn.microsoft.com/rest/api/compute/usage/list
https://learn.microsoft.com/rest/api/compute/virtual-machine-sizes/list
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.services.azure.arm import locations
from tests.services.azure.arm.call import Call
from tests.services.azure.arm.front import View
from tests.services.azure.compute import quotas
from tests.services.azure.compute.compute_type import COMPUTE_VERSIONS
from tests.services.azure.compute.sizes import ZONES, Size, offered

if TYPE_CHECKING:
    from tests.services.azure.arm.front import Arm

SKU_VERSIONS = ("2021-07-01", "2019-04-01", "2017-09-01")
OS_DISK_MIB = 1_047_552


def size_body(size: Size) -> dict[str, Any]:
    """A size in a listing of virtual machine sizes."""
    return {
        "name": size.name,
        "numberOfCores": size.vcpus,
        "osDiskSizeInMB": OS_DISK_MIB,
        "resourceDiskSizeInMB": size.temporary_mib,
        "memoryInMB": int(size.memory_gib * 1024),
        "maxDataDiskCount": size.data_disks,
    }


def _skus(arm: Arm, call: Call, _parts: dict[str, str]) -> list[dict[str, Any]]:
    # the only filter there is: location eq 'westeurope'
    asked = re.fullmatch(r"location eq '([^']*)'", call.query.get("$filter", ""))
    here = [locations.normal(asked[1])] if asked else list(locations.LOCATIONS)
    return [
        _sku(arm, size, location)
        for location in here
        if location in locations.LOCATIONS
        for size in offered(location)
    ]


def _sku(arm: Arm, size: Size, location: str) -> dict[str, Any]:
    zones = list(ZONES[location])
    reason = arm.limits.restrictions.get(size.name)
    restriction = {
        "type": "Location",
        "values": [location],
        "restrictionInfo": {"locations": [location], "zones": zones},
        "reasonCode": reason,
    }
    return {
        "resourceType": "virtualMachines",
        "name": size.name,
        "tier": "Standard",
        "size": size.short,
        "family": size.family,
        "locations": [location],
        "locationInfo": [{"location": location, "zones": zones, "zoneDetails": []}],
        "capabilities": [
            {"name": name, "value": value} for name, value in _capabilities(size).items()
        ],
        "restrictions": [restriction] if reason else [],
    }


def _capabilities(size: Size) -> dict[str, str]:
    return {
        "MaxResourceVolumeMB": str(size.temporary_mib),
        "OSVhdSizeMB": str(OS_DISK_MIB),
        "vCPUs": str(size.vcpus),
        "MemoryPreservingMaintenanceSupported": "True",
        "HyperVGenerations": size.generations,
        "DiskControllerTypes": size.controllers,
        "MemoryGB": f"{size.memory_gib:g}",
        "MaxDataDiskCount": str(size.data_disks),
        "CpuArchitectureType": size.architecture,
        "LowPriorityCapable": "True",
        "PremiumIO": str(size.premium),
        "VMDeploymentTypes": "IaaS",
        "vCPUsAvailable": str(size.vcpus),
        "vCPUsPerCore": "1" if size.architecture == "Arm64" else "2",
        "EphemeralOSDiskSupported": "False",
        "EncryptionAtHostSupported": "True",
        "AcceleratedNetworkingEnabled": str(size.vcpus > 1),
        "RdmaEnabled": "False",
        "MaxNetworkInterfaces": str(size.nics),
    }


def _usages(arm: Arm, _call: Call, parts: dict[str, str]) -> list[dict[str, Any]]:
    return quotas.usages(arm, _location(parts))


def _sizes(_arm: Arm, _call: Call, parts: dict[str, str]) -> list[dict[str, Any]]:
    return [size_body(size) for size in offered(_location(parts))]


def _location(parts: dict[str, str]) -> str:
    location = locations.normal(parts["location"])
    if location not in locations.LOCATIONS:
        raise locations.no_such(location)
    return location


VIEWS = (
    View("Microsoft.Compute", "skus", SKU_VERSIONS, _skus),
    View("Microsoft.Compute", "locations/(?P<location>[^/]+)/usages", COMPUTE_VERSIONS, _usages),
    View("Microsoft.Compute", "locations/(?P<location>[^/]+)/vmSizes", COMPUTE_VERSIONS, _sizes),
)
