"""Managed images, the marketplace and SSH keys, through the unmodified SDK."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.services.azure.compute.guests import HERE, KEY, cards, from_image
from tests.services.azure.compute.test_disks import made, refusal
from tests.services.azure.fixture import AzureService


def image_of(compute: Any, disk: str, name: str = "image", generation: str = "V2") -> Any:
    profile = {"osDisk": {"osType": "Linux", "osState": "Generalized", "managedDisk": {"id": disk}}}
    body = {**HERE, "properties": {"hyperVGeneration": generation, "storageProfile": profile}}
    return compute.images.begin_create_or_update("one", name, body).result()


def test_a_machine_made_from_an_image_boots_from_its_bytes(
    azure: AzureService, compute: Any
) -> None:
    disk = made(compute, "origin", {"createOption": "Empty"}, diskSizeGB=1, hyperVGeneration="V2")
    azure.write(disk.id, 4096, b"x" * 512)
    image = image_of(compute, disk.id)
    compute.disks.begin_delete("one", "origin").result()

    (card,) = cards(azure, "nic")
    body = from_image(card)
    body["properties"]["storageProfile"]["imageReference"] = {"id": image.id}
    compute.virtual_machines.begin_create_or_update("one", "vm", body).result()
    (disk,) = compute.disks.list()
    assert azure.read(disk.id, 4096, 512) == b"x" * 512
    assert (disk.os_type, disk.hyper_v_generation) == ("Linux", "V2")
    compute.images.begin_delete("one", "image").result()
    assert not list(compute.images.list())


def test_an_image_and_its_disk_are_of_one_generation(compute: Any) -> None:
    disk = made(compute, "origin", {"createOption": "Empty"}, diskSizeGB=1, hyperVGeneration="V2")
    with pytest.raises(HttpResponseError) as raised:
        image_of(compute, disk.id, generation="V1")
    assert refusal(raised) == (400, "InvalidParameter")


def test_only_a_generalized_machine_becomes_an_image(azure: AzureService, compute: Any) -> None:
    (card,) = cards(azure, "nic")
    machines = compute.virtual_machines
    vm = machines.begin_create_or_update("one", "vm", from_image(card)).result()
    source = {"hyperVGeneration": "V2", "sourceVirtualMachine": {"id": vm.id}}
    body = {**HERE, "properties": source}
    with pytest.raises(HttpResponseError, match="must be generalized"):
        compute.images.begin_create_or_update("one", "image", body)
    machines.begin_deallocate("one", "vm").result()
    machines.generalize("one", "vm")
    image = compute.images.begin_create_or_update("one", "image", body).result()
    assert image.storage_profile.os_disk.disk_size_gb == 30
    with pytest.raises(HttpResponseError, match="since the VM is generalized"):
        machines.begin_start("one", "vm")


def test_the_marketplace_is_walked(compute: Any) -> None:
    images = compute.virtual_machine_images
    assert "Debian" in {p.name for p in images.list_publishers("westeurope")}
    assert [o.name for o in images.list_offers("westeurope", "debian")] == ["debian-12"]
    skus = [s.name for s in images.list_skus("westeurope", "Debian", "debian-12")]
    assert skus == ["12", "12-gen2", "12-arm64"]
    (version,) = images.list("westeurope", "Debian", "debian-12", "12-gen2")
    found = images.get("westeurope", "Debian", "debian-12", "12-gen2", version.name)
    assert (found.hyper_v_generation, found.architecture) == ("V2", "x64")
    with pytest.raises(ResourceNotFoundError):
        images.list_offers("westeurope", "Nobody")


def test_an_ssh_key_is_kept(compute: Any) -> None:
    keys = compute.ssh_public_keys
    body = {**HERE, "properties": {"publicKey": KEY}}
    assert keys.create("one", "key", body).public_key == KEY
    assert [key.name for key in keys.list_by_resource_group("one")] == ["key"]
    with pytest.raises(HttpResponseError) as raised:
        keys.create("one", "bad", {**HERE, "properties": {"publicKey": "ssh-dss nothing"}})
    assert refusal(raised) == (400, "InvalidParameter")
    keys.delete("one", "key")
    keys.delete("one", "key")
    assert not list(keys.list_by_subscription())
