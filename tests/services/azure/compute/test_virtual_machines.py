"""The life of a virtual machine, through the unmodified SDK."""

from __future__ import annotations

import urllib.request
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.network import NetworkManagementClient

from tests.services.azure.compute.guests import HERE, cards, from_disk, from_image
from tests.services.azure.compute.test_disks import made, refusal
from tests.services.azure.fixture import AzureService


def create(compute: Any, body: dict[str, Any], name: str = "vm") -> Any:
    return compute.virtual_machines.begin_create_or_update("one", name, body).result()


def power(compute: Any, name: str = "vm") -> list[str]:
    view = compute.virtual_machines.instance_view("one", name)
    return [s.code for s in view.statuses if s.code.startswith("PowerState")]


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


def test_disks_come_and_go_while_it_runs(azure: AzureService, compute: Any) -> None:
    (card,) = cards(azure, "nic")
    vm = create(compute, from_image(card))
    data = made(compute, "data", {"createOption": "Empty"}, diskSizeGB=4)
    entry = {"lun": 3, "createOption": "Attach", "managedDisk": {"id": data.id}}
    update = {"properties": {"storageProfile": {"dataDisks": [entry]}}}
    vm = compute.virtual_machines.begin_update("one", "vm", update).result()
    (attached,) = vm.properties.storage_profile.data_disks
    assert (attached.name, attached.lun, attached.disk_size_gb) == ("data", 3, 4)
    with pytest.raises(HttpResponseError, match="is attached to VM") as raised:
        compute.disks.begin_delete("one", "data")
    assert refusal(raised) == (409, "OperationNotAllowed")
    vm.properties.storage_profile.data_disks = []
    vm = create(compute, vm)
    assert not vm.properties.storage_profile.data_disks
    compute.disks.begin_delete("one", "data").result()


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


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"hardwareProfile": {"vmSize": "Standard_Nope"}}, "InvalidParameter"),
        ({"hardwareProfile": {"vmSize": "Standard_A1_v2"}}, "BadRequest"),
        ({"hardwareProfile": {"vmSize": "Standard_D2ps_v5"}}, "BadRequest"),
        ({"osProfile": None}, "InvalidParameter"),
        ({"osProfile": {"computerName": "x" * 65, "adminUsername": "b"}}, "InvalidParameter"),
        ({"osProfile": {"adminUsername": "root"}}, "InvalidParameter"),
        ({"networkProfile": {"networkInterfaces": []}}, "InvalidParameter"),
        ({"userData": "not base64!"}, "InvalidParameter"),
        ({"vmSize": "Standard_D2s_v5"}, "BadRequest"),
        ({"securityProfile": {"uefiSettings": {"vTpmEnabled": True}}}, "InvalidParameter"),
    ],
)
def test_what_is_no_machine_is_refused(
    azure: AzureService, compute: Any, change: dict[str, Any], code: str
) -> None:
    (card,) = cards(azure, "nic")
    body = from_image(card)
    body["properties"] |= change
    with pytest.raises(HttpResponseError) as raised:
        create(compute, body)
    assert refusal(raised) == (400, code)
    assert not list(compute.virtual_machines.list_all())
    assert not list(compute.disks.list())


def test_what_cannot_be_attached_is_refused(azure: AzureService, compute: Any) -> None:
    one, two = cards(azure, "one", "two")
    first = made(compute, "first", {"createOption": "Empty"}, diskSizeGB=1, hyperVGeneration="V1")
    create(compute, from_disk(one, first.id))
    with pytest.raises(HttpResponseError, match="already owned by VM") as raised:
        create(compute, from_disk(two, first.id), "other")
    assert refusal(raised) == (409, "ConflictingUserInput")
    second = made(compute, "second", {"createOption": "Empty"}, diskSizeGB=1)
    with pytest.raises(HttpResponseError, match="is used by existing resource") as raised:
        create(compute, from_disk(one, second.id), "other")
    assert refusal(raised) == (400, "NicInUse")
    body = from_disk(two, second.id)
    body["properties"]["osProfile"] = {"computerName": "x", "adminUsername": "y"}
    with pytest.raises(HttpResponseError, match="'osProfile' is not allowed") as raised:
        create(compute, body, "other")
    body = from_disk(two, second.id, "Standard_D2s_v6")
    with pytest.raises(HttpResponseError, match="cannot boot Hypervisor Generation '1'"):
        create(compute, body, "other")
    creation = {"createOption": "Upload", "uploadSizeBytes": 20 * 1024**2 + 512}
    third = made(compute, "third", creation)
    with pytest.raises(HttpResponseError, match="ReadyToUpload"):
        create(compute, from_disk(two, third.id), "other")


