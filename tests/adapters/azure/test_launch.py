"""Making and deleting machines: cleared up when it fails, nothing left; what they are doing."""

from __future__ import annotations

import pytest
from azure.mgmt.compute import ComputeManagementClient

from adapters.azure.adapter import AzureAdapter
from broker.adapter import Kind
from broker.errors import BrokerError, Conflict, Transient
from broker.model import GIB, Firmware, Instance, NicSpec, Power, StopMode
from tests.adapters.azure.machines import SIZE, disk, leftovers, network, token, wish
from tests.services.azure.fixture import AzureService

__all__ = ["disk", "network"]

VM_WRITE = "Microsoft.Compute/virtualMachines/write"
DISK_WRITE = "Microsoft.Compute/disks/write"


def test_a_machine_boots_from_its_disks_as_they_are(
    adapter: AzureAdapter, network: str, disk: str
) -> None:
    spec = wish(network, firmware=Firmware.UEFI)
    made = adapter.create_instance(spec, [disk, disk], offer=SIZE, token=token())

    storage = made.native["properties"]["storageProfile"]  # type: ignore[index,call-overload]
    assert storage["osDisk"]["createOption"] == "Attach"  # type: ignore[index,call-overload]
    assert "osProfile" not in made.native["properties"]  # type: ignore[operator]
    boot, data = (adapter.volume(each).native["properties"] for each in made.volumes)
    assert boot["hyperVGeneration"] == "V2"  # type: ignore[index,call-overload]
    assert "hyperVGeneration" not in data  # type: ignore[operator]
    assert made.spec.firmware is Firmware.UEFI
    assert [volume.size for volume in made.spec.volumes] == [GIB, GIB]


def test_a_machine_starts_securely(adapter: AzureAdapter, network: str, disk: str) -> None:
    spec = wish(network, firmware=Firmware.UEFI_SECURE)
    made = adapter.create_instance(spec, [disk, disk], offer=SIZE, token=token())
    assert made.spec.firmware is Firmware.UEFI_SECURE


def test_deleting_leaves_nothing(adapter: AzureAdapter, network: str, disk: str) -> None:
    spec = wish(network, nics=(NicSpec(network=network, public=True), NicSpec(network=network)))
    made = adapter.create_instance(spec, [disk, disk], offer=SIZE, token=token())
    assert len(leftovers(adapter, disk)) == 1 + 2 + 2 + 1
    adapter.delete_instance(made.id)
    assert leftovers(adapter, disk) == []


def test_an_address_that_can_be_moved_outlives_its_machine(
    adapter: AzureAdapter, network: str, disk: str
) -> None:
    made = adapter.create_instance(wish(network), [disk, disk], offer=SIZE, token=token())
    address = adapter.create_public_address(token=token())
    adapter.attach_public_address(address.id, made.id)
    adapter.delete_instance(made.id)
    (kept,) = adapter.public_addresses()
    assert (kept.address, kept.instance) == (address.address, None)
    adapter.delete_public_address(kept.id)
    assert leftovers(adapter, disk) == []


def test_volumes_that_are_kept_are_all_that_is_left(
    adapter: AzureAdapter, network: str, disk: str
) -> None:
    made = adapter.create_instance(wish(network), [disk, disk], offer=SIZE, token=token())
    adapter.delete_instance(made.id, keep_volumes=True)
    assert sorted(leftovers(adapter, disk)) == sorted(made.volumes)
    adapter.delete_instance(made.id)
    assert sorted(leftovers(adapter, disk)) == sorted(made.volumes)


@pytest.mark.parametrize("write", [VM_WRITE, DISK_WRITE])
def test_what_fails_for_good_is_cleared_up(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str, write: str
) -> None:
    inner = {
        "code": "ResourceDeploymentFailure",
        "message": "The operation did not succeed.",
        "details": [{"code": "OSDiskNotBootable", "message": "the boot disk is broken"}],
    }
    azure.fault(write, skip=int(write == DISK_WRITE), fail=inner)
    mark = token()
    spec = wish(network, nics=(NicSpec(network=network, public=True),))
    with pytest.raises(BrokerError, match=r"succeed|broken") as raised:
        adapter.create_instance(spec, [disk, disk], offer=SIZE, token=mark)
    assert not raised.value.retryable
    assert leftovers(adapter, disk) == []
    assert adapter.made(mark) == []


