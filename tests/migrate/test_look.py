"""What is asked of the two ends before a plan is made."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from adapters.memory.adapter import MemoryAdapter
from broker.migrate.look import look
from broker.model import NetworkSpec
from tests.migrate.world import World

OTHERS = ip_address("10.0.0.9")


def test_addresses_that_are_no_machine_s_are_seen_where_the_target_tells(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = NetworkSpec.model_validate({"name": "lan", "subnets": [{"cidr": "10.0.0.0/24"}]})
    lan = world.cloud.create_network(spec, token="lan")
    far = world.cloud.create_network(spec.model_copy(update={"name": "far"}), token="far")
    asked: list[str] = []

    def tell(_self: MemoryAdapter, network: str) -> list[object]:
        asked.append(network)
        return [OTHERS]

    assert look(world.lab, world.cloud, world.web).taken == {}
    monkeypatch.setattr(MemoryAdapter, "addresses_in_use", tell, raising=False)
    assert look(world.lab, world.cloud, world.web).taken == {lan.id: (OTHERS,)}
    assert asked == [lan.id]
    seen = look(world.lab, world.cloud, world.web, wanted=["far"])
    assert seen.taken == {lan.id: (OTHERS,), far.id: (OTHERS,)}
