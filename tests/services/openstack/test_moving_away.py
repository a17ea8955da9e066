"""What a plan says of a server before it is applied: all of it that cannot come along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.memory.adapter import MemoryAdapter
from adapters.memory.settings import Settings
from adapters.openstack.adapter import OpenStackAdapter
from broker import migrate
from broker.errors import Unsupported
from broker.migrate import Plan
from broker.model import Fidelity, Loss, StopMode
from tests.conformance.kit import USER_DATA, Kit
from tests.services.openstack.own_disks import flavor_with_a_disk, made_of

pytestmark = pytest.mark.filterwarnings("ignore:The .* deprecated for removal")


def planned(adapter: OpenStackAdapter, server: str, folder: Path) -> Plan:
    cloud = MemoryAdapter("cloud", Settings(path=folder / "cloud"))
    return migrate.plan(f"stack/{server}", "cloud", opened={"stack": adapter, "cloud": cloud})


def of(field: str, plan: Plan) -> list[Loss]:
    return [loss for loss in plan.losses if loss.field == field]


def test_a_member_is_told_that_user_data_are_unknown(
    adapter: OpenStackAdapter, kit: Kit, tmp_path: Path
) -> None:
    made = kit.instance(kit.network().id, user_data=USER_DATA)

    (unknown,) = of("user_data", planned(adapter, made.id, tmp_path))
    assert (unknown.fidelity, unknown.before) == (Fidelity.UNCHECKED, "unknown")


def test_disks_that_the_host_lends_are_named(
    adapter: OpenStackAdapter, kit: Kit, admin: Any, tmp_path: Path
) -> None:
    flavor = flavor_with_a_disk(admin, kit.stack, ephemeral=1, swap=512)
    server = made_of(adapter, kit.boot_disk(), flavor, token=kit.token())

    (loss,) = of("local_disk", planned(adapter, server, tmp_path))
    assert (loss.fidelity, loss.before) == (Fidelity.DROPPED, "1.5 GiB on its host")


def test_a_shelved_server_is_refused_by_its_plan_with_what_to_do(
    adapter: OpenStackAdapter, kit: Kit, tmp_path: Path
) -> None:
    made = kit.instance(kit.network().id)
    adapter.stop_instance(made.id, StopMode.POWER_OFF)
    assert planned(adapter, made.id, tmp_path).blocking == ()

    adapter.stop_instance(made.id, StopMode.DEALLOCATE)

    plan = planned(adapter, made.id, tmp_path)
    with pytest.raises(Unsupported, match="start it, then stop it without deallocating it"):
        migrate.apply(plan, opened={}, state=tmp_path)


def test_a_server_with_a_volume_that_hangs_is_refused_by_its_plan(
    adapter: OpenStackAdapter, kit: Kit, admin: Any, tmp_path: Path
) -> None:
    made = kit.instance(kit.network().id)
    (volume,) = adapter.instance(made.id).volumes
    admin.block_storage.reset_volume_status(volume, "attaching")
    try:
        (loss,) = planned(adapter, made.id, tmp_path).blocking
    finally:
        admin.block_storage.reset_volume_status(volume, "in-use")
    assert "is attaching" in loss.reason
    assert "reset it" in loss.reason
