"""Managed images: copies of disks to make machines from. https://learn.microsoft.com/rest/api/compute/images"""

from __future__ import annotations

import uuid
from typing import Any

from tests.services.azure.arm.operations import Finish
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.resource_type import NETWORK_NAME, NameRule
from tests.services.azure.arm.schema import FLAG, TEXT, Items, Number, Rule, Shape, Text
from tests.services.azure.compute import contents
from tests.services.azure.compute.compute_type import (
    COMPUTE_VERSIONS,
    DISK,
    SNAPSHOT,
    VIRTUAL_MACHINE,
    ComputeType,
    fixed,
    invalid,
    missing,
    refused,
    unchanged,
)
from tests.services.azure.compute.disk_schema import GENERATION, OS_TYPE
from tests.services.azure.compute.disk_sizes import GIB, SKUS

_ID = Shape({"id": TEXT}, name="SubResource")
_DISK: dict[str, Rule] = {
    "snapshot": _ID,
    "managedDisk": _ID,
    "blobUri": TEXT,
    "caching": Text(choices=("None", "ReadOnly", "ReadWrite")),
    "diskSizeGB": Number(least=1),
    "storageAccountType": Text(choices=SKUS),
}
_OS_DISK = Shape(
    {**_DISK, "osType": OS_TYPE, "osState": Text(choices=("Generalized", "Specialized"))},
    required=("osType", "osState"),
    name="ImageOSDisk",
)
_DATA_DISK = Shape(
    {**_DISK, "lun": Number(least=0, most=63)}, required=("lun",), name="ImageDataDisk"
)


class Images(ComputeType):
    """An image with bytes of its own: what it was made from may go."""

    name = "images"
    api_versions = COMPUTE_VERSIONS
    names = NameRule(NETWORK_NAME, 80)
    body = Shape(
        {
            "extendedLocation": TEXT,
            "properties": Shape(
                {
                    "sourceVirtualMachine": _ID,
                    "storageProfile": Shape(
                        {
                            "osDisk": _OS_DISK,
                            "dataDisks": Items(_DATA_DISK),
                            "zoneResilient": FLAG,
                        },
                        name="ImageStorageProfile",
                    ),
                    "hyperVGeneration": GENERATION,
                },
                read_only=("provisioningState",),
                name="ImageProperties",
            ),
        },
        required=("properties",),
        name="Image",
    )

    def put(self, resource: Resource, old: Resource | None) -> Finish | None:
        properties = resource.properties
        if old is not None:
            unchanged(resource, old, "sourceVirtualMachine", "hyperVGeneration")
            if properties.get("storageProfile", {}).get("osDisk", {}).get("osType") not in (
                None,
                old.properties["storageProfile"]["osDisk"]["osType"],
            ):
                raise fixed("storageProfile.osDisk")
            properties["storageProfile"] = old.properties["storageProfile"]
            return None
        # https://learn.microsoft.com/rest/api/compute/images/create-or-update#hypervgenerationtypes
        generation = properties.setdefault("hyperVGeneration", "V1")
        if "sourceVirtualMachine" in properties:
            properties["storageProfile"] = self._of_machine(properties["sourceVirtualMachine"])
        profile = properties.get("storageProfile")
        if profile is None or "osDisk" not in profile:
            raise missing("storageProfile.osDisk")
        profile.setdefault("dataDisks", [])
        profile.setdefault("zoneResilient", False)
        blobs = {"None": self._copy(profile["osDisk"], generation, resource.location)}
        for disk in profile["dataDisks"]:
            blobs[str(disk["lun"])] = self._copy(disk, None, resource.location)
        resource.hidden["blobs"] = blobs
        return None

    def delete(self, resource: Resource) -> Finish | None:
        def gone() -> None:
            for blob, _ in resource.hidden["blobs"].values():
                self.arm.blobs.store.delete(blob)

        return gone

    def _of_machine(self, reference: dict[str, str]) -> dict[str, Any]:
        vm = self.store.get(reference["id"])
        if vm is None or vm.type != VIRTUAL_MACHINE:
            raise invalid("sourceVirtualMachine.id", f"{reference['id']} is no virtual machine.")
        if not vm.hidden.get("generalized"):
            # https://learn.microsoft.com/azure/virtual-machines/capture-image-resource
            raise refused(
                f"The Virtual Machine {vm.id} must be generalized before an image is made from it."
            )
        profile = vm.properties["storageProfile"]
        disk = profile["osDisk"]
        return {
            "osDisk": {
                "osType": disk["osType"],
                "osState": "Generalized",
                "managedDisk": {"id": disk["managedDisk"]["id"]},
            },
            "dataDisks": [
                {"lun": each["lun"], "managedDisk": {"id": each["managedDisk"]["id"]}}
                for each in profile["dataDisks"]
            ],
        }

    def _copy(self, disk: dict[str, Any], generation: str | None, location: str) -> tuple[str, int]:
        """A copy of the bytes an image's disk names; the blob and its size."""
        named = disk.get("managedDisk") or disk.get("snapshot")
        if named is None:
            raise invalid("storageProfile", "Only managed disks and snapshots are imitated here.")
        wanted = (DISK,) if "managedDisk" in disk else (SNAPSHOT,)
        origin = contents.of_resource(self.store, named["id"], wanted, location)
        theirs = origin.said.get("hyperVGeneration", generation)
        if generation is not None and theirs != generation:
            raise invalid(
                "hyperVGeneration",
                f"The image is of generation {generation}, its disk {named['id']} of {theirs}.",
            )
        disk["diskSizeGB"] = max(disk.get("diskSizeGB", 0), -(-origin.size // GIB))
        disk.setdefault("caching", "None" if generation is None else "ReadWrite")
        disk.setdefault("storageAccountType", "Standard_LRS")
        assert origin.blob is not None
        name = str(uuid.uuid4())
        self.arm.blobs.store.copy(origin.blob, name)
        return name, origin.size
