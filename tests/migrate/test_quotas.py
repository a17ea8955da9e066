"""Quotas are asked before anything is stopped or copied."""

from __future__ import annotations

import pytest

from broker.adapter import Counts, Quotas
from broker.migrate.quotas import needed_by, of_quotas, used_by
from broker.migrate.steps import CreateFirewall, CreateNetwork, LinkFirewall, Step, VerifyFirewall
from broker.model import GIB, Fidelity, FirewallSpec, InstanceSpec, Loss, NetworkSpec, Power, Size
from tests.migrate import looks
from tests.migrate.world import World

SIZE = Size(vcpus=4, memory=8192)
SPEC = InstanceSpec.model_validate(
    {
        "name": "web-1",
        "size": SIZE,
        "volumes": [{"name": "root", "size": 20 * GIB}, {"name": "data", "size": 30 * GIB}],
        "nics": [{"network": "lan", "public": True}, {"network": "lan"}],
    }
)
RULES = (looks.rule(), looks.rule(protocol=6))
MADE: tuple[Step, ...] = (
    CreateNetwork(network="lan", spec=NetworkSpec(name="lan"), subnets=()),
    CreateFirewall(firewall="fw", spec=FirewallSpec(name="fw", rules=RULES[:1])),
    LinkFirewall(firewall="fw", name="fw", rules=RULES),
    VerifyFirewall(firewall="fw", spec=FirewallSpec(name="fw", rules=RULES)),
)
USED = Counts(
    instances=3,
    vcpus=6,
    memory=6144,
    volumes=5,
    volume_bytes=100 * GIB,
    disks=1,
    disk_bytes=10 * GIB,
    networks=2,
    cards=7,
    firewalls=4,
    firewall_rules=20,
    public_addresses=3,
)
LEAST = {
    "instances": 4,
    "vcpus": 10,
    "memory": 14336,
    "volumes": 7,
    "volume_bytes": 150 * GIB,
    "disks": 3,
    "disk_bytes": 10 * GIB + 1,
    "networks": 3,
    "cards": 9,
    "firewalls": 5,
    "firewall_rules": 22,
    "public_addresses": 4,
}


def told(quotas: Quotas, used: Counts = USED) -> list[Loss]:
    return list(of_quotas(quotas, used, needed_by(SPEC, SIZE, MADE), 50 * GIB))


def beyond(quotas: Quotas, used: Counts = USED) -> list[str]:
    return [loss.field for loss in told(quotas, used) if loss.blocking]


@pytest.mark.parametrize("quota", LEAST)
def test_a_quota_is_enough_or_blocks(quota: str) -> None:
    assert beyond(Quotas(**{quota: LEAST[quota]})) == []
    assert beyond(Quotas(**{quota: LEAST[quota] - 1})) == [f"quotas.{quota}"]


def test_a_quota_nobody_tells_blocks_nothing() -> None:
    assert beyond(Quotas()) == []


def test_a_use_nobody_tells_is_not_taken_for_none() -> None:
    assert beyond(Quotas(cards=2), Counts()) == []
    (loss,) = told(Quotas(cards=1), Counts())
    assert (loss.before, loss.after) == ("2 more", "unknown of 1 used")


def test_what_is_not_needed_is_never_too_much() -> None:
    assert beyond(Quotas(snapshots=0, key_pairs=0, images=0)) == []


def test_the_loss_says_how_much_is_used() -> None:
    few = Quotas(vcpus=8, memory=8192, volume_bytes=120 * GIB)
    vcpus, memory, bytes_ = told(few)
    assert (vcpus.before, vcpus.after) == ("4 more", "6 of 8 used")
    assert (memory.before, memory.after) == ("8 GiB more", "6 GiB of 8 GiB used")
    assert (bytes_.before, bytes_.after) == ("50 GiB more", "100 GiB of 120 GiB used")
    assert "higher quota" in vcpus.reason


def test_room_for_copies_is_told_as_unchecked_where_holes_decide() -> None:
    (loss,) = told(Quotas(disk_bytes=59 * GIB))
    assert (loss.fidelity, loss.blocking) == (Fidelity.UNCHECKED, False)
    assert (loss.before, loss.after) == ("up to 50 GiB more", "10 GiB of 59 GiB used")
    assert told(Quotas(disk_bytes=60 * GIB)) == []


def test_a_stopped_machine_takes_no_vcpus_but_keeps_its_volumes() -> None:
    running, stopped = looks.instance(Power.RUNNING), looks.instance(Power.STOPPED)
    one, two = used_by([running]), used_by([running, running, stopped])
    assert (one.vcpus, two.vcpus) == (2, 4)
    assert (two.instances, two.volumes) == (3, 6)


def test_a_plan_beyond_the_quota_is_blocked() -> None:
    limits = looks.LIMITS.model_copy(update={"quotas": Quotas(instances=0)})
    plan = looks.planned(looks.look(limits=limits))
    assert [loss.field for loss in plan.blocking] == ["quotas.instances"]


def test_an_account_that_counts_is_believed(world: World) -> None:
    world.settle(quotas={"snapshots": 5, "volume_bytes": 7 * 2**20})
    assert not world.plan().blocking
    world.cloud.create_volume(looks.instance().spec.volumes[0], token="beside")
    assert [loss.field for loss in world.plan().blocking] == ["quotas.volume_bytes"]
