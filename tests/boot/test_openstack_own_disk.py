"""A real guest that was made from an image, its disk no volume, moves to another project."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import openstack
import pytest

from broker import migrate
from broker.disks.copy import copy
from broker.disks.files import FileSource
from broker.model import GIB, MIB, VolumeSpec
from tests.boot.openstack_guests import opened, ready, upload
from tests.conformance.kit import sweep
from tests.services.openstack.clouds import CLOUDS
from tests.services.openstack.own_disks import flavor_with_a_disk, made_of
from tests.services.require import require

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.service,
    pytest.mark.filterwarnings("ignore:The .* deprecated for removal"),
]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    require("openstack")
    with ExitStack() as made:
        yield made


def test_its_own_disk_and_its_volume_move_and_it_comes_up(
    stack: ExitStack, micro: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(CLOUDS))
    here = stack.enter_context(opened("interop-a", "here"))
    there = stack.enter_context(opened("interop-b", "there"))
    admin = openstack.connect(cloud="interop-admin")

    def token() -> str:
        made = f"own-{secrets.token_hex(4)}"
        stack.callback(sweep, here, made)
        return made

    flavor = flavor_with_a_disk(admin, stack)
    image = upload(here, micro, tmp_path / "journal", token=token()).id
    data = tmp_path / "data.raw"
    data.write_bytes(b"hello".ljust(MIB, b"\0"))
    sink = here.open_sink(MIB, name="data", token=token())
    disk = copy(FileSource(data), sink, journal=tmp_path / "second").id
    of_disk = {"imageRef": disk}
    marks = {"interop:token": token()}
    volume = here._new_volume(VolumeSpec(name="data", size=GIB), 1, marks, of_disk)
    here._ready_volume(volume, 1)
    name = f"own-{secrets.token_hex(3)}"
    disks = [
        {"boot_index": 0, "uuid": image, "source_type": "image", "destination_type": "local"},
        {"uuid": volume, "source_type": "volume", "destination_type": "volume"},
    ]
    server = made_of(here, image, flavor, token=token(), name=name, block_device_mapping_v2=disks)
    assert ready(here, server, boots=1)["data"] == "hello"

    opened_both = {"here": here, "there": there}
    again = r"INTEROP-GUEST-READY .*\bboots=2 "
    plan = migrate.plan(f"here/{name}", "there", console=again, opened=opened_both)
    stack.callback(migrate.undo, plan, opened=opened_both, state=tmp_path)
    report = migrate.apply(plan, opened=opened_both, state=tmp_path)

    assert [disk.source_root == disk.target_root for disk in report.disks] == [True, True]
    assert report.target_id is not None
    told = ready(there, report.target_id, boots=2)
    assert (told["data"], told["root"]) == ("hello", "/dev/vda3")
    assert report.leftovers == ()
