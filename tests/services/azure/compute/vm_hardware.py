"""The size of a virtual machine: whether it is on offer, fits its disk, and may be changed to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.services.azure.arm.errors import bad_request, conflict
from tests.services.azure.arm.resource import Resource
from tests.services.azure.compute import quotas
from tests.services.azure.compute.compute_type import invalid, missing, refused
from tests.services.azure.compute.disk_sizes import PROVISIONED, ULTRA
from tests.services.azure.compute.sizes import SIZES, Size, offered

if TYPE_CHECKING:
    from tests.services.azure.arm.front import Arm


def check(arm: Arm, vm: Resource, old: Resource | None) -> Size:
    """The size asked for; ArmError when it cannot be had."""
    asked = vm.properties["hardwareProfile"].get("vmSize")
    if asked is None:
        raise missing("hardwareProfile.vmSize")
    here = offered(vm.location)
    size = SIZES.get(asked.lower())
    if size is None or size not in here:
        names = ",".join(each.name for each in here)
        raise invalid(
            "vmSize",
            f"The value {asked} provided for the VM size is not valid. The valid sizes in the "
            f"current region are: {names}. Find out more on the valid VM sizes in each region at "
            "https://aka.ms/azure-regions.",
        )
    vm.properties["hardwareProfile"]["vmSize"] = size.name
    before = quotas.size_of(old) if old is not None else None
    if size == before:
        return size
    if size.name in arm.limits.restrictions:
        # https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-sku-not-available
        raise conflict(
            "SkuNotAvailable",
            "The requested VM size for resource 'Following SKUs have failed for Capacity "
            f"Restrictions: {size.name}' is currently not available in location '{vm.location}'. "
            "Please try another size or deploy to a different location or different zone. See "
            "https://aka.ms/azureskunotavailable for details.",
        )
    if old is not None and before is not None:
        _check_host(vm, old, size, before)
    quotas.check_size(arm, vm.location, size, before)
    return size


def check_disk(vm: Resource, size: Size, generation: str, architecture: str | None) -> None:
    """ArmError unless this size boots such a disk."""
    if generation not in size.generations.split(","):
        number = generation[1:]
        # https://learn.microsoft.com/azure/virtual-machines/generation-2
        raise bad_request(
            "BadRequest",
            f"The selected VM size '{size.name}' cannot boot Hypervisor Generation '{number}'. If "
            "this was a Create operation please check that the Hypervisor Generation of the Image "
            "matches the Hypervisor Generation of the selected VM Size. If this was an Update "
            f"operation please select a Hypervisor Generation '{number}' VM Size. For more "
            "information, see https://aka.ms/azuregen2vm",
        )
    if architecture not in (None, size.architecture):
        raise bad_request(
            "BadRequest",
            f"Cannot create a VM of size '{size.name}' because this VM size only supports a CPU "
            f"Architecture of '{size.architecture}', but an image or disk with CPU Architecture "
            f"'{architecture}' was given. Please check that the CPU Architecture of the image or "
            "disk is compatible with that of the VM size.",
        )
    asked = vm.properties["storageProfile"].setdefault(
        "diskControllerType", size.controllers.partition(",")[0]
    )
    if asked not in size.controllers.split(", "):
        raise invalid(
            "storageProfile.diskControllerType",
            f"The disk controller type '{asked}' is not supported by the VM size '{size.name}'. "
            f"Supported are: {size.controllers}.",
        )
    security = vm.properties.get("securityProfile", {})
    if security.get("securityType") in ("TrustedLaunch", "ConfidentialVM") and generation != "V2":
        raise bad_request(
            "BadRequest",
            f"Use of {security['securityType']} setting is not supported for the provided image. "
            "Please select a Hypervisor Generation '2' image.",
        )
    if "uefiSettings" in security and security.get("securityType", "Standard") == "Standard":
        raise invalid(
            "securityProfile.uefiSettings",
            "UEFI settings are only for securityType TrustedLaunch or ConfidentialVM.",
        )


def check_disk_kind(vm: Resource, disk: dict[str, Any], size: Size) -> None:
    """ArmError unless a machine of this size can have a disk of this kind."""
    sku = disk["managedDisk"].get("storageAccountType", "")
    if sku.startswith("Premium") and not size.premium:
        raise invalid(
            "storageAccountType",
            f"Requested operation cannot be performed because the VM size {size.name} does not "
            f"support the storage account type {sku} of disk '{disk['name']}'. Consider updating "
            "the VM to a size that supports Premium storage.",
        )
    # https://learn.microsoft.com/azure/virtual-machines/disks-types: no host caching for these
    if sku in PROVISIONED and disk["caching"] != "None":
        raise invalid("dataDisk.caching", f"Disk caching is not supported for {sku} disks.")
    # https://learn.microsoft.com/azure/virtual-machines/disks-enable-ultra-ssd
    capabilities = vm.properties.get("additionalCapabilities", {})
    if sku == ULTRA and not capabilities.get("ultraSSDEnabled"):
        raise invalid(
            "managedDisk.storageAccountType",
            "StorageAccountType UltraSSD_LRS can be used only when "
            "additionalCapabilities.ultraSSDEnabled is set.",
        )


def within_reach(vm: Resource) -> list[Size]:
    """The sizes it can be changed to now: all of the region when no host holds it."""
    here = offered(vm.location)
    if vm.hidden["power"] == "deallocated":
        return here
    cluster = quotas.size_of(vm).cluster
    return [size for size in here if size.cluster == cluster]


def _check_host(vm: Resource, old: Resource, size: Size, before: Size) -> None:
    if size not in within_reach(old):
        names = ",".join(each.name for each in within_reach(old))
        # https://learn.microsoft.com/azure/virtual-machines/sizes/resize-vm
        raise refused(
            f"Unable to resize the VM '{vm.name}' because the requested size '{size.name}' is not "
            f"available in the current hardware cluster. The available sizes in this cluster are: "
            f"{names}. Find out more on VM resizing at https://aka.ms/azure-resizevm.",
        )
    if before.controllers != size.controllers and old.hidden["power"] != "deallocated":
        raise refused(
            f"Changing the disk controller of VM '{vm.name}' requires it to be deallocated."
        )
