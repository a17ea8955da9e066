"""The disks of a virtual machine, while it runs and while it does not."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from tests.services.azure.compute.guests import cards, create, from_disk, from_image
from tests.services.azure.compute.test_disks import made, refusal
from tests.services.azure.fixture import AzureService


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
    vm = compute.virtual_machines.get("one", "vm")
    assert vm.properties.storage_profile.os_disk.disk_size_gb == 2
    create(compute, vm)


def test_the_os_disk_is_swapped_for_one_of_its_generation(
    azure: AzureService, compute: Any
) -> None:
    (card,) = cards(azure, "nic")
    empty = {"createOption": "Empty"}
    first = made(compute, "first", empty, diskSizeGB=1, hyperVGeneration="V2")
    second = made(compute, "second", empty, diskSizeGB=2, hyperVGeneration="V2")
    bios = made(compute, "bios", empty, diskSizeGB=1, hyperVGeneration="V1")
    create(compute, from_disk(card, first.id))

    def swap(disk: str) -> Any:
        profile = {"osDisk": {"managedDisk": {"id": disk}}}
        update = {"properties": {"storageProfile": profile}}
        return compute.virtual_machines.begin_update("one", "vm", update).result()

    with pytest.raises(HttpResponseError, match="requires it to be deallocated"):
        swap(second.id)
    compute.virtual_machines.begin_deallocate("one", "vm").result()
    with pytest.raises(HttpResponseError, match="hyperVGeneration"):
        swap(bios.id)
    os_disk = swap(second.id).properties.storage_profile.os_disk
    assert (os_disk.name, os_disk.disk_size_gb) == ("second", 2)
    assert compute.disks.get("one", "first").disk_state == "Unattached"


def test_the_fastest_disks_have_rules_of_their_own(azure: AzureService, compute: Any) -> None:
    (card,) = cards(azure, "nic")
    body = {**from_image(card), "zones": ["1"]}

    def with_disk(sku: str, caching: str) -> dict[str, Any]:
        disk = {"lun": 0, "createOption": "Empty", "diskSizeGB": 4, "caching": caching}
        disk["managedDisk"] = {"storageAccountType": sku}
        body["properties"]["storageProfile"]["dataDisks"] = [disk]
        return body

    with pytest.raises(HttpResponseError, match="caching is not supported"):
        create(compute, with_disk("PremiumV2_LRS", "ReadOnly"))
    with pytest.raises(HttpResponseError, match="ultraSSDEnabled"):
        create(compute, with_disk("UltraSSD_LRS", "None"))
    create(compute, with_disk("PremiumV2_LRS", "None"))
