"""The same moves with a real SDK and a service that is not ours at one end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from adapters.aws import connect
from broker import migrate
from broker.adapter import Adapter
from broker.errors import QuotaExceeded
from broker.firewall import Packet, can, diff, guard
from broker.migrate import Plan, Report
from broker.migrate.document import SourceEnd
from broker.model import Family, GroupPeer, Power
from tests.firewall.test_translate import rule
from tests.migrate.world import World
from tests.services.aws.fixture import AwsService, aws, aws_process

__all__ = ["aws", "aws_process"]


class Moves:
    """A world with a third account, and what is in it before and after."""

    def __init__(self, world: World, account: Adapter) -> None:
        self.world = world
        self.account = account
        self.opened: Mapping[str, Adapter] = {**world.opened, "aws": account}

    def plan(self, machine: str, target: str, **options: str) -> Plan:
        return migrate.plan(machine, target, opened=self.opened, **options)  # type: ignore[arg-type]

    def apply(self, plan: Plan) -> Report:
        return migrate.apply(plan, opened=self.opened, state=self.world.state)

    def undo(self, plan: Plan) -> Report:
        return migrate.undo(plan, opened=self.opened, state=self.world.state)

    def assert_clean(self, *, disks: int = 0) -> None:
        assert self.account.instances() == []
        assert "lan" not in [network.spec.name for network in self.account.networks()]
        assert not [one for one in self.account.firewalls() if one.spec.name.startswith("web")]
        assert len(self.account.snapshots()) == disks


@pytest.fixture
def moves(world: World, aws: AwsService, tmp_path: Path) -> Iterator[Moves]:
    with aws.profiles(tmp_path):
        made = Moves(world, connect(aws.account()))
        applied: list[Plan] = []
        apply = made.apply

        def noted(plan: Plan) -> Report:
            applied.append(plan)
            return apply(plan)

        made.apply = noted  # type: ignore[method-assign]
        try:
            yield made
        finally:
            aws.clear()
            for plan in applied:
                made.undo(plan)
            made.account.close()


def test_there_and_home_again(moves: Moves) -> None:
    there = moves.apply(moves.plan("lab/web-1", "aws"))
    plan = moves.plan("aws/web-1", "cloud")
    home = moves.apply(plan)
    stopped = SourceEnd.of("aws", moves.account.instance(plan.source.instance))
    assert plan.source.changes(stopped) == []
    assert [disk.target_root for disk in there.disks] == [disk.source_root for disk in there.disks]
    lab, cloud = moves.world.lab, moves.world.cloud
    (back,) = cloud.instances()
    for mine, theirs in zip(moves.world.web.volumes, back.volumes, strict=True):
        before = moves.world.content(lab, mine)
        source = cloud.open_source(theirs)
        held = bytearray(len(before))
        source.pread_into(memoryview(held), 0)
        source.close()
        assert held == before
    assert back.spec.user_data == "#cloud-config\n"
    assert back.spec.labels == {"team": "web"}
    assert there.leftovers == home.leftovers == ()
    assert moves.account.snapshots() == []


def test_a_quota_keeps_the_disks_and_the_next_try_sends_nothing(
    moves: Moves, aws: AwsService
) -> None:
    plan = moves.plan("lab/web-1", "aws")
    aws.control("PUT", "quotas", {"vcpus": 0, "pending_snapshots": 100})
    with pytest.raises(QuotaExceeded) as failed:
        moves.apply(plan)
    moves.assert_clean(disks=2)
    assert moves.world.source_power is Power.RUNNING
    assert sum(note.startswith("kept: disk") for note in failed.value.__notes__) == 2
    aws.clear()
    report = moves.apply(plan)
    assert [disk.sent for disk in report.disks] == [0, 0]


def test_an_undone_move_leaves_nothing_and_can_be_planned_again(moves: Moves) -> None:
    plan = moves.plan("lab/web-1", "aws")
    moves.apply(plan)
    moves.undo(plan)
    moves.assert_clean()
    assert moves.world.source_power is Power.RUNNING
    moves.apply(moves.plan("lab/web-1", "aws"))
    assert [machine.name for machine in moves.account.instances()] == ["web-1"]


def test_denies_that_would_be_too_many_allows_go_around_the_subnet(moves: Moves) -> None:
    lab = moves.world.lab
    (worn,) = moves.world.web.nics[0].spec.firewalls
    own = lab.firewall(worn).spec.rules
    hosts = ("10.1.2.3", "100.64.7.9", "203.0.113.7")
    denies = [
        rule(action="deny", cidr=f"{host}/32", priority=100 + place)
        for place, host in enumerate(hosts)
    ]
    allows = [one.model_copy(update={"priority": 900 + place}) for place, one in enumerate(own)]
    lab.replace_rules(worn, [*denies, *allows])

    plan = moves.plan("lab/web-1", "aws")
    (around,) = [
        step for step in plan.steps if step.do == "create_firewall" and step.spec.subnet is not None
    ]
    assert around.proof == "equal"
    moves.apply(plan)
    (there,) = moves.account.instances()
    before, after = guard(lab, moves.world.web), guard(moves.account, there)
    for host in hosts:
        packet = Packet.parse(f"tcp/443 from {host}")
        answer = can(after, packet)
        assert (answer.allowed, can(before, packet).allowed) == (False, False)
        assert "subnet" in [reason.point for reason in answer.reasons if not reason.allowed]
    proof = diff(before, after).proof
    # the group lets its members in, and the machine has another address there
    assert all(line.startswith("udp from 10.0.0.") for line in (*proof.wider_by, *proof.tighter_by))
    assert can(after, Packet.parse("tcp/443 from 198.51.100.7")).allowed
    moves.undo(plan)
    moves.assert_clean()


def test_a_group_that_lets_its_own_in_over_both_families_moves(moves: Moves) -> None:
    """As every project's default group on some clouds does; the network made has IPv4 only."""
    lab = moves.world.lab
    (worn,) = moves.world.web.nics[0].spec.firewalls
    own = [
        rule(peer=GroupPeer(firewall=worn), family=family, priority=100 + place)
        for place, family in enumerate(Family)
    ]
    lab.replace_rules(worn, own)
    plan = moves.plan("lab/web-1", "aws")
    assert {step.proof for step in plan.steps if step.do == "create_firewall"} == {"equal"}
    moves.apply(plan)
    made = next(one for one in moves.account.firewalls() if one.spec.name == "web-1-web")
    assert [one.peer for one in made.spec.rules] == [GroupPeer(firewall=made.id)]
