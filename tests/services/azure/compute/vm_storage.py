"""The disks of a virtual machine: attached ones, and those made together with it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from tests.services.azure.arm.address import parse
from tests.services.azure.arm.errors import ArmError, bad_request, conflict
from tests.services.azure.arm.resource import Resource
from tests.services.azure.compute import platform_images, vm_hardware
from tests.services.azure.compute.compute_type import (
    DISK,
    IMAGE,
    VIRTUAL_MACHINE,
    fixed,
    invalid,
    missing,
    not_allowed,
    refused,
)
from tests.services.azure.compute.disks import Disks
from tests.services.azure.compute.sizes import Size

if TYPE_CHECKING:
    from tests.services.azure.arm.front import Arm

MOST_OS_DISK_GIB = 4095


class Storage:
    """Settles the storage profile of one machine, new or changed."""

    def __init__(self, arm: Arm, vm: Resource, old: Resource | None, size: Size) -> None:
        self._arm = arm
        self._size = size
        self._vm = vm
        self._old = old
        self.profile: dict[str, Any] = vm.properties["storageProfile"]
        self._made: list[Resource] = []

    @property
    def is_specialised(self) -> bool:
        """Whether it boots from a disk with a system already set up on it."""
        return bool(self.profile["osDisk"].get("createOption") == "Attach")

    def settle(self) -> None:
        """Find the attached disks and plan the new ones; ArmError when some cannot be used."""
        self._check_luns()
        self._os_disk()
        for disk in self.profile.setdefault("dataDisks", []):
            self._data_disk(disk)
        for disk in (self.profile["osDisk"], *self.profile["dataDisks"]):
            disk.setdefault("caching", "ReadWrite" if disk is self.profile["osDisk"] else "None")
            disk.setdefault("deleteOption", "Detach")
            vm_hardware.check_disk_kind(self._vm, disk, self._size)
        self.profile["dataDisks"].sort(key=lambda disk: disk["lun"])

    def keep(self) -> None:
        """Store the disks that were made."""
        for disk in self._made:
            self._arm.store.put(disk)

    def boot_disk(self) -> Resource:
        """The disk it boots from."""
        wanted = self.profile["osDisk"]["managedDisk"]["id"]
        return next((d for d in self._made if d.id == wanted), None) or self._disk(wanted)

    def _os_disk(self) -> None:
        disk = self.profile.get("osDisk")
        if disk is None:
            raise missing("storageProfile.osDisk")
        if self._old is not None:
            self._same_os_disk(disk)
            return
        if disk["createOption"] == "Attach":
            if "imageReference" in self.profile:
                raise not_allowed("imageReference")
            self._attach(disk)
            self._check_os_disk_size(disk)
            if "osType" not in disk:
                raise missing("storageProfile.osDisk.osType")
            return
        if disk["createOption"] != "FromImage":
            raise invalid("osDisk.createOption", f"{disk['createOption']} is not imitated here.")
        if "imageReference" not in self.profile:
            raise missing("storageProfile.imageReference")
        if "id" in disk.get("managedDisk", {}):
            raise not_allowed("osDisk.managedDisk.id")
        reference = self._image_id()
        made = self._make(disk, {"createOption": "FromImage", "imageReference": {"id": reference}})
        disk["osType"] = made.properties["osType"]

    @staticmethod
    def _check_os_disk_size(disk: dict[str, Any]) -> None:
        # https://learn.microsoft.com/azure/virtual-machines/managed-disks-overview#os-disk
        if disk["diskSizeGB"] > MOST_OS_DISK_GIB:
            raise invalid("osDisk.diskSizeGB", f"An OS disk has at most {MOST_OS_DISK_GIB} GiB.")

    def _same_os_disk(self, disk: dict[str, Any]) -> None:
        assert self._old is not None
        before = self._old.properties["storageProfile"]
        asked = disk.get("managedDisk", {}).get("id", "")
        known = before["osDisk"]["managedDisk"]["id"]
        if asked and asked.lower() != known.lower():
            # https://learn.microsoft.com/azure/virtual-machines/linux/os-disk-swap
            if self._old.hidden["power"] != "deallocated":
                raise refused(
                    f"Changing property 'osDisk.managedDisk.id' of VM '{self._vm.name}' requires "
                    "it to be deallocated.",
                    target="osDisk.managedDisk.id",
                )
            self._attach(disk)
            self._check_os_disk_size(disk)
        else:
            self._same_size(disk, known)
        for name, value in before["osDisk"].items():
            if name == "createOption" and disk.get(name, value) != value:
                raise fixed("osDisk.createOption")
            disk.setdefault(name, value)
        disk["managedDisk"].setdefault("id", known)
        image = self.profile.get("imageReference")
        if "imageReference" in before:
            known_image = before["imageReference"]
            if image is not None and any(known_image.get(k) != v for k, v in image.items()):
                raise fixed("imageReference")
            self.profile["imageReference"] = known_image

    def _data_disk(self, disk: dict[str, Any]) -> None:
        known = self._known(disk)
        if known is not None:
            self._same_size(disk, known["managedDisk"]["id"])
            for name, value in known.items():
                if isinstance(value, dict) and isinstance(disk.get(name), dict):
                    disk[name] = {**value, **disk[name]}
                disk.setdefault(name, value)
            return
        match disk["createOption"]:
            case "Attach":
                self._attach(disk)
            case "Empty":
                if "diskSizeGB" not in disk:
                    raise missing("dataDisk.diskSizeGB")
                self._make(disk, {"createOption": "Empty"}, diskSizeGB=disk["diskSizeGB"])
            case "FromImage":
                if "imageReference" not in self.profile:
                    raise missing("storageProfile.imageReference")
                reference = {"id": self._image_id(), "lun": disk["lun"]}
                self._make(disk, {"createOption": "FromImage", "imageReference": reference})
            case other:
                raise invalid("dataDisk.createOption", f"{other} is not imitated here.")

    def _known(self, disk: dict[str, Any]) -> dict[str, Any] | None:
        """The disk as the machine has it already, at the same number."""
        before = self._old.properties["storageProfile"]["dataDisks"] if self._old else []
        wanted = disk.get("managedDisk", {}).get("id", "").lower()
        for each in before:
            known: dict[str, Any] = each
            if wanted == known["managedDisk"]["id"].lower():
                if known["lun"] != disk["lun"]:
                    raise fixed("dataDisk.lun")
                return known
            if not wanted and known["lun"] == disk["lun"]:
                return known
        return None

    def _same_size(self, entry: dict[str, Any], disk: str) -> None:
        size = self._disk(disk).properties["diskSizeGB"]
        if entry.setdefault("diskSizeGB", size) != size:
            raise invalid("diskSizeGB", "Here a disk is resized by itself, not with its machine.")

    def _attach(self, entry: dict[str, Any]) -> None:
        if "id" not in entry.get("managedDisk", {}):
            raise missing("managedDisk.id")
        disk = self._disk(entry["managedDisk"]["id"])
        kind = self._arm.types[DISK.lower()]
        assert isinstance(kind, Disks)
        for user in self._arm.store.users(disk.id, VIRTUAL_MACHINE):
            if user.key != self._vm.key:
                raise conflict(
                    "ConflictingUserInput",
                    f"Disk '{disk.id}' cannot be attached as the disk is already owned by VM "
                    f"'{user.id}'.",
                )
        if disk.state == "Deleting":
            raise refused(f"Disk {disk.name} is being deleted.")
        if "upload" in disk.hidden:
            # https://learn.microsoft.com/azure/virtual-machines/linux/disks-upload-vhd-to-managed-disk-cli
            raise refused(
                f"Disk {disk.name} is in state {disk.hidden['upload']} and cannot be attached: "
                "call EndGetAccess after the upload."
            )
        kind.refuse_while_accessed(disk, "attaching")
        if disk.location != self._vm.location or not self._same_zone(disk):
            raise bad_request(
                "BadRequest",
                f"Disk '{disk.name}' in {_place(disk)} cannot be attached to the VM "
                f"'{self._vm.name}' in {_place(self._vm)}: they must be in the same region and "
                "availability zone.",
            )
        entry["name"] = disk.name
        entry["diskSizeGB"] = disk.properties["diskSizeGB"]
        managed = entry["managedDisk"]
        managed["id"] = disk.id
        managed["storageAccountType"] = disk.body["sku"]["name"]

    def _same_zone(self, disk: Resource) -> bool:
        # a disk without a zone goes to machines without one; zone-redundant ones go to all
        return disk.body["sku"]["name"].endswith("ZRS") or disk.body.get("zones") == (
            self._vm.body.get("zones")
        )

    def _make(self, entry: dict[str, Any], creation: dict[str, Any], **more: Any) -> Resource:
        """A new disk in the machine's own group."""
        vm = self._vm
        number = "OsDisk_1" if entry is self.profile["osDisk"] else f"lun_{entry['lun']}_2"
        name = entry.setdefault("name", f"{vm.name}_{number}_{secrets.token_hex(16)}"[-80:])
        group = f"/subscriptions/{vm.address.subscription}/resourceGroups/{vm.address.group}"
        address = parse(f"{group}/providers/{DISK}/{name}")
        if self._arm.store.get(address.id) is not None:
            raise conflict(
                "ConflictingUserInput",
                f"Disk {name} already exists in resource group {vm.address.group}. Only "
                "CreateOption.Attach is supported.",
                target="osDisk" if entry is self.profile["osDisk"] else "dataDisk",
            )
        managed = entry.setdefault("managedDisk", {})
        if "diskSizeGB" in entry:
            more["diskSizeGB"] = entry["diskSizeGB"]
        usual = "Premium_LRS" if self._size.premium else "Standard_LRS"
        sku = managed.setdefault("storageAccountType", usual)
        body: dict[str, Any] = {
            "id": address.id,
            "name": name,
            "type": DISK,
            "location": vm.location,
            "sku": {"name": sku},
            "properties": {"creationData": creation, **more},
        }
        for inherited in ("zones", "tags"):
            if vm.body.get(inherited):
                body[inherited] = vm.body[inherited]
        disk = Resource(address, DISK, body)
        self._arm.types[DISK.lower()].put(disk, None)
        disk.state = "Succeeded"
        self._made.append(disk)
        managed["id"] = disk.id
        entry["diskSizeGB"] = disk.properties["diskSizeGB"]
        return disk

    def _image_id(self) -> str:
        reference = self.profile["imageReference"]
        if "id" in reference:
            image = self._arm.store.get(reference["id"])
            if image is None or image.type != IMAGE:
                raise ArmError(
                    404, "ResourceNotFound", f"The Resource '{reference['id']}' was not found."
                )
            return image.id
        image_found = platform_images.find(reference, self._vm.location)
        reference["exactVersion"] = platform_images.VERSION
        return image_found.id(self._arm.settings.subscription, self._vm.location)

    def _disk(self, id: str) -> Resource:
        disk = self._arm.store.get(id)
        if disk is None or disk.type != DISK:
            raise ArmError(404, "NotFound", f"Disk {id.rpartition('/')[2]} is not found.")
        return disk

    def _check_luns(self) -> None:
        # marked ones go: https://learn.microsoft.com/rest/api/compute/virtual-machines/update#datadisk
        kept = [d for d in self.profile.get("dataDisks", ()) if not d.get("toBeDetached")]
        self.profile["dataDisks"] = kept
        luns = [disk["lun"] for disk in kept]
        if len(set(luns)) < len(luns):
            raise invalid("dataDisk.lun", "A disk at logical unit number is there already.")
        if len(kept) > self._size.data_disks:
            raise refused(
                "The maximum number of data disks allowed to be attached to a VM of this size is "
                f"{self._size.data_disks}.",
                target="dataDisks",
            )


def _place(resource: Resource) -> str:
    zones = resource.body.get("zones")
    return resource.location + (f" zone {zones[0]}" if zones else "")