def test_two_cards_need_one_that_is_primary(azure: AzureService, compute: Any) -> None:
    one, two = cards(azure, "one", "two")
    body = from_image(one)
    both: list[dict[str, Any]] = [{"id": one}, {"id": two}]
    body["properties"]["networkProfile"]["networkInterfaces"] = both
    with pytest.raises(HttpResponseError, match="set as the primary"):
        create(compute, body)
    both[1]["properties"] = {"primary": True}
    vm = create(compute, body)
    cards_of = vm.properties.network_profile.network_interfaces
    assert [(c.id, c.primary) for c in cards_of] == [(one, None), (two, True)]


def test_names_have_rules(compute: Any) -> None:
    for name in ("ends-with-", "x" * 65, "under score"):
        with pytest.raises(HttpResponseError, match="invalid according to its validation rule"):
            compute.virtual_machines.begin_create_or_update("one", name, {**HERE, "properties": {}})


def test_what_does_not_fit_the_size_or_the_zone_is_refused(
    azure: AzureService, compute: Any
) -> None:
    (card,) = cards(azure, "nic")
    zonal = {
        **HERE,
        "zones": ["1"],
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1},
    }
    disk = compute.disks.begin_create_or_update("one", "zonal", zonal).result()
    with pytest.raises(HttpResponseError, match="availability zone") as raised:
        create(compute, from_disk(card, disk.id))
    assert refusal(raised) == (400, "BadRequest")

    def with_data(size: str, luns: list[int], **managed: Any) -> dict[str, Any]:
        body = from_image(card, size)
        body["properties"]["storageProfile"]["dataDisks"] = [
            {"lun": lun, "createOption": "Empty", "diskSizeGB": 1, "managedDisk": managed}
            for lun in luns
        ]
        return body

    with pytest.raises(HttpResponseError, match="allowed to be attached to a VM of this size is 2"):
        create(compute, with_data("Standard_B1s", [0, 1, 2]))
    with pytest.raises(HttpResponseError, match="logical unit number"):
        create(compute, with_data("Standard_B1s", [1, 1]))
    old = with_data("Standard_A1_v2", [0], storageAccountType="Premium_LRS")
    old["properties"]["storageProfile"]["imageReference"]["sku"] = "12"
    with pytest.raises(HttpResponseError, match="does not support the storage account type"):
        create(compute, old)
    vm = create(compute, with_data("Standard_B1s", [5, 0]))
    assert [disk.lun for disk in vm.properties.storage_profile.data_disks] == [0, 5]


def test_what_was_set_up_stays(azure: AzureService, compute: Any) -> None:
    (card,) = cards(azure, "nic")
    body = from_image(card)
    assert create(compute, body).properties.vm_id == create(compute, body).properties.vm_id
    for path, changed in (
        (("osProfile", "adminUsername"), "other"),
        (("storageProfile", "imageReference", "sku"), "12"),
        (("storageProfile", "osDisk", "createOption"), "Attach"),
    ):
        body = from_image(card)
        within = body["properties"]
        for name in path[:-1]:
            within = within[name]
        within[path[-1]] = changed
        with pytest.raises(HttpResponseError) as raised:
            create(compute, body)
        assert refusal(raised) == (409, "PropertyChangeNotAllowed")


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


def test_a_disk_that_is_read_keeps_its_machine_off(azure: AzureService, compute: Any) -> None:
    (card,) = cards(azure, "nic")
    disk = made(compute, "os", {"createOption": "Empty"}, diskSizeGB=1, hyperVGeneration="V2")
    create(compute, from_disk(card, disk.id))
    asked = {"access": "Read", "durationInSeconds": 60}
    with pytest.raises(HttpResponseError, match="attached to running VM"):
        compute.disks.begin_grant_access("one", "os", asked)
    compute.virtual_machines.begin_deallocate("one", "vm").result()
    compute.disks.begin_grant_access("one", "os", asked).result()
    with pytest.raises(HttpResponseError, match="active shared access signature outstanding"):
        compute.virtual_machines.begin_start("one", "vm")
    compute.disks.begin_revoke_access("one", "os").result()
    compute.virtual_machines.begin_start("one", "vm").result()


def test_an_os_disk_grows_only_while_deallocated(azure: AzureService, compute: Any) -> None:
    (card,) = cards(azure, "nic")
    disk = made(compute, "os", {"createOption": "Empty"}, diskSizeGB=1, hyperVGeneration="V2")
    create(compute, from_disk(card, disk.id))
    larger = {"properties": {"diskSizeGB": 2}}
    with pytest.raises(HttpResponseError, match="requires the virtual machine to be deallocated"):
        compute.disks.begin_update("one", "os", larger)
    compute.virtual_machines.begin_deallocate("one", "vm").result()
    assert compute.disks.begin_update("one", "os", larger).result().disk_size_gb == 2
