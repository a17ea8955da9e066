"""Managed disks. https://learn.microsoft.com/rest/api/compute/disks"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from tests.services.azure.arm.call import Call
from tests.services.azure.arm.errors import ArmError, bad_request
from tests.services.azure.arm.operations import Finish, stamp
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.resource_type import NameRule
from tests.services.azure.blobs import vhd
from tests.services.azure.compute import contents, disk_schema, disk_sizes, quotas
from tests.services.azure.compute.access import ACTIVE, READY, WithAccess, blob_of
from tests.services.azure.compute.compute_type import (
    DISK_VERSIONS,
    VIRTUAL_MACHINE,
    fixed,
    invalid,
    missing,
    refused,
    unchanged,
)
from tests.services.azure.compute.contents import Origin
from tests.services.azure.compute.disk_sizes import GIB, MIB

LEAST_UPLOAD = 20 * MIB + vhd.SIZE
"""https://learn.microsoft.com/rest/api/compute/disks/create-or-update#creationdata: uploadSizeBytes
is 20972032 (20 MiB + 512 bytes for the VHD footer) or more."""
MOST_UPLOAD = 35_183_298_347_520
"""Same place: 32 TiB + 512 bytes or less."""

SPEED = ("diskIOPSReadWrite", "diskMBpsReadWrite")

NAME = NameRule(r"[A-Za-z0-9_-]+", 80)
"""https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules"""


class Disks(WithAccess):
    """A managed disk. Whose it is and what it is doing is found out when somebody looks."""

    name = "disks"
    api_versions = DISK_VERSIONS
    names = NAME
    body = disk_schema.DISK
    patch = disk_schema.DISK_UPDATE
    put_headers: ClassVar[tuple[str, ...]] = ("Azure-AsyncOperation", "Location")
    # https://github.com/Azure/azure-rest-api-specs: Disks_CreateOrUpdate answers 200 and 202
    created = replaced = patched = 202

    def put(self, resource: Resource, old: Resource | None) -> Finish | None:
        sku = resource.body.setdefault("sku", {}).setdefault("name", disk_sizes.STANDARD)
        resource.body["sku"]["tier"] = sku.partition("_")[0]
        origin = None
        if old is None:
            origin = self._begin(resource)
        else:
            self._go_on(resource, old)
        size = resource.properties["diskSizeBytes"]
        resource.properties["diskSizeGB"] = -(-size // GIB)
        self._check_kind(resource)
        self._set_speed(resource, is_new=old is None)
        if old is None:
            quotas.check_disk(self.arm, resource.location, sku)
            contents.fill(
                self.arm.blobs.store,
                blob_of(resource),
                size,
                origin,
                is_upload="upload" in resource.hidden,
            )
            return None
        return lambda: contents.grow(self.arm.blobs.store, blob_of(resource), size)

    def delete(self, resource: Resource) -> Finish | None:
        vm = self.owner(resource)
        if vm is not None:
            raise refused(f"Disk {resource.name} is attached to VM {vm.id}.")
        self.refuse_while_accessed(resource, "deleting")
        return lambda: self.arm.blobs.store.delete(blob_of(resource))

    def show(self, resource: Resource, call: Call) -> dict[str, Any]:
        body = super().show(resource, call)
        body["properties"] = {**resource.properties, "diskState": self.disk_state(resource)}
        vm = self.owner(resource)
        return body | ({"managedBy": vm.id} if vm is not None else {})

    def owner(self, disk: Resource) -> Resource | None:
        """The virtual machine it is attached to."""
        return next(iter(self.store.users(disk.id, VIRTUAL_MACHINE)), None)

    def disk_state(self, disk: Resource) -> str:
        """https://learn.microsoft.com/rest/api/compute/disks/get#diskstate."""
        if "upload" in disk.hidden:
            return str(disk.hidden["upload"])
        vm = self.owner(disk)
        if self.has_access(disk):
            return "ActiveSAS"
        if vm is None:
            return "Unattached"
        return "Reserved" if vm.hidden.get("power") == "deallocated" else "Attached"

    def refuse_access(self, resource: Resource, access: str) -> None:
        state = self.disk_state(resource)
        if (access == "Write") != (state in (READY, ACTIVE)):
            raise refused(
                f"{access} access cannot be granted to disk {resource.name} in state {state}. "
                "Write access is for disks made with createOption Upload, until endGetAccess."
            )
        if state == "Attached":
            raise refused(
                f"Disk {resource.name} is attached to running VM {self._owner_id(resource)}: stop "
                "and deallocate the VM, or take a snapshot."
            )

    def _owner_id(self, disk: Resource) -> str:
        vm = self.owner(disk)
        return vm.id if vm is not None else ""

    def _begin(self, resource: Resource) -> Origin | None:
        properties = resource.properties
        properties |= {"uniqueId": str(uuid.uuid4()), "timeCreated": stamp()}
        properties.setdefault("networkAccessPolicy", "AllowAll")
        properties.setdefault("publicNetworkAccess", "Enabled")
        properties.setdefault("encryption", {"type": "EncryptionAtRestWithPlatformKey"})
        creation = properties["creationData"]
        asked = properties.get("diskSizeGB", 0) * GIB
        origin = None
        match creation["createOption"]:
            case "Empty":
                if not asked:
                    raise missing("diskSizeGB")
            case "Upload":
                if asked:
                    raise not_with_upload()
                asked = upload_size(creation.get("uploadSizeBytes"))
                resource.hidden["upload"] = READY
            case "Copy":
                source = creation.get("sourceResourceId")
                origin = contents.of_resource(
                    self.store, source, contents.SOURCES, resource.location
                )
            case "FromImage":
                origin = self._image(creation, resource.location)
            case other:
                raise invalid("creationData.createOption", f"{other} is not imitated here.")
        if origin is not None:
            creation["sourceUniqueId"] = origin.blob
            for name, value in origin.said.items():
                properties.setdefault(name, value)
            if asked and asked < origin.size:
                raise smaller(origin.size, asked)
        properties["diskSizeBytes"] = max(asked, origin.size if origin else 0)
        return origin

    def _image(self, creation: dict[str, Any], location: str) -> Origin:
        reference = creation.get("imageReference")
        if reference is None:
            raise missing("creationData.imageReference")
        return contents.of_image_id(self.store, reference["id"], reference.get("lun"), location)

    def _go_on(self, resource: Resource, old: Resource) -> None:
        """Settle what an update may change."""
        # what a PUT does not repeat stays as it is
        asked = resource.properties.get("diskSizeGB", 0) * GIB
        resource.body["properties"] = {**old.properties, **resource.properties}
        properties, before = resource.properties, old.properties["diskSizeBytes"]
        properties["creationData"] = {
            **old.properties["creationData"],
            **properties["creationData"],
        }
        if resource.body["sku"]["name"] != old.body["sku"]["name"]:
            for name in SPEED:
                properties.pop(name, None)
        unchanged(resource, old, "creationData", "hyperVGeneration", "uniqueId", "timeCreated")
        if resource.body.get("zones") != old.body.get("zones"):
            raise fixed("zones")
        # a size in whole GiB that the bytes fill already is no change
        if asked and asked != -(-before // GIB) * GIB:
            self._resize(resource, before, asked)
            properties["diskSizeBytes"] = asked

    def _resize(self, resource: Resource, before: int, asked: int) -> None:
        if asked < before:
            raise smaller(before, asked)
        if "upload" in resource.hidden:
            raise refused(f"Disk {resource.name} cannot be resized while it is being uploaded.")
        self.refuse_while_accessed(resource, "resizing")
        vm = self.owner(resource)
        if vm is None or vm.hidden["power"] == "deallocated":
            return
        os_disk = vm.properties["storageProfile"]["osDisk"]["managedDisk"]["id"]
        if os_disk.lower() == resource.key:
            # https://learn.microsoft.com/azure/virtual-machines/linux/expand-disks: without
            # downtime only data disks grow
            raise refused(
                f"Cannot resize disk {resource.name} while it is attached to running VM {vm.id}. "
                "Resizing a disk of an Azure Virtual Machine requires the virtual machine to be "
                "deallocated. Please stop your VM and retry the operation."
            )

    def _check_kind(self, resource: Resource) -> None:
        sku, properties = resource.body["sku"]["name"], resource.properties
        gib = properties["diskSizeGB"]
        most = disk_sizes.MOST_GIB.get(sku, disk_sizes.DEFAULT_MOST_GIB)
        if gib > most:
            raise invalid(
                "disk.diskSizeGB",
                "The value of parameter disk.diskSizeGB is invalid: "
                f"{gib} is not between 1 and {most}.",
            )
        if sku in disk_sizes.PROVISIONED:
            if properties["creationData"]["createOption"] == "Upload":
                # https://learn.microsoft.com/azure/virtual-machines/linux/disks-upload-vhd-to-managed-disk-cli
                raise invalid("sku.name", f"Direct upload is not supported for {sku} disks.")
            if properties.get("osType"):
                raise invalid("osType", f"{sku} disks cannot be used as OS disks.")
            if not resource.body.get("zones"):
                # https://learn.microsoft.com/azure/virtual-machines/disks-deploy-premium-v2
                raise invalid("zones", f"{sku} disks in {resource.location} need a zone.")

    def _set_speed(self, resource: Resource, *, is_new: bool) -> None:
        sku, properties = resource.body["sku"]["name"], resource.properties
        gib = properties["diskSizeGB"]
        given = disk_sizes.performance(sku, gib)
        if sku in disk_sizes.PROVISIONED:
            asked = tuple(properties.setdefault(n, g) for n, g in zip(SPEED, given, strict=True))
            for name, value, bound in zip(
                SPEED, asked, disk_sizes.most(sku, gib, asked[0]), strict=True
            ):
                if value > bound:
                    raise invalid(name, f"{value} is more than the {bound} this disk may have.")
            return
        for name, value in zip(SPEED, given, strict=True):
            if is_new and properties.get(name, value) != value:
                raise invalid(name, f"{name} cannot be chosen for {sku} disks.")
            properties[name] = value
        tier = disk_sizes.tier(sku, gib)
        if sku.startswith("Premium") and tier is not None:
            properties["tier"] = f"P{tier.number}"


def upload_size(value: int | None) -> int:
    """The bytes of a disk that is uploaded with so many, its footer among them."""
    if value is None:
        raise missing("creationData.uploadSizeBytes")
    if not LEAST_UPLOAD <= value <= MOST_UPLOAD or (value - vhd.SIZE) % MIB:
        raise invalid(
            "creationData.uploadSizeBytes",
            f"The value of parameter creationData.uploadSizeBytes is invalid: {value} is not "
            f"N * 1 MiB + {vhd.SIZE} bytes between {LEAST_UPLOAD} and {MOST_UPLOAD}.",
        )
    return value - vhd.SIZE


def not_with_upload() -> ArmError:
    return invalid("diskSizeGB", "diskSizeGB is not allowed with createOption Upload.")


def smaller(before: int, asked: int) -> ArmError:
    """Disks never shrink."""
    return bad_request(
        "ResizeDiskError",
        f"Disk size reduction is not supported. Current size is {before} bytes, requested size is "
        f"{asked} bytes.",
        target="disk.diskSizeGB",
    )
