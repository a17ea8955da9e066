"""A migration that goes well, and one that is run again."""

from __future__ import annotations

import os

import pytest

from broker import migrate
from broker.engine import inline
from broker.errors import (
    ConfigError,
    Conflict,
    DataMismatch,
    NotFound,
    PlanStale,
    Unsupported,
)
from broker.migrate.ends import Ends
from broker.migrate.events import DiskProgress, Event, StepFinished, StepStarted, unwatched
from broker.migrate.facts import Facts
from broker.migrate.folder import RunFolder
from broker.migrate.run import run
from broker.model import Firewall, FirewallSpec, GroupPeer, Power
from tests.migrate.world import DATA_SIZE, World


def test_a_machine_moves_whole(world: World) -> None:
    report = world.apply(world.plan(name="web-2"))
    there = world.assert_moved()
    assert there.state.power is Power.RUNNING
    assert world.source_power is Power.STOPPED
    assert there.name == "web-2"
    assert there.spec.user_data == "#cloud-config\n"
    assert there.spec.labels == {"team": "web"}
    assert report.target_id == there.id
    assert all(disk.source_root == disk.target_root for disk in report.disks)
    assert len(report.disks) == 2


def test_networks_and_firewalls_travel(world: World) -> None:
    report = world.apply(world.plan())
    assert report.firewalls == {"web-1-web": "equal"}
    there = world.assert_moved()
    (nic,) = there.spec.nics
    (firewall,) = world.cloud.firewalls()
    assert nic.firewalls == (firewall.id,)
    assert [rule.peer for rule in firewall.spec.rules if isinstance(rule.peer, GroupPeer)] == [
        GroupPeer(firewall=firewall.id)
    ]
    assert world.cloud.network(nic.network).spec.subnets[0].cidr.exploded == "10.0.0.0/24"


def test_a_firewall_in_several_parts_travels(world: World) -> None:
    """Two rules, and room for one in each of the target's."""
    world.settle(limits={"firewall": {"rules_per_direction": 1, "groups_per_nic": 3}})
    report = world.apply(world.plan())
    assert report.firewalls == {"web-1-web": "equal", "web-1-web-2": "equal"}
    (nic,) = world.assert_moved().spec.nics
    there = {one.id: one for one in world.cloud.firewalls()}
    assert set(nic.firewalls) == set(there)
    assert sorted(len(one.spec.rules) for one in there.values()) == [1, 1]


def test_a_firewall_that_reads_back_otherwise_stops_the_move(world: World) -> None:
    create = world.cloud.create_firewall

    def careless(spec: FirewallSpec, *, token: str) -> Firewall:
        wide = (rule.model_copy(update={"protocol": None}) for rule in spec.rules)
        return create(spec.model_copy(update={"rules": tuple(wide)}), token=token)

    world.lab.replace_rules(
        world.web.spec.nics[0].firewalls[0],
        world.lab.firewall(world.web.spec.nics[0].firewalls[0]).spec.rules[:1],
    )
    plan = world.plan()
    opened = {**world.opened, "cloud": world.cloud}
    world.cloud.create_firewall = careless  # type: ignore[method-assign]
    with pytest.raises(DataMismatch, match=r"wider by: .* for instance "):
        world.apply(plan, opened=opened)
    assert world.cloud.firewalls() == []
    assert world.source_power is Power.RUNNING


def test_it_goes_home_to_the_same_disks(world: World) -> None:
    world.apply(world.plan())
    world.apply(world.plan("cloud/web-1", "lab", name="web-back"))
    first, back = world.lab.instances()
    for old, new in zip(first.volumes, back.volumes, strict=True):
        assert world.content(world.lab, old) == world.content(world.lab, new)
    assert back.spec.nics[0].network == first.spec.nics[0].network


def test_a_source_kept_running_runs_throughout(world: World) -> None:
    plan = world.plan(keep_running=True)
    world.apply(plan)
    world.assert_moved()
    assert world.source_power is Power.RUNNING


def test_a_source_that_was_stopped_stays_so(world: World) -> None:
    world.lab.stop_instance(world.web.id)
    plan = world.plan()
    world.apply(plan)
    world.undo(plan)
    assert world.source_power is Power.STOPPED


def test_who_watches_sees_every_step_and_the_bytes(world: World) -> None:
    seen: list[Event] = []
    plan = world.plan()
    world.apply(plan, progress=seen.append)
    started = [event.step for event in seen if isinstance(event, StepStarted)]
    finished = [event.step for event in seen if isinstance(event, StepFinished)]
    assert started == finished == list(plan.steps)
    assert any(isinstance(event, DiskProgress) and event.progress.done for event in seen)


def test_the_report_says_all_that_matters(world: World) -> None:
    plan = world.plan()
    report = world.apply(plan)
    text = report.text
    for said in (world.web.id, report.target_id, *(disk.source_root for disk in report.disks)):
        assert said is not None
        assert said in text
    assert f"interop migrate undo {plan.id}" in text
    assert "the source lab/web-1 is stopped" in text
    assert migrate.last_report(plan.id, state=world.state) == report


def test_a_console_pattern_is_waited_for(world: World) -> None:
    assert "its console said" in world.apply(world.plan(console=r"\S+")).seen


