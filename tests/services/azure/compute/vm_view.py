"""The instance view of a virtual machine: how it goes right now.

Provisioning and power are two things: https://learn.microsoft.com/azure/virtual-machines/states-billing
"""

from __future__ import annotations

from typing import Any

from tests.services.azure.arm.resource import Resource

WORDS = {
    "starting": "VM starting",
    "running": "VM running",
    "stopping": "VM stopping",
    "stopped": "VM stopped",
    "deallocating": "VM deallocating",
    "deallocated": "VM deallocated",
}
_PROVISIONING = {
    "Creating": "Creating",
    "Updating": "Updating",
    "Deleting": "Deleting",
    "Failed": "Provisioning failed",
    "Succeeded": "Provisioning succeeded",
}


def instance_view(vm: Resource) -> dict[str, Any]:
    """Statuses of the machine and its disks. Without a power status nobody knows its power."""
    changed = vm.hidden["changed"]
    profile = vm.properties["storageProfile"]
    disks = [profile["osDisk"], *profile["dataDisks"]]
    view: dict[str, Any] = {
        "hyperVGeneration": vm.hidden["generation"],
        "disks": [
            {"name": disk["name"], "statuses": [_status("ProvisioningState", "Succeeded", changed)]}
            for disk in disks
        ],
        "statuses": [_status("ProvisioningState", vm.state, changed)],
    }
    if vm.hidden["is_set_up_here"] and vm.hidden["power"] == "running":
        # a specialised disk was set up elsewhere, and its guest need not run an agent
        view["vmAgent"] = {
            "vmAgentVersion": "2.11.1.4",
            "statuses": [{**_status("ProvisioningState", "Succeeded", changed),
                          "displayStatus": "Ready", "message": "Guest Agent is running"}],
        }  # fmt: skip
        view["osName"] = profile["osDisk"]["osType"]
        view["computerName"] = vm.properties["osProfile"]["computerName"]
    diagnostics = vm.properties.get("diagnosticsProfile", {}).get("bootDiagnostics", {})
    if diagnostics.get("enabled"):
        # with storage of the platform's own, the links come from retrieveBootDiagnosticsData
        view["bootDiagnostics"] = {}
    power = vm.hidden["power"]
    never_started = power == "starting" and vm.state == "Failed"
    if power is not None and not never_started:
        view["statuses"].append(
            {"code": f"PowerState/{power}", "level": "Info", "displayStatus": WORDS[power]}
        )
    return view


def _status(kind: str, state: str, changed: str) -> dict[str, str]:
    return {
        "code": f"{kind}/{state.lower()}",
        "level": "Error" if state == "Failed" else "Info",
        "displayStatus": _PROVISIONING[state],
        "time": changed,
    }
