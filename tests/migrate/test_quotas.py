"""Quotas are asked before anything is stopped or copied."""

from __future__ import annotations

import pytest

from broker.adapter import Quotas
from broker.migrate.quotas import Used, of_quotas, used_by
from broker.model import GIB, Power, Size, VolumeSpec
from tests.migrate import looks

SIZE = Size(vcpus=4, memory=8192)
VOLUMES = (VolumeSpec(name="root", size=20 * GIB), VolumeSpec(name="data", size=30 * GIB))
USED = Used(instances=3, vcpus=6, memory=6144, volumes=5, volume_bytes=100 * GIB)


def beyond(quotas: Quotas) -> list[str]:
    losses = list(of_quotas(quotas, USED, SIZE, VOLUMES))
    assert all(loss.blocking for loss in losses)
    return [loss.field for loss in losses]


@pytest.mark.parametrize(
    ("quota", "least"),
    [
        ("instances", 4),
        ("vcpus", 10),
        ("memory", 14336),
        ("volumes", 7),
        ("volume_bytes", 150 * GIB),
    ],
)
def test_a_quota_is_enough_or_blocks(quota: str, least: int) -> None:
    assert beyond(Quotas(**{quota: least})) == []
    assert beyond(Quotas(**{quota: least - 1})) == [f"quotas.{quota}"]


def test_a_quota_nobody_tells_blocks_nothing() -> None:
    assert beyond(Quotas()) == []


def test_the_loss_says_how_much_is_used() -> None:
    (loss,) = of_quotas(Quotas(vcpus=8), USED, SIZE, VOLUMES)
    assert (loss.before, loss.after) == ("4 more", "6 of 8 used")
    assert "higher quota" in loss.reason


def test_a_stopped_machine_takes_no_vcpus_but_keeps_its_volumes() -> None:
    running, stopped = looks.instance(Power.RUNNING), looks.instance(Power.STOPPED)
    one, two = used_by([running]), used_by([running, stopped])
    assert (two.vcpus, two.memory) == (one.vcpus, one.memory)
    assert (two.instances, two.volumes) == (2 * one.instances, 2 * one.volumes)


def test_a_plan_beyond_the_quota_is_blocked() -> None:
    limits = looks.LIMITS.model_copy(update={"quotas": Quotas(instances=0)})
    plan = looks.planned(looks.look(limits=limits))
    assert [loss.field for loss in plan.blocking] == ["quotas.instances"]