def test_what_is_worth_another_try_goes_on(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str
) -> None:
    mark, spec = token(), wish(network)
    azure.fault(VM_WRITE, status=503, code="ServiceUnavailable")
    with pytest.raises(Transient):
        adapter.create_instance(spec, [disk, disk], offer=SIZE, token=mark)
    before = {made.id for made in adapter.made(mark) if made.kind is Kind.VOLUME}
    assert len(before) == 2
    made = adapter.create_instance(spec, [disk, disk], offer=SIZE, token=mark)
    assert set(made.volumes) == before
    assert len(leftovers(adapter, disk)) == 1 + 2 + 1


def test_a_machine_that_is_still_being_made_is_waited_for(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str
) -> None:
    mark, spec = token(), wish(network)
    azure.fault(VM_WRITE, lost=True, seconds=0.7)
    with pytest.raises(Transient):
        adapter.create_instance(spec, [disk, disk], offer=SIZE, token=mark)
    azure.limit(quotas={"cores": 1})  # the one that is being made has it
    made = adapter.create_instance(spec, [disk, disk], offer=SIZE, token=mark)
    assert [each.id for each in adapter.instances()] == [made.id]
    assert made.state.power is Power.RUNNING


def test_an_interrupted_making_is_deleted_by_the_machines_id(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str
) -> None:
    mark, spec = token(), wish(network)
    azure.fault(VM_WRITE, status=503, code="ServiceUnavailable")
    with pytest.raises(Transient):
        adapter.create_instance(spec, [disk, disk], offer=SIZE, token=mark)
    found = adapter.made(mark)
    assert Kind.INSTANCE in {made.kind for made in found}
    for made in found:
        if made.kind is Kind.INSTANCE:
            adapter.delete_instance(made.id)
        else:
            adapter.delete_volume(made.id)
    assert leftovers(adapter, disk) == []


def behind(azure: AzureService, machine: Instance, **facts: str | None) -> None:
    """Make something true of a machine that nobody asked the service for."""
    path = str(machine.native["id"]).lstrip("/")
    azure.control("POST", f"vms/{path}", facts)


def test_a_power_that_is_not_told_is_unknown_in_every_listing(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str
) -> None:
    made = adapter.create_instance(wish(network), [disk, disk], offer=SIZE, token=token())
    behind(azure, made, power=None)
    (listed,) = adapter.instances()
    for found in (listed, adapter.instance(made.id)):
        assert (found.state.power, found.state.allocated) == (Power.UNKNOWN, None)
    with pytest.raises(Conflict):
        adapter.create_image(made.id, "golden", token=token())
    adapter.stop_instance(made.id)
    assert adapter.instance(made.id).state.power is Power.STOPPED


def test_off_is_billed_and_deallocated_is_not(
    adapter: AzureAdapter, network: str, disk: str
) -> None:
    made = adapter.create_instance(wish(network), [disk, disk], offer=SIZE, token=token())
    adapter.stop_instance(made.id)
    assert adapter.instance(made.id).state.allocated is True
    adapter.stop_instance(made.id, StopMode.DEALLOCATE)
    assert adapter.instance(made.id).state.allocated is False
    adapter.stop_instance(made.id)
    assert adapter.instance(made.id).state.allocated is False


def test_the_console_has_what_the_guest_wrote(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str
) -> None:
    made = adapter.create_instance(wish(network), [disk, disk], offer=SIZE, token=token())
    behind(azure, made, console="login: é\n")
    assert adapter.console_log(made.id) == "login: é\n"


def test_a_console_nobody_keeps_is_told_with_what_to_do(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str
) -> None:
    made = adapter.create_instance(wish(network), [disk, disk], offer=SIZE, token=token())
    off = {"properties": {"diagnosticsProfile": {"bootDiagnostics": {"enabled": False}}}}
    with azure.client(ComputeManagementClient) as client:
        client.virtual_machines.begin_update(azure.resource_group, made.id, off).result()
    with pytest.raises(Conflict, match="boot diagnostics are off") as raised:
        adapter.console_log(made.id)
    assert "az vm boot-diagnostics enable" in raised.value.hint
