"""What a server runs and what its disks are on: as properties of the real services, both ways."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest

from adapters.openstack.adapter import OpenStackAdapter
from broker import migrate
from broker.model import Bus, StopMode, System, SystemKind, VolumeSpec
from tests.conformance.kit import Kit
from tests.migrate.world import World

DEBIAN = System(kind=SystemKind.LINUX, distribution="debian")


def properties(adapter: OpenStackAdapter, server: str) -> Mapping[str, str]:
    volume = adapter.instance(server).volumes[0]
    found: Mapping[str, str] = adapter.volume(volume).native["volume_image_metadata"]  # type: ignore[assignment]
    return {key: value for key, value in found.items() if key.startswith(("os_", "hw_scsi"))}


def test_what_a_machine_runs_goes_along_both_ways(
    adapter: OpenStackAdapter, tmp_path: Path
) -> None:
    world = World(tmp_path)
    name = f"web-{secrets.token_hex(3)}"
    opened = {**world.opened, "stack": adapter}
    there = migrate.plan("lab/web-1", "stack", name=name, allow_smaller=True, opened=opened)
    try:
        moved = migrate.apply(there, opened=opened, state=world.state).target_id
        assert moved is not None
        assert properties(adapter, moved) == {"os_type": "linux", "os_distro": "debian"}
        assert adapter.instance(moved).spec.system == DEBIAN

        back = migrate.plan(f"stack/{name}", "cloud", opened=opened)
        returned = migrate.apply(back, opened=opened, state=world.state).target_id
        assert returned is not None
        assert world.cloud.instance(returned).spec.system == DEBIAN
    finally:
        migrate.undo(there, opened=opened, state=world.state)


def test_of_an_unknown_system_nothing_is_said(adapter: OpenStackAdapter, kit: Kit) -> None:
    made = kit.instance(kit.network().id)
    assert properties(adapter, made.id) == {}
    assert adapter.instance(made.id).spec.system == System()


def test_a_scsi_disk_is_on_a_controller_that_guests_have_a_driver_for(
    adapter: OpenStackAdapter, kit: Kit
) -> None:
    root = VolumeSpec(name="root", size=adapter.limits.volume_min, boot=True, bus=Bus.SCSI)
    made = kit.instance(kit.network().id, volumes=(root,))
    assert properties(adapter, made.id) == {"hw_scsi_model": "virtio-scsi"}
    assert adapter.instance(made.id).spec.volumes[0].bus is Bus.SCSI


@pytest.mark.filterwarnings("ignore:The .* deprecated for removal")
def test_an_image_of_a_machine_says_what_it_runs(adapter: OpenStackAdapter, kit: Kit) -> None:
    windows = System(kind=SystemKind.WINDOWS)
    made = kit.instance(kit.network().id, system=windows)
    adapter.stop_instance(made.id, StopMode.POWER_OFF)
    image = adapter.create_image(made.id, kit.name(), token=kit.token())
    assert (image.native["os_type"], image.native["os_distro"]) == ("windows", "windows")

    again = kit.request(kit.network().id, image.id).send(adapter)
    assert again.spec.system == windows
