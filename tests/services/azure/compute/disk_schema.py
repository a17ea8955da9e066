"""What may be said of disks and snapshots.

https://learn.microsoft.com/rest/api/compute/disks/create-or-update
https://learn.microsoft.com/rest/api/compute/snapshots/create-or-update
"""

from __future__ import annotations

from tests.services.azure.arm.schema import (
    ANYTHING,
    FLAG,
    NUMBER,
    TEXT,
    Items,
    Number,
    Rule,
    Shape,
    Text,
)
from tests.services.azure.compute import disk_sizes

GENERATION = Text(choices=("V1", "V2"))
OS_TYPE = Text(choices=("Linux", "Windows"))
CREATE_OPTIONS = ("Empty", "Copy", "FromImage", "Upload", "Import", "Restore", "CopyStart")

_SOURCE = Shape({"id": TEXT, "lun": NUMBER}, name="ImageDiskReference")
_CREATION = Shape(
    {
        "createOption": Text(choices=CREATE_OPTIONS),
        "storageAccountId": TEXT,
        "imageReference": _SOURCE,
        "galleryImageReference": _SOURCE,
        "sourceUri": TEXT,
        "sourceResourceId": TEXT,
        "uploadSizeBytes": Number(least=0),
        "logicalSectorSize": NUMBER,
        "performancePlus": FLAG,
    },
    required=("createOption",),
    read_only=("sourceUniqueId",),
    name="CreationData",
)
_COMMON: dict[str, Rule] = {
    "osType": OS_TYPE,
    "hyperVGeneration": GENERATION,
    "purchasePlan": ANYTHING,
    "supportedCapabilities": Shape(
        {
            "diskControllerTypes": TEXT,
            "acceleratedNetwork": FLAG,
            "architecture": Text(choices=("x64", "Arm64")),
            "supportedSecurityOption": TEXT,
        },
        name="SupportedCapabilities",
    ),
    "diskSizeGB": Number(least=1),
    "encryption": ANYTHING,
    "encryptionSettingsCollection": ANYTHING,
    "networkAccessPolicy": Text(choices=("AllowAll", "AllowPrivate", "DenyAll")),
    "diskAccessId": TEXT,
    "publicNetworkAccess": Text(choices=("Enabled", "Disabled")),
    "dataAccessAuthMode": Text(choices=("None", "AzureActiveDirectory")),
    "supportsHibernation": FLAG,
    "securityProfile": ANYTHING,
}
_DISK: dict[str, Rule] = {
    **_COMMON,
    "diskIOPSReadWrite": Number(least=1),
    "diskMBpsReadWrite": Number(least=1),
    "maxShares": Number(least=1),
    "tier": TEXT,
    "burstingEnabled": FLAG,
    "optimizedForFrequentAttach": FLAG,
}
_MADE = (
    "provisioningState", "timeCreated", "diskSizeBytes", "uniqueId", "diskState",
    "completionPercent", "LastOwnershipUpdateTime", "propertyUpdatesInProgress", "shareInfo",
    "incrementalSnapshotFamilyId", "copyCompletionError", "burstingEnabledTime",
    "snapshotAccessState",
)  # fmt: skip
_SHOWN = ("managedBy", "managedByExtended")


def _sku(choices: tuple[str, ...], name: str) -> Shape:
    return Shape({"name": Text(choices=choices)}, read_only=("tier",), name=name)


def _whole(properties: Shape, sku: Shape, name: str) -> Shape:
    shape: dict[str, Rule] = {"sku": sku, "extendedLocation": ANYTHING, "properties": properties}
    return Shape(shape, required=("properties",), read_only=_SHOWN, name=name)


_DISK_SKU = _sku(disk_sizes.SKUS, "DiskSku")
_SNAPSHOT_SKU = _sku(("Standard_LRS", "Premium_LRS", "Standard_ZRS"), "SnapshotSku")

DISK = _whole(
    Shape({**_DISK, "creationData": _CREATION}, ("creationData",), _MADE, "DiskProperties"),
    _DISK_SKU,
    "Disk",
).also(zones=Items(TEXT, most=1))
DISK_UPDATE = Shape(
    {"sku": _DISK_SKU, "properties": Shape(_DISK, read_only=_MADE, name="DiskUpdateProperties")},
    read_only=_SHOWN,
    name="DiskUpdate",
)
SNAPSHOT = _whole(
    Shape(
        {**_COMMON, "creationData": _CREATION, "incremental": FLAG},
        ("creationData",),
        _MADE,
        "SnapshotProperties",
    ),
    _SNAPSHOT_SKU,
    "Snapshot",
)
SNAPSHOT_UPDATE = Shape(
    {
        "sku": _SNAPSHOT_SKU,
        "properties": Shape(_COMMON, read_only=_MADE, name="SnapshotUpdateProperties"),
    },
    read_only=_SHOWN,
    name="SnapshotUpdate",
)
