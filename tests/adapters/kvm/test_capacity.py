"""What a libvirt host could give its guests."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("libvirt")

from adapters.kvm.adapter import KvmAdapter
from adapters.kvm.settings import Settings
from broker.model import Arch, Host


@pytest.mark.parametrize(
    ("machine", "arch"),
    [("x86_64", Arch.X86_64), ("aarch64", Arch.AARCH64), ("s390x", Arch.UNKNOWN)],
)
def test_the_host_is_all_there_is(machine: str, arch: Arch) -> None:
    adapter = KvmAdapter("lab", Settings())
    told = [machine, 64000, 16, 2400, 1, 1, 8, 2]  # as virNodeGetInfo orders it
    connection = SimpleNamespace(getInfo=lambda: told, getHostname=lambda: "node-1")
    adapter._host = SimpleNamespace(connection=connection)  # type: ignore[assignment]
    assert adapter.hosts() == [Host(id="node-1", vcpus=16, memory=64000, arch=arch)]
