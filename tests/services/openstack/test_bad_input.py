"""What goes wrong in real deployments, made to happen on the real services."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from adapters.openstack import marks
from adapters.openstack.adapter import OpenStackAdapter
from adapters.openstack.volumes import COMING
from broker.errors import Conflict, Invalid, NotFound, QuotaExceeded
from broker.model import GIB, MIB, FirewallSpec, Size
from tests.conformance.content import blocks, fill, held, write
from tests.conformance.kit import Kit
from tests.services.openstack.faults import expire

pytestmark = pytest.mark.filterwarnings("ignore:The .* deprecated for removal")


def test_a_server_that_failed_says_why(adapter: OpenStackAdapter, kit: Kit, admin: Any) -> None:
    name = f"impossible-{secrets.token_hex(3)}"
    flavor = admin.compute.create_flavor(name=name, vcpus=1, ram=64, disk=0)
    kit.stack.callback(admin.compute.delete_flavor, flavor)
    admin.compute.create_flavor_extra_specs(flavor, {"trait:CUSTOM_NOWHERE": "required"})
    request = kit.request(kit.network().id, kit.disk())._replace(offer=name)

    for _ in range(2):  # the same token finds the same server, and says the same
        with pytest.raises(QuotaExceeded, match="No valid host"):
            request.send(adapter)
    (failed,) = [each for each in adapter.instances() if each.name == request.spec.name]
    assert failed.state.native == "ERROR"
    assert failed.state.reason == "No valid host was found."
    with pytest.raises(Conflict, match="ERROR: No valid host was found") as raised:
        adapter.start_instance(failed.id)
    assert "operator" in raised.value.hint

    adapter.delete_instance(failed.id)
    assert adapter.made(request.token) == []
    assert adapter._marked("ports", marks.description(request.token)) == []


def test_cards_of_a_server_that_never_came_are_found_and_taken_back(
    adapter: OpenStackAdapter, kit: Kit
) -> None:
    """What a program leaves that is killed between the two."""
    request = kit.request(kit.network().id, kit.disk())
    adapter._make_ports(request.spec, request.token)

    (waiting,) = adapter.made(request.token)
    adapter.delete_instance(waiting.id)

    assert adapter.made(request.token) == []
    adapter.delete_instance(waiting.id)


def test_a_key_pair_that_is_not_there_is_told_before_anything_is_made(
    adapter: OpenStackAdapter, kit: Kit
) -> None:
    request = kit.request(kit.network().id, kit.disk(), key_pair="nobody-s")
    with pytest.raises(NotFound, match="nobody-s"):
        request.send(adapter)
    assert adapter.made(request.token) == []


def test_labels_of_disks_come_along(adapter: OpenStackAdapter, kit: Kit) -> None:
    request = kit.request(kit.network().id, kit.disk())
    (disk,) = request.spec.volumes
    labelled = disk.model_copy(update={"labels": {"team": "é東"}})
    spec = request.spec.model_copy(update={"volumes": (labelled,)})
    made = request._replace(spec=spec).send(adapter)
    assert made.spec.volumes[0].labels == {"team": "é東"}


def test_a_volume_that_hangs_in_attaching_is_a_conflict(
    adapter: OpenStackAdapter, kit: Kit, admin: Any
) -> None:
    machine = kit.instance(kit.network().id)
    volume = kit.volume()
    admin.block_storage.reset_volume_status(volume.id, "attaching")
    try:
        with pytest.raises(Conflict, match="attaching"):
            adapter.attach_volume(volume.id, machine.id)
        with pytest.raises(Conflict, match="is attaching") as raised:
            adapter.open_source(volume.id)
        assert "reset" in raised.value.hint
    finally:
        admin.block_storage.reset_volume_status(volume.id, "available")


def test_an_image_without_its_bytes_is_a_conflict(adapter: OpenStackAdapter, kit: Kit) -> None:
    sink, _ = kit.sink()
    with pytest.raises(Conflict, match="queued"):
        adapter.open_source(sink.id)
    request = kit.request(kit.network().id, sink.id)
    with pytest.raises(Conflict, match="queued"):
        request.send(adapter)
    assert adapter.made(request.token) == []


def test_a_disk_larger_than_was_asked_for_gets_a_volume_it_fits(
    adapter: OpenStackAdapter, kit: Kit
) -> None:
    big = adapter.limits.volume_min + adapter.limits.volume_step
    sink, _ = kit.sink(big)
    machine = kit.request(kit.network().id, fill(sink, b"x")).send(adapter)
    assert adapter.volume(adapter.instance(machine.id).volumes[0]).spec.size == big


def test_a_flavor_with_a_smaller_disk_takes_ours(
    adapter: OpenStackAdapter, kit: Kit, admin: Any
) -> None:
    """A flavor's disk is for servers without a volume; every disk of ours is one."""
    name = f"narrow-{secrets.token_hex(3)}"
    flavor = admin.compute.create_flavor(name=name, vcpus=1, ram=64, disk=1)
    kit.stack.callback(admin.compute.delete_flavor, flavor)
    sink, _ = kit.sink(2 * GIB)
    request = kit.request(kit.network().id, fill(sink, b"x"))._replace(offer=name)

    machine = request.send(adapter)

    assert adapter.volume(adapter.instance(machine.id).volumes[0]).spec.size == 2 * GIB


def test_what_is_still_being_made_is_deleted_when_it_is(
    adapter: OpenStackAdapter, kit: Kit
) -> None:
    """A program that was killed leaves it so, and cinder would refuse."""
    token = kit.token()
    spec = kit.volume_spec()
    made = adapter._new_volume(spec, 1, {marks.TOKEN: token}, {"imageRef": kit.boot_disk()})
    assert adapter.volume(made).native["status"] in COMING
    adapter.delete_volume(made)
    assert adapter.made(token) == []

    volume = kit.volume().id
    taken = adapter._take(volume, spec.name, {marks.TOKEN: token})
    adapter.delete_snapshot(taken)
    assert adapter.made(token) == []


def test_things_of_one_name_are_two_things(adapter: OpenStackAdapter, kit: Kit) -> None:
    name = kit.name()
    made = [
        *(kit.volume(name=name).id for _ in range(2)),
        *(kit.network(name=name).id for _ in range(2)),
        *(adapter.create_firewall(FirewallSpec(name=name), token=kit.token()).id for _ in range(2)),
    ]
    listed = [
        *(each.id for each in adapter.volumes() if each.spec.name == name),
        *(each.id for each in adapter.networks() if each.spec.name == name),
        *(each.id for each in adapter.firewalls() if each.spec.name == name),
    ]
    assert len(set(made)) == len(made)
    assert sorted(listed) == sorted(made)


def test_a_token_that_expires_while_we_read_and_write_is_renewed(
    adapter: OpenStackAdapter, kit: Kit
) -> None:
    data = secrets.token_bytes(6 * MIB)
    sink, _ = kit.sink(len(data))
    write(sink, data[: 2 * MIB])
    expire(adapter)
    source = kit.source(fill(sink, data))
    expire(adapter)
    assert held(source) == blocks(data)
    expire(adapter)
    adapter.volumes()


def test_another_flavor_s_name_is_offered_what_there_is(
    adapter: OpenStackAdapter, kit: Kit
) -> None:
    with pytest.raises(Invalid, match="tiny"):
        adapter.resize_instance(kit.instance(kit.network().id).id, Size(vcpus=1, memory=1))
