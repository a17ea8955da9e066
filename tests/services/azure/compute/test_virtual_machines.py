"""The life of a virtual machine, through the unmodified SDK."""

from __future__ import annotations

import urllib.request
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceModifiedError
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.services.azure.compute.guests import HERE, cards, create, from_disk, from_image, power
from tests.services.azure.compute.test_disks import made, refusal
from tests.services.azure.fixture import AzureService


def test_a_machine_lives_and_goes_with_what_was_made_for_it(
    azure: AzureService, compute: Any
) -> None:
    (card,) = cards(azure, "nic")
    vm = create(compute, from_image(card))
    assert vm.properties.provisioning_state == "Succeeded"
    assert power(compute) == ["PowerState/running"]
    (disk,) = compute.disks.list_by_resource_group("one")
    assert (disk.managed_by, disk.disk_state, disk.hyper_v_generation) == (
        vm.id,
        "Attached",
        "V2",
    )
    with azure.client(NetworkManagementClient) as network:
        nic = network.network_interfaces.get("one", "nic")
        assert (nic.virtual_machine.id, nic.primary) == (vm.id, True)
        with pytest.raises(HttpResponseError) as raised:
            network.network_interfaces.begin_delete("one", "nic")
        assert refusal(raised) == (400, "NicInUse")
    machines = compute.virtual_machines
    machines.begin_power_off("one", "vm", skip_shutdown=True).result()
    assert power(compute) == ["PowerState/stopped"]
    machines.begin_deallocate("one", "vm").result()
    assert power(compute) == ["PowerState/deallocated"]
    assert compute.disks.get("one", disk.name).disk_state == "Reserved"
    machines.begin_start("one", "vm").result()
    machines.begin_restart("one", "vm").result()
    assert power(compute) == ["PowerState/running"]
    machines.begin_delete("one", "vm").result()
    assert not list(machines.list_all())
    assert not list(compute.disks.list())
    with azure.client(NetworkManagementClient) as network:
        assert not list(network.network_interfaces.list_all())


def test_a_machine_leaves_its_disk_and_card_unless_told(azure: AzureService, compute: Any) -> None:
    (card,) = cards(azure, "nic")
    disk = made(compute, "os", {"createOption": "Empty"}, diskSizeGB=1, hyperVGeneration="V2")
    create(compute, from_disk(card, disk.id))
    view = compute.virtual_machines.instance_view("one", "vm")
    # nobody set this guest up here, so nobody says whether it is
    assert (view.hyper_v_generation, view.vm_agent) == ("V2", None)
    compute.virtual_machines.begin_delete("one", "vm").result()
    assert compute.disks.get("one", "os").disk_state == "Unattached"
    create(compute, from_disk(card, disk.id), "again")


def test_a_power_state_can_be_unknown(azure: AzureService, compute: Any) -> None:
    (card,) = cards(azure, "nic")
    vm = create(compute, from_image(card))
    azure.control("POST", f"vms{vm.id}", {"power": None})
    assert power(compute) == []
    with_view = compute.virtual_machines.get("one", "vm", expand="instanceView")
    assert [s.code for s in with_view.properties.instance_view.statuses] == [
        "ProvisioningState/succeeded"
    ]


def test_machines_come_in_pages_and_with_their_states(azure: AzureService, compute: Any) -> None:
    ids = cards(azure, "a", "b", "c")
    for name, card in zip("abc", ids, strict=True):
        create(compute, from_image(card), name)
    azure.limit(page_size=2)
    assert [vm.name for vm in compute.virtual_machines.list("one")] == ["a", "b", "c"]
    found = list(compute.virtual_machines.list_all(status_only="true"))
    assert [vm.properties.instance_view.statuses[1].code for vm in found] == [
        "PowerState/running"
    ] * 3


def test_a_running_machine_is_resized_only_within_its_cluster(
    azure: AzureService, compute: Any
) -> None:
    (card,) = cards(azure, "nic")
    create(compute, from_image(card))
    machines = compute.virtual_machines

    def resize(size: str) -> Any:
        update = {"properties": {"hardwareProfile": {"vmSize": size}}}
        return machines.begin_update("one", "vm", update).result()

    assert resize("Standard_D4s_v5").properties.hardware_profile.vm_size == "Standard_D4s_v5"
    assert "Standard_D2as_v5" not in {s.name for s in machines.list_available_sizes("one", "vm")}
    with pytest.raises(HttpResponseError, match="current hardware cluster") as raised:
        resize("Standard_D2as_v5")
    assert refusal(raised) == (409, "OperationNotAllowed")
    machines.begin_deallocate("one", "vm").result()
    assert "Standard_D2as_v5" in {s.name for s in machines.list_available_sizes("one", "vm")}
    resize("Standard_D2as_v5")
    assert power(compute) == ["PowerState/deallocated"]


