"""Virtual machines. https://learn.microsoft.com/rest/api/compute/virtual-machines"""

from __future__ import annotations

import copy
import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from tests.services.azure.arm.call import Answer, Call
from tests.services.azure.arm.operations import Finish, stamp
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.resource_type import NETWORK_NAME, Later, NameRule, action
from tests.services.azure.compute import (
    vm_guest,
    vm_hardware,
    vm_network,
    vm_schema,
    vm_view,
)
from tests.services.azure.compute.access import blob_of
from tests.services.azure.compute.compute_type import (
    COMPUTE_VERSIONS,
    DISK,
    ComputeType,
    busy,
    fixed,
    not_allowed,
    refused,
    unchanged,
)
from tests.services.azure.compute.disks import Disks
from tests.services.azure.compute.sku_views import size_body
from tests.services.azure.compute.vm_storage import Storage
from tests.services.azure.network.interfaces import Interfaces

if TYPE_CHECKING:
    from tests.services.azure.arm.front import Arm

DIAGNOSTICS_SECONDS = 120 * 60
"""https://learn.microsoft.com/rest/api/compute/virtual-machines/retrieve-boot-diagnostics-data:
the links last 120 minutes unless asked otherwise."""

SERIAL_LOG = ".serialconsole.log"


class VirtualMachines(ComputeType):
    """A virtual machine: provisioned or not, and running, stopped or deallocated besides."""

    name = "virtualMachines"
    api_versions = COMPUTE_VERSIONS
    names = NameRule(NETWORK_NAME, 64)
    body = vm_schema.BODY
    patch = vm_schema.UPDATE
    # https://learn.microsoft.com/rest/api/compute/virtual-machines/get#virtualmachine
    etag_in_body = True
    put_headers: ClassVar[tuple[str, ...]] = ("Azure-AsyncOperation",)

    def __init__(self, arm: Arm) -> None:
        super().__init__(arm)
        arm.blobs.texts.find = self._console

    def put(self, resource: Resource, old: Resource | None) -> Finish | None:
        if old is not None:
            self._keep_what_stays(resource, old)
        size = vm_hardware.check(self.arm, resource, old)
        vm_network.check(self.store, resource, old, size)
        storage = Storage(self.arm, resource, old, size)
        storage.settle()
        boot = storage.boot_disk().properties
        generation = boot.get("hyperVGeneration", "V1")
        architecture = boot.get("supportedCapabilities", {}).get("architecture")
        vm_hardware.check_disk(resource, size, generation, architecture)
        if old is not None and generation != old.hidden["generation"]:
            # https://learn.microsoft.com/azure/virtual-machines/generation-2: it never changes
            raise fixed("hyperVGeneration")
        vm_guest.check(resource, is_specialised=storage.is_specialised)
        storage.keep()
        vm_network.connect(self._interfaces(), resource, old)
        if old is None:
            resource.properties.update(vmId=str(uuid.uuid4()), timeCreated=stamp())
            resource.hidden |= {
                "power": "starting",
                "is_set_up_here": not storage.is_specialised,
                "console": None,
            }
        resource.hidden |= {"generation": generation, "changed": stamp()}
        return lambda: self._provisioned(resource)

    def delete(self, resource: Resource) -> Finish | None:
        _refuse_while_busy(resource)
        return lambda: self._go_with(resource)

    def show(self, resource: Resource, call: Call) -> dict[str, Any]:
        body = super().show(resource, call)
        properties = copy.deepcopy(resource.properties)
        expand = call.query.get("$expand", "").lower()
        if "userdata" not in expand:
            properties.pop("userData", None)
        for secret in ("adminPassword", "customData"):
            properties.get("osProfile", {}).pop(secret, None)
        profile = properties["storageProfile"]
        for disk in (profile["osDisk"], *profile["dataDisks"]):
            found = self.store.get(disk["managedDisk"]["id"])
            if found is not None:
                disk["diskSizeGB"] = found.properties["diskSizeGB"]
        if "instanceview" in expand or call.query.get("statusonly", "").lower() == "true":
            properties["instanceView"] = vm_view.instance_view(resource)
        return body | {"properties": properties}

    @action("instanceView", method="GET")
    def instance_view(self, resource: Resource, _call: Call) -> Answer:
        return Answer(200, vm_view.instance_view(resource))

    @action("vmSizes", method="GET")
    def sizes(self, resource: Resource, _call: Call) -> Answer:
        found = vm_hardware.within_reach(resource)
        return Answer(200, {"value": [size_body(size) for size in found]})

    @action("start")
    def start(self, resource: Resource, _call: Call) -> Later:
        kind = self.arm.types[DISK.lower()]
        assert isinstance(kind, Disks)
        if resource.hidden.get("generalized"):
            raise refused(
                f"Operation 'start' is not allowed on VM '{resource.name}' since the VM is "
                "generalized."
            )
        for disk in self._disks(resource):
            kind.refuse_while_accessed(disk, "starting a VM with")
        return self._to(resource, "starting", "running")

    @action("powerOff")
    def power_off(self, resource: Resource, _call: Call) -> Later:
        # a machine without a host has nothing to power off, and stays so
        after = "deallocated" if resource.hidden["power"] == "deallocated" else "stopped"
        return self._to(resource, "stopping", after)

    @action("deallocate")
    def deallocate(self, resource: Resource, _call: Call) -> Later:
        return self._to(resource, "deallocating", "deallocated")

    @action("restart")
    def restart(self, resource: Resource, _call: Call) -> Later:
        if resource.hidden["power"] not in ("running", None):
            raise refused("The operation requires the VM to be running (or set to run).")
        return self._to(resource, "starting", "running")

    @action("generalize")
    def generalize(self, resource: Resource, _call: Call) -> Answer:
        if resource.hidden["power"] not in ("stopped", "deallocated"):
            raise refused(f"VM '{resource.name}' must be stopped before it is generalized.")
        resource.hidden["generalized"] = True
        return Answer(200)

    @action("retrieveBootDiagnosticsData")
    def boot_diagnostics(self, resource: Resource, call: Call) -> Answer:
        diagnostics = resource.properties.get("diagnosticsProfile", {}).get("bootDiagnostics", {})
        if not diagnostics.get("enabled"):
            raise refused(
                "The boot diagnostics data cannot be retrieved: boot diagnostics is not enabled on "
                f"VM '{resource.name}'."
            )
        minutes = call.query.get("sasuriexpirationtimeinminutes")
        seconds = int(minutes) * 60 if minutes else DIAGNOSTICS_SECONDS
        texts, vm_id = self.arm.blobs.texts, resource.properties["vmId"]
        return Answer(
            200,
            {
                "consoleScreenshotBlobUri": texts.url(f"{vm_id}.screenshot.bmp", seconds),
                "serialConsoleLogBlobUri": texts.url(f"{vm_id}{SERIAL_LOG}", seconds),
            },
        )

    def _console(self, blob: str) -> str | None:
        """What a machine's serial console said; None until it said something."""
        vm_id = blob.removesuffix(SERIAL_LOG)
        with self.arm.lock:
            beneath = f"/subscriptions/{self.arm.settings.subscription}"
            for vm in self.store.of_type(self.full_name(), beneath):
                if vm.properties["vmId"] == vm_id:
                    text: str | None = vm.hidden["console"]
                    return text
        return None

    def _keep_what_stays(self, resource: Resource, old: Resource) -> None:
        _refuse_while_busy(old)
        properties = resource.properties
        for name, value in old.properties.items():
            # an update may leave out what it does not change; a list it names is the whole list
            if isinstance(value, dict) and isinstance(properties.get(name), dict):
                properties[name] = {**value, **properties[name]}
            else:
                properties.setdefault(name, value)
        unchanged(resource, old, "vmId", "timeCreated", "availabilitySet")
        if "osProfile" in properties and "osProfile" not in old.properties:
            raise not_allowed("osProfile")
        if "osProfile" in properties:
            for name in ("computerName", "adminUsername"):
                if properties["osProfile"].get(name) != old.properties["osProfile"].get(name):
                    raise fixed(f"osProfile.{name}")
            ssh = properties["osProfile"].get("linuxConfiguration", {}).get("ssh")
            if ssh != old.properties["osProfile"].get("linuxConfiguration", {}).get("ssh"):
                raise fixed("linuxConfiguration.ssh.publicKeys")
        if resource.body.setdefault("zones", old.body.get("zones")) != old.body.get("zones"):
            raise fixed("zones")
        if resource.body["zones"] is None:
            del resource.body["zones"]

    def _provisioned(self, resource: Resource) -> None:
        if resource.hidden["power"] == "starting":
            resource.hidden["power"] = "running"

    def _to(self, vm: Resource, during: str, after: str) -> Later:
        _refuse_while_busy(vm)
        before = vm.hidden["power"]
        vm.hidden["power"] = during
        vm.state = "Updating"

        def done() -> None:
            vm.hidden |= {"power": after, "changed": stamp()}
            vm.state = "Succeeded"

        def failed() -> None:
            vm.hidden |= {"power": before, "changed": stamp()}
            vm.state = "Failed"

        return Later(done, failed=failed)

    def _go_with(self, vm: Resource) -> None:
        """Delete the disks and cards that are to go with the machine."""
        profile = vm.properties["storageProfile"]
        going = [
            disk["managedDisk"]["id"]
            for disk in (profile["osDisk"], *profile["dataDisks"])
            if disk["deleteOption"] == "Delete"
        ]
        self.store.remove(vm)
        vm_network.disconnect(self._interfaces(), vm)
        for each in going:
            disk = self.store.get(each)
            if disk is not None:
                self.arm.blobs.store.delete(blob_of(disk))
                self.store.remove(disk)

    def _interfaces(self) -> Interfaces:
        kind = self.arm.types[vm_network.CARD.lower()]
        assert isinstance(kind, Interfaces)
        return kind

    def _disks(self, vm: Resource) -> list[Resource]:
        profile = vm.properties["storageProfile"]
        ids = [d["managedDisk"]["id"] for d in (profile["osDisk"], *profile["dataDisks"])]
        return [disk for disk in map(self.store.get, ids) if disk is not None]


def _refuse_while_busy(vm: Resource) -> None:
    if vm.state in ("Creating", "Updating", "Deleting"):
        raise busy()
