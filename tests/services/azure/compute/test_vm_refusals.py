"""What is no virtual machine, and what of one cannot be changed."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from tests.services.azure.compute.guests import HERE, cards, create, from_disk, from_image
from tests.services.azure.compute.test_disks import made, refusal
from tests.services.azure.fixture import AzureService


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


def test_a_system_on_too_large_a_disk_is_refused(azure: AzureService, compute: Any) -> None:
    (card,) = cards(azure, "nic")
    wish = {"createOption": "Empty"}
    large = made(compute, "large", wish, diskSizeGB=4096, hyperVGeneration="V1")
    with pytest.raises(HttpResponseError, match="at most 4095 GiB") as raised:
        create(compute, from_disk(card, large.id))
    assert refusal(raised) == (400, "InvalidParameter")


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