def test_quotas_and_restrictions_are_told_and_kept(azure: AzureService, compute: Any) -> None:
    one, two = cards(azure, "one", "two")
    azure.limit(quotas={"cores": 3}, restrictions={"Standard_F2s_v2": "QuotaId"})
    create(compute, from_image(one))
    (cores,) = [u for u in compute.usage.list("westeurope") if u.name.value == "cores"]
    assert (cores.current_value, cores.limit) == (2, 3)
    with pytest.raises(HttpResponseError, match="Current Limit: 3, Current Usage: 2") as raised:
        create(compute, from_image(two), "more")
    assert refusal(raised) == (409, "OperationNotAllowed")
    with pytest.raises(HttpResponseError) as raised:
        create(compute, from_image(two, "Standard_F2s_v2"), "more")
    assert refusal(raised) == (409, "SkuNotAvailable")
    skus = list(compute.resource_skus.list(filter="location eq 'westeurope'"))
    restricted = {sku.name: sku.restrictions for sku in skus if sku.restrictions}
    assert [r.reason_code for r in restricted["Standard_F2s_v2"]] == ["QuotaId"]


def test_the_serial_console_is_read(azure: AzureService, compute: Any) -> None:
    (card,) = cards(azure, "nic")
    body = from_image(card, diagnosticsProfile={"bootDiagnostics": {"enabled": True}})
    vm = create(compute, body)
    azure.control("POST", f"vms{vm.id}", {"console": "Linux version 6.1 ünïcode\n"})
    links = compute.virtual_machines.retrieve_boot_diagnostics_data("one", "vm")
    with urllib.request.urlopen(
        links.serial_console_log_blob_uri, context=azure.trust, timeout=10
    ) as answer:
        assert answer.read().decode() == "Linux version 6.1 ünïcode\n"


def test_a_machine_under_change_takes_no_other(azure: AzureService, compute: Any) -> None:
    (card,) = cards(azure, "nic")
    create(compute, from_image(card))
    azure.fault("Microsoft.Compute/virtualMachines/deallocate/action", seconds=60)
    compute.virtual_machines.begin_deallocate("one", "vm", polling=False)
    assert power(compute) == ["PowerState/deallocating"]
    with pytest.raises(HttpResponseError) as raised:
        compute.virtual_machines.begin_start("one", "vm")
    assert refusal(raised) == (409, "Conflict")


def test_a_machine_that_was_not_allocated_has_failed(azure: AzureService, compute: Any) -> None:
    (card,) = cards(azure, "nic")
    error = {"code": "AllocationFailed", "message": "We do not have sufficient capacity."}
    azure.fault("Microsoft.Compute/virtualMachines/write", fail=error)
    with pytest.raises(HttpResponseError, match="AllocationFailed"):
        create(compute, from_image(card))
    vm = compute.virtual_machines.get("one", "vm", expand="instanceView")
    assert vm.properties.provisioning_state == "Failed"
    assert [s.code for s in vm.properties.instance_view.statuses] == ["ProvisioningState/failed"]
    compute.virtual_machines.begin_delete("one", "vm").result()


def test_a_start_that_fails_leaves_it_as_it_was(azure: AzureService, compute: Any) -> None:
    (card,) = cards(azure, "nic")
    create(compute, from_image(card))
    compute.virtual_machines.begin_deallocate("one", "vm").result()
    error = {"code": "AllocationFailed", "message": "We do not have sufficient capacity."}
    azure.fault("Microsoft.Compute/virtualMachines/start/action", fail=error)
    with pytest.raises(HttpResponseError, match="AllocationFailed"):
        compute.virtual_machines.begin_start("one", "vm").result()
    assert power(compute) == ["PowerState/deallocated"]
    compute.virtual_machines.begin_start("one", "vm").result()


def test_a_change_that_knew_an_older_machine_is_refused(azure: AzureService, compute: Any) -> None:
    (card,) = cards(azure, "nic")
    vm = create(compute, from_image(card))
    known: dict[str, Any] = {"etag": vm.etag, "match_condition": MatchConditions.IfNotModified}
    machines = compute.virtual_machines
    machines.begin_update("one", "vm", {"tags": {"a": "b"}}, **known).result()
    with pytest.raises(ResourceModifiedError):
        machines.begin_update("one", "vm", {"tags": {"a": "c"}}, **known)
    assert machines.get("one", "vm").tags == {"a": "b"}


def test_a_group_goes_with_everything_in_it(azure: AzureService, compute: Any) -> None:
    (card,) = cards(azure, "nic")
    create(compute, from_image(card))
    disk = made(compute, "data", {"createOption": "Empty"}, diskSizeGB=1)
    copy = {"createOption": "Copy", "sourceResourceId": disk.id}
    body = {**HERE, "properties": {"creationData": copy}}
    compute.snapshots.begin_create_or_update("one", "snapshot", body).result()
    with azure.client(ResourceManagementClient) as resources:
        resources.resource_groups.begin_delete("one").result()
    assert not list(compute.virtual_machines.list_all())
    assert not list(compute.disks.list())
    assert not list(compute.snapshots.list())
