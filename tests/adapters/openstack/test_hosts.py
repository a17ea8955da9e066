"""What nova tells of hypervisors, as it answers up to microversion 2.87, and hosts in our words."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.openstack.hosts import host
from broker.model import Arch, Host

HYPERVISOR: dict[str, Any] = {
    "id": "b1e43b5f-eec1-44e0-9f10-7b4945c0226d",
    "hypervisor_hostname": "rack-1",
    "state": "up",
    "status": "enabled",
    "vcpus": 64,
    "vcpus_used": 12,
    "memory_mb": 257_000,
    "cpu_info": {"arch": "x86_64", "model": "EPYC", "topology": {"sockets": 2}},
}


def test_a_hypervisor_is_a_host() -> None:
    expected = Host(id="rack-1 (b1e43b5f)", vcpus=64, memory=257_000, arch=Arch.X86_64)
    assert host(HYPERVISOR) == expected


@pytest.mark.parametrize("change", [{"state": "down"}, {"status": "disabled"}])
def test_one_that_takes_no_guests_has_no_capacity(change: dict[str, str]) -> None:
    found = host(HYPERVISOR | change)
    assert (found.vcpus, found.memory) == (0, 0)


def test_what_is_not_told_is_unknown() -> None:
    assert host(HYPERVISOR | {"cpu_info": {}}).arch is Arch.UNKNOWN
    assert host(HYPERVISOR | {"cpu_info": None}).arch is Arch.UNKNOWN
