"""What may be said of a virtual machine.

https://learn.microsoft.com/rest/api/compute/virtual-machines/create-or-update
"""

from __future__ import annotations

from tests.services.azure.arm.schema import (
    ANYTHING,
    FLAG,
    TEXT,
    Items,
    Number,
    Rule,
    Shape,
    Text,
)
from tests.services.azure.compute.disk_schema import OS_TYPE
from tests.services.azure.compute.disk_sizes import SKUS

_DELETE = Text(choices=("Delete", "Detach"))
_ID = Shape({"id": TEXT}, name="SubResource")
_IMAGE = Shape(
    dict.fromkeys(("id", "publisher", "offer", "sku", "version", "sharedGalleryImageId"), TEXT),
    read_only=("exactVersion",),
    name="ImageReference",
)
_MANAGED = Shape(
    {
        "id": TEXT,
        "storageAccountType": Text(choices=SKUS),
        "diskEncryptionSet": _ID,
        "securityProfile": ANYTHING,
    },
    name="ManagedDiskParameters",
)
_ANY_DISK: dict[str, Rule] = {
    "name": TEXT,
    "caching": Text(choices=("None", "ReadOnly", "ReadWrite")),
    "createOption": Text(choices=("Attach", "FromImage", "Empty", "Copy", "Restore")),
    "deleteOption": _DELETE,
    "diskSizeGB": Number(least=1, most=65536),
    "managedDisk": _MANAGED,
    "writeAcceleratorEnabled": FLAG,
}
_OS_DISK = Shape({**_ANY_DISK, "osType": OS_TYPE}, required=("createOption",), name="OSDisk")
_DATA_DISK = Shape(
    {**_ANY_DISK, "lun": Number(least=0, most=63), "toBeDetached": FLAG, "detachOption": TEXT},
    required=("createOption", "lun"),
    read_only=("diskIOPSReadWrite", "diskMBpsReadWrite"),
    name="DataDisk",
)
_STORAGE = Shape(
    {
        "imageReference": _IMAGE,
        "osDisk": _OS_DISK,
        "dataDisks": Items(_DATA_DISK),
        "diskControllerType": Text(choices=("SCSI", "NVMe")),
    },
    name="StorageProfile",
)
_SSH = Shape(
    {"publicKeys": Items(Shape({"path": TEXT, "keyData": TEXT}, name="SshPublicKey"))},
    name="SshConfiguration",
)
_LINUX = Shape(
    {
        "disablePasswordAuthentication": FLAG,
        "ssh": _SSH,
        "provisionVMAgent": FLAG,
        "patchSettings": ANYTHING,
        "enableVMAgentPlatformUpdates": FLAG,
    },
    name="LinuxConfiguration",
)
_OS = Shape(
    {
        "computerName": TEXT,
        "adminUsername": TEXT,
        "adminPassword": TEXT,
        "customData": TEXT,
        "linuxConfiguration": _LINUX,
        "windowsConfiguration": ANYTHING,
        "allowExtensionOperations": FLAG,
        "secrets": ANYTHING,
    },
    read_only=("requireGuestProvisionSignal",),
    name="OSProfile",
)
_CARD = Shape(
    {
        "id": TEXT,
        "properties": Shape(
            {"primary": FLAG, "deleteOption": _DELETE}, name="NetworkInterfaceReferenceProperties"
        ),
    },
    required=("id",),
    name="NetworkInterfaceReference",
)
_PROPERTIES: dict[str, Rule] = {
    "hardwareProfile": Shape(
        {"vmSize": TEXT, "vmSizeProperties": ANYTHING}, name="HardwareProfile"
    ),
    "storageProfile": _STORAGE,
    "osProfile": _OS,
    "networkProfile": Shape({"networkInterfaces": Items(_CARD)}, name="NetworkProfile"),
    "securityProfile": Shape(
        {
            "uefiSettings": Shape(
                {"secureBootEnabled": FLAG, "vTpmEnabled": FLAG}, name="UefiSettings"
            ),
            "encryptionAtHost": FLAG,
            "securityType": Text(choices=("Standard", "TrustedLaunch", "ConfidentialVM")),
        },
        name="SecurityProfile",
    ),
    "diagnosticsProfile": Shape(
        {"bootDiagnostics": Shape({"enabled": FLAG, "storageUri": TEXT}, name="BootDiagnostics")},
        name="DiagnosticsProfile",
    ),
    "additionalCapabilities": Shape(
        {"ultraSSDEnabled": FLAG, "hibernationEnabled": FLAG}, name="AdditionalCapabilities"
    ),
    "priority": Text(choices=("Regular", "Low", "Spot")),
    "evictionPolicy": Text(choices=("Deallocate", "Delete")),
    "availabilitySet": _ID,
    "proximityPlacementGroup": _ID,
    "licenseType": TEXT,
    "userData": TEXT,
}
_MADE = ("provisioningState", "instanceView", "vmId", "timeCreated")
_ZONES = Items(TEXT, most=1)
_AROUND: dict[str, Rule] = {"identity": ANYTHING, "plan": ANYTHING, "zones": _ZONES}

BODY = Shape(
    {
        **_AROUND,
        "extendedLocation": ANYTHING,
        "properties": Shape(
            _PROPERTIES,
            required=("hardwareProfile", "storageProfile"),
            read_only=_MADE,
            name="VirtualMachineProperties",
        ),
    },
    required=("properties",),
    read_only=("resources", "managedBy"),
    name="VirtualMachine",
)
# an update says only what changes, which for a disk or a card is still the whole list
UPDATE = Shape(
    {
        **_AROUND,
        "properties": Shape(
            {**_PROPERTIES, "storageProfile": Shape(
                {**_STORAGE.properties,
                 "osDisk": Shape(_OS_DISK.properties, name="OSDisk")},
                name="StorageProfile",
            )},
            read_only=_MADE,
            name="VirtualMachineProperties",
        ),
    },
    read_only=("resources",),
    name="VirtualMachineUpdate",
)  # fmt: skip
