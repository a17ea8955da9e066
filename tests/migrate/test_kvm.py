"""A machine moves to a real libvirt and on from there. No guest boots here."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker import migrate
from broker.adapter import Account, Adapter
from broker.migrate import Plan
from broker.migrate.document import SourceEnd
from broker.migrate.steps import CopyDisks
from broker.model import Power, StopMode
from tests.migrate.world import World
from tests.services.require import require

pytestmark = pytest.mark.service


@pytest.fixture
def kvm() -> Iterator[Adapter]:
    require("libvirt")
    from adapters.kvm import connect

    made = connect(Account(name="kvm", kind="kvm", settings={"pool": "interop"}))
    yield made
    made.close()


def test_to_libvirt_and_on(world: World, kvm: Adapter, tmp_path: Path) -> None:
    opened = {**world.opened, "kvm": kvm}
    name = f"move-{secrets.token_hex(4)}"
    applied: list[Plan] = []

    def move(machine: str, target: str) -> None:
        plan = migrate.plan(
            machine,
            target,
            name=name,
            network="default" if target == "kvm" else None,
            opened=opened,
        )
        applied.append(plan)
        migrate.apply(plan, opened=opened, state=world.state)

    try:
        move("lab/web-1", "kvm")
        (there,) = [machine for machine in kvm.instances() if machine.name == name]
        assert there.state.power is Power.RUNNING
        running = SourceEnd.of("kvm", kvm.instance(there.id))
        # Nothing is on the disk that could obey.
        kvm.stop_instance(there.id, StopMode.POWER_OFF)
        assert running.changes(SourceEnd.of("kvm", kvm.instance(there.id))) == []
        move(f"kvm/{name}", "cloud")
        world.assert_moved()
    finally:
        for plan in reversed(applied):
            report = migrate.undo(plan, opened=opened, state=world.state)
            assert report.leftovers == ()
    assert name not in [machine.name for machine in kvm.instances()]
    assert not [one for one in kvm.firewalls() if one.spec.name.startswith(name)]
    for index, step in enumerate(applied[0].steps):
        token = applied[0].token(index)
        owned = [own for _, own in step.tokens(token)] if isinstance(step, CopyDisks) else [token]
        assert [kvm.made(own) for own in owned] == [[]] * len(owned)
