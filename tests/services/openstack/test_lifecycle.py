"""States that only some calls lead to: waiting for a word, kept after a delete, written to disk."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Any

import pytest

from adapters.openstack.adapter import OpenStackAdapter
from broker.errors import Conflict, QuotaExceeded
from broker.model import Power, Size, StopMode
from tests.conformance.kit import Kit, Machine
from tests.services.openstack.beside import beside
from tests.services.openstack.clouds import opened

pytestmark = pytest.mark.filterwarnings("ignore:The .* deprecated for removal")

WAIT_S = 120


@pytest.fixture
def machine(kit: Kit) -> Machine:
    return kit.instance(kit.network().id)


def status(adapter: OpenStackAdapter, id: str) -> str:
    return adapter.instance(id).state.native


def until(adapter: OpenStackAdapter, id: str, wanted: str) -> None:
    end = time.monotonic() + WAIT_S
    while status(adapter, id) != wanted:
        assert time.monotonic() < end, f"{status(adapter, id)} is not {wanted}"
        time.sleep(0.5)


def left_unconfirmed(adapter: OpenStackAdapter, id: str, flavor: str) -> None:
    """Resize as somebody with another tool does, who forgets the second half."""
    adapter.stop_instance(id)
    known = {each["name"]: each["id"] for each in adapter._flavors()}
    adapter._act(id, "resize", {"flavorRef": known[flavor]})
    until(adapter, id, "VERIFY_RESIZE")


def test_a_resize_nobody_confirmed_is_told_and_taken_back_for_another(
    adapter: OpenStackAdapter, machine: Machine
) -> None:
    left_unconfirmed(adapter, machine.id, "small")
    told = adapter.instance(machine.id)
    assert (told.state.task, told.offer) == ("verify_resize", "small")
    with pytest.raises(Conflict, match="neither confirmed nor taken back"):
        adapter.start_instance(machine.id)

    adapter.resize_instance(machine.id, Size(vcpus=2, memory=1024), offer="medium")

    found = adapter.instance(machine.id)
    assert (found.offer, found.state.task, found.state.power) == ("medium", None, Power.STOPPED)


def test_a_resize_nobody_confirmed_is_confirmed_when_it_is_the_one_asked_for(
    adapter: OpenStackAdapter, machine: Machine
) -> None:
    left_unconfirmed(adapter, machine.id, "small")
    adapter.resize_instance(machine.id, Size(vcpus=1, memory=512), offer="small")
    found = adapter.instance(machine.id)
    assert (found.offer, found.state.task) == ("small", None)


def test_a_size_no_host_has_room_for_is_told_and_the_machine_stays_as_it_was(
    adapter: OpenStackAdapter, kit: Kit, machine: Machine, admin: Any
) -> None:
    name = f"impossible-{secrets.token_hex(3)}"
    flavor = admin.compute.create_flavor(name=name, vcpus=1, ram=64, disk=0)
    kit.stack.callback(admin.compute.delete_flavor, flavor)
    admin.compute.create_flavor_extra_specs(flavor, {"trait:CUSTOM_NOWHERE": "required"})
    adapter.stop_instance(machine.id)
    before = adapter.instance(machine.id)

    size = Size(vcpus=1, memory=64)
    with pytest.raises(Conflict, match="cold_migrate") as raised:
        adapter.resize_instance(machine.id, size, offer=name)
    assert raised.value.request_id  # by which an operator finds it, who alone is told why
    with pytest.raises(QuotaExceeded, match="No valid host"):
        opened(cloud="interop-admin").resize_instance(machine.id, size, offer=name)

    found = adapter.instance(machine.id)
    assert (found.offer, found.state.power) == (before.offer, Power.STOPPED)
    adapter.start_instance(machine.id)


def test_a_shelved_machine_has_no_host_and_comes_back_where_it_was(
    adapter: OpenStackAdapter, machine: Machine
) -> None:
    before = adapter.instance(machine.id)
    adapter.stop_instance(machine.id, StopMode.DEALLOCATE)
    shelved = adapter.instance(machine.id)
    assert (shelved.state.power, shelved.state.allocated) == (Power.STOPPED, False)
    assert shelved.volumes == before.volumes

    adapter.start_instance(machine.id)
    found = adapter.instance(machine.id)
    assert found.state.power is Power.RUNNING
    assert found.volumes == before.volumes
    assert [nic.spec.addresses for nic in found.nics] == [nic.spec.addresses for nic in before.nics]


def test_a_deployment_that_keeps_deleted_servers_is_asked_to_forget_them(
    adapter: OpenStackAdapter, machine: Machine, tmp_path: Path
) -> None:
    """Deleted by hand it is kept; deleted by us it is gone, its disk and address too."""
    with beside("compute", {"DEFAULT": {"reclaim_instance_interval": 3600}}, tmp_path) as clouds:
        keeping = opened(clouds_file=str(clouds))
        try:
            keeping._session.delete("compute", f"/servers/{machine.id}")
            until(keeping, machine.id, "SOFT_DELETED")
            told = keeping.instance(machine.id)
            assert told.state.power is Power.DELETING
            assert keeping.made(machine.request.token)

            keeping.delete_instance(machine.id)
            assert keeping.made(machine.request.token) == []
            assert [each for each in told.volumes if each in ids(keeping.volumes())] == []
        finally:
            keeping.close()


def test_deleting_where_deleted_servers_are_kept_is_final_at_once(
    adapter: OpenStackAdapter, machine: Machine, tmp_path: Path
) -> None:
    with beside("compute", {"DEFAULT": {"reclaim_instance_interval": 3600}}, tmp_path) as clouds:
        keeping = opened(clouds_file=str(clouds))
        try:
            keeping.delete_instance(machine.id)
        finally:
            keeping.close()
    assert machine.id not in ids(adapter.instances())
    assert adapter.made(machine.request.token) == []


def ids(things: list[Any]) -> set[str]:
    return {each.id for each in things}