class TestAgain:
    def test_a_finished_plan_changes_nothing(self, world: World) -> None:
        plan = world.plan()
        report = world.apply(plan)
        seen: list[Event] = []
        assert world.apply(plan, progress=seen.append) == report
        assert not seen
        world.assert_moved()

    def test_every_step_run_twice_gives_one_machine_and_equal_bytes(self, world: World) -> None:
        plan = world.plan()
        ends = Ends(world.lab, world.cloud, RunFolder(plan.id, world.state), unwatched)
        facts = Facts(source_power=Power.RUNNING)
        for index, step in enumerate(plan.steps):
            run(step, ends, facts, plan.token(index))
            facts = run(step, ends, facts, plan.token(index))
        world.assert_moved()
        assert len(world.cloud.networks()) == len(world.cloud.firewalls()) == 1
        assert len(world.cloud.volumes()) == 2

    @pytest.mark.parametrize("ended", range(12))
    def test_a_death_after_any_step_is_gone_on_from(self, world: World, ended: int) -> None:
        class Died(BaseException):
            pass

        plan = world.plan()
        folder = RunFolder(plan.id, world.state)
        folder.save(Facts(source_power=Power.RUNNING))

        def save(facts: Facts) -> None:
            if len(facts.done) > ended:
                raise Died
            folder.save(facts)

        with pytest.raises(Died):
            inline.run(plan, Ends(world.lab, world.cloud, folder, unwatched), folder.facts(), save)
        report = world.apply(plan)
        there = world.assert_moved()
        assert report.target_id == there.id
        assert len(world.cloud.volumes()) == 2
        assert len(world.cloud.networks()) == len(world.cloud.firewalls()) == 1

    @pytest.mark.parametrize("still", [True, False])
    def test_a_source_that_ran_in_between_is_read_again(self, world: World, still: bool) -> None:
        plan = world.plan()
        folder = RunFolder(plan.id, world.state)
        ends = Ends(world.lab, world.cloud, folder, unwatched)
        facts = Facts(source_power=Power.RUNNING)
        for index, step in enumerate(plan.steps):
            if step.do == "create_instance":
                break
            facts = run(step, ends, facts, plan.token(index)).with_done(index, 0)
        folder.save(facts)
        world.lab.start_instance(world.web.id)
        world.write_to_root(0, b"written while it ran")
        if not still:
            world.lab.stop_instance(world.web.id)
        world.apply(plan)
        world.assert_moved()
        assert world.source_power is Power.STOPPED


class TestRefused:
    def test_a_source_that_changed_is_named_with_its_fields(self, world: World) -> None:
        plan = world.plan()
        world.lab.stop_instance(world.web.id)
        other = world.lab.sizes()[1]
        world.lab.resize_instance(world.web.id, other.size, offer=other.id)
        with pytest.raises(PlanStale, match=r"size\.memory: 512 -> .*Make a new plan"):
            world.apply(plan)
        world.assert_target_clean()

    def test_a_source_that_is_gone(self, world: World) -> None:
        plan = world.plan()
        world.lab.delete_instance(world.web.id)
        with pytest.raises(NotFound, match=r"the source lab/web-1 .* is gone"):
            world.apply(plan)

    def test_an_edited_plan(self, world: World) -> None:
        plan = world.plan()
        target = plan.target.model_copy(update={"name": "other"})
        with pytest.raises(PlanStale, match="edited"):
            world.apply(plan.model_copy(update={"target": target}))

    def test_a_blocking_loss(self, world: World) -> None:
        world.settle(limits={"volume_max": DATA_SIZE})
        plan = world.plan()
        assert [loss.field for loss in plan.blocking] == ["volumes[0].size"]
        with pytest.raises(Unsupported, match="web-1 cannot move to cloud"):
            world.apply(plan)
        world.assert_target_clean()
        assert world.source_power is Power.RUNNING

    def test_firmware_the_target_lacks(self, world: World) -> None:
        (firmware,) = {world.web.spec.firmware}
        lacking = {"bios", "uefi"} - {firmware.value}
        world.settle(limits={"firmware": frozenset(lacking)})
        assert "firmware" in [loss.field for loss in world.plan().blocking]

    def test_a_second_apply_at_the_same_time(self, world: World) -> None:
        plan = world.plan()
        with (
            RunFolder(plan.id, world.state).locked(),
            pytest.raises(Conflict, match=f"process {os.getpid()} is working"),
        ):
            world.apply(plan)

    def test_an_unknown_machine_offers_the_nearest(self, world: World) -> None:
        with pytest.raises(NotFound, match="Did you mean web-1"):
            world.plan("lab/wbe-1")

    def test_a_plan_for_another_account(self, world: World) -> None:
        plan = world.plan()
        with pytest.raises(ConfigError, match="not lab"):
            migrate.apply(plan, opened={"lab": world.lab, "cloud": world.lab}, state=world.state)


def test_a_report_that_was_never_made(world: World) -> None:
    with pytest.raises(NotFound, match="interop migrate apply"):
        migrate.last_report("nothing", state=world.state)


def test_an_applied_plan_is_found_by_its_id(world: World) -> None:
    plan = world.plan()
    world.apply(plan)
    assert migrate.load(plan.id, state=world.state) == plan
