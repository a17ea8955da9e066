"""A migration that fails: the source is as it was, the target is clean, the bytes are kept."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from adapters.memory.disks import Disks, MemorySink
from adapters.memory.faults import Fault, FaultKind
from broker.disks.contract import Source
from broker.errors import Conflict, DataMismatch, QuotaExceeded, Transient
from broker.migrate import DiskProgress, Event
from broker.migrate.verify import CEILING_S, see_it_run
from broker.model import MIB, Power
from tests.migrate.world import World


def lasting(kind: str, calls: str, **more: Any) -> Fault:
    return Fault(kind=FaultKind(kind), calls=calls, **more)


def test_a_full_target_keeps_the_disks_and_the_next_try_sends_nothing(world: World) -> None:
    plan = world.plan()
    world.settle(quotas={"instances": 0})
    with pytest.raises(QuotaExceeded) as failed:
        world.apply(plan)
    world.assert_target_clean(disks=2)
    assert world.source_power is Power.RUNNING
    notes = "\n".join(failed.value.__notes__)
    kept = [disk.id for disk in world.cloud.volumes()]
    assert len(kept) == 2
    assert all(disk in notes for disk in kept)
    assert "2 MiB" in notes
    assert "the source lab/web-1 is running" in notes
    assert f"interop migrate apply {world.state}" in notes
    world.settle()
    report = world.apply(plan)
    world.assert_moved()
    assert [disk.sent for disk in report.disks] == [0, 0]
    assert [disk.skipped for disk in report.disks] == [2 * MIB, 2 * MIB]


def test_the_next_try_sends_what_the_source_has_written_since(world: World) -> None:
    plan = world.plan()
    world.settle(quotas={"instances": 0})
    with pytest.raises(QuotaExceeded):
        world.apply(plan)
    world.write_to_root(3 * MIB, b"new")
    world.settle()
    world.apply(plan)
    world.assert_moved()


def test_no_room_for_the_disks(world: World) -> None:
    plan = world.plan()
    world.settle(quotas={"volume_bytes": 5 * MIB})
    with pytest.raises(QuotaExceeded):
        world.apply(plan)
    world.assert_target_clean(disks=1)
    assert world.source_power is Power.RUNNING


def test_a_copy_cut_short_is_gone_on_with(world: World) -> None:
    plan = world.plan()
    with (
        world.cloud.faults.inject(lasting("timeout", "pwrite", skip=2)),
        pytest.raises(Transient) as failed,
    ):
        world.apply(plan)
    world.assert_target_clean(disks=1)
    assert "kept: disk root" in "\n".join(failed.value.__notes__)
    report = world.apply(plan)
    world.assert_moved()
    root = report.disks[0]
    assert root.skipped >= MIB // 2
    assert root.sent + root.skipped == root.read


def test_a_stream_cut_short_is_no_disk_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemorySink, "in_order", False, raising=False)
    monkeypatch.setattr(MemorySink, "expect", lambda self, length: None, raising=False)
    plan = world.plan()
    with (
        world.cloud.faults.inject(lasting("timeout", "pwrite", skip=2)),
        pytest.raises(Transient) as failed,
    ):
        world.apply(plan)
    world.assert_target_clean()
    notes = "\n".join(failed.value.__notes__)
    assert "next time disk root is sent from its beginning" in notes
    assert "kept: disk" not in notes
    report = world.apply(plan)
    world.assert_moved()
    assert [disk.skipped for disk in report.disks] == [0, 0]


def test_ctrl_c_in_a_copy_puts_the_source_back_and_keeps_the_bytes(world: World) -> None:
    plan = world.plan()

    def interrupt(event: Event) -> None:
        if isinstance(event, DiskProgress):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as stopped:
        world.apply(plan, progress=interrupt)
    assert world.source_power is Power.RUNNING
    world.assert_target_clean(disks=1)
    assert any("to go on" in note for note in stopped.value.__notes__)
    world.apply(plan)
    world.assert_moved()


def test_a_copy_that_reads_back_wrong_is_deleted_and_the_others_are_kept(world: World) -> None:
    plan = world.plan()
    with (
        world.cloud.faults.inject(lasting("corrupt", "pread_into", skip=4)),
        pytest.raises(DataMismatch) as failed,
    ):
        world.apply(plan)
    world.assert_target_clean(disks=1)
    notes = "\n".join(failed.value.__notes__)
    assert "kept: disk root" in notes
    assert "kept: disk data" not in notes
    world.apply(plan)
    world.assert_moved()


def test_a_machine_that_does_not_come_up_is_removed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0.0, CEILING_S])
    hasty = partial(see_it_run, clock=lambda: next(times), sleep=lambda _: None)
    monkeypatch.setattr("broker.migrate.run.see_it_run", hasty)
    plan = world.plan(console="never said")
    with pytest.raises(Conflict, match='did not say "never said"'):
        world.apply(plan)
    world.assert_target_clean()
    assert world.source_power is Power.RUNNING
    monkeypatch.undo()
    fresh = world.plan()
    world.apply(fresh)
    world.assert_moved()


def test_a_running_source_that_cannot_be_held_still_is_left_as_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = world.plan(keep_running=True)

    def refuse(self: Disks, disk: str) -> Source:
        raise Conflict(f"{disk} is in use", hint="Stop the machine first")

    monkeypatch.setattr(Disks, "open_source", refuse)
    with pytest.raises(Conflict, match="Stop the machine first"):
        world.apply(plan)
    world.assert_target_clean()
    assert world.source_power is Power.RUNNING


def test_litter_does_not_take_a_machine_back(world: World) -> None:
    plan = world.plan()
    with world.cloud.faults.inject(lasting("expired", "delete_disk")):
        report = world.apply(plan)
    world.assert_moved()
    assert [line.partition(" (")[0] for line in report.leftovers] == [
        "the copy of disk root",
        "the copy of disk data",
    ]


def test_what_cannot_be_undone_is_named_and_undone_later(world: World) -> None:
    plan = world.plan()
    world.settle(quotas={"instances": 0})
    with (
        world.cloud.faults.inject(lasting("expired", "delete_network")),
        world.lab.faults.inject(lasting("expired", "start_instance")),
        pytest.raises(QuotaExceeded) as failed,
    ):
        world.apply(plan)
    notes = "\n".join(failed.value.__notes__)
    assert "left over: create network lan" in notes
    assert "left over: stop the source" in notes
    assert "the source lab/web-1 is stopped" in notes
    with world.cloud.faults.inject(lasting("expired", "delete_network")):
        half = world.undo(plan)
    assert half.leftovers
    assert half.how_to_go_on == f"to take back the rest: interop migrate undo {plan.id}"
    report = world.undo(plan)
    assert report.leftovers == ()
    assert "migrate apply" in report.how_to_go_on
    world.assert_target_clean()
    assert world.source_power is Power.RUNNING


class TestUndo:
    def test_a_finished_move_is_taken_back(self, world: World) -> None:
        plan = world.plan()
        world.apply(plan)
        report = world.undo(plan)
        world.assert_target_clean()
        assert world.source_power is Power.RUNNING
        assert report.status == "undone"
        assert world.undo(plan).leftovers == ()

    def test_kept_disks_go_too(self, world: World) -> None:
        plan = world.plan()
        world.settle(quotas={"instances": 0})
        with pytest.raises(QuotaExceeded):
            world.apply(plan)
        world.undo(plan)
        world.assert_target_clean()

    def test_a_plan_never_applied_has_nothing_to_undo(self, world: World) -> None:
        world.undo(world.plan())
        assert world.source_power is Power.RUNNING

    def test_an_undone_plan_can_be_applied_again(self, world: World) -> None:
        plan = world.plan()
        world.apply(plan)
        world.undo(plan)
        world.apply(plan)
        world.assert_moved()


@pytest.mark.parametrize("kind", ["throttle", "server_error", "timeout", "lost_answer"])
@pytest.mark.parametrize("skip", [0, 3, 7])
def test_faults_on_the_way_are_outlasted(world: World, kind: str, skip: int) -> None:
    plan = world.plan()
    with (
        world.cloud.faults.inject(lasting(kind, "*", skip=skip, times=5)),
        world.lab.faults.inject(lasting(kind, "*", skip=skip, times=5)),
    ):
        world.apply(plan)
    world.assert_moved()
    assert len(world.cloud.networks()) == len(world.cloud.firewalls()) == 1
    assert len(world.cloud.volumes()) == 2


def test_lost_answers_to_creates_make_nothing_twice(world: World) -> None:
    plan = world.plan()
    with world.cloud.faults.inject(lasting("lost_answer", "create_*", times=3)):
        world.apply(plan)
    world.assert_moved()
    assert len(world.cloud.networks()) == 1


def test_a_disk_whose_journal_is_lost_is_not_trusted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = world.plan()
    world.settle(quotas={"instances": 0})
    with pytest.raises(QuotaExceeded):
        world.apply(plan)
    for journal in world.state.rglob("*.journal"):
        journal.unlink()
    world.settle()
    written = 0
    pwrite = MemorySink.pwrite

    def count(self: MemorySink, data: memoryview, offset: int) -> None:
        nonlocal written
        written += len(data)
        pwrite(self, data, offset)

    monkeypatch.setattr(MemorySink, "pwrite", count)
    world.apply(plan)
    world.assert_moved()
    assert written == 4 * MIB
