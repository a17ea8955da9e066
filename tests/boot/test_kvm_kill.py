"""A process that is killed in the middle of a copy leaves nothing in the way of the next one."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from adapters.kvm.adapter import KvmAdapter
from adapters.kvm.settings import Settings
from broker.model import MIB, InstanceSpec, Size, VolumeSpec
from tests.services.require import require

OPEN = """
import sys
from adapters.kvm.adapter import KvmAdapter
from adapters.kvm.settings import Settings
adapter = KvmAdapter("victim", Settings(pool="interop"))
"""
FILL = (
    OPEN
    + """
sink = adapter.open_sink(int(sys.argv[1]), name="half", token=sys.argv[2])
sink.pwrite(memoryview(b"x" * 4096), 0)
print("ready", flush=True)
sys.stdin.read()
"""
)
READ = (
    OPEN
    + """
source = adapter.open_source(sys.argv[1])
print("ready", flush=True)
sys.stdin.read()
"""
)


@pytest.fixture
def adapter() -> Iterator[KvmAdapter]:
    require("libvirt")
    if os.geteuid() != 0:
        pytest.skip("reading running machines takes root")
    made = KvmAdapter("kvm-test", Settings(pool="interop"))
    yield made
    made.close()


def killed(script: str, *arguments: str) -> None:
    """Run a script until it says that it is ready, then kill it."""
    command = [sys.executable, "-c", script, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            assert process.stdout.readline() == b"ready\n"
        finally:
            process.send_signal(signal.SIGKILL)


def test_a_disk_that_was_half_filled_is_filled_on(adapter: KvmAdapter) -> None:
    token = f"kill-{secrets.token_hex(4)}"
    killed(FILL, str(MIB), token)
    (made,) = adapter.made(token)

    sink = adapter.open_sink(MIB, name="half", token=token)
    try:
        assert (sink.id, sink.sealed) == (made.id, False)
        sink.pwrite(memoryview(b"y" * 4096), 4096)
        sink.close()
        source = adapter.open_source(made.id)
        buffer = bytearray(8192)
        source.pread_into(memoryview(buffer), 0)
        source.close()
        assert bytes(buffer) == b"x" * 4096 + b"y" * 4096
    finally:
        sink.abort()
    assert adapter.made(token) == []


def test_a_running_machine_can_be_read_again(adapter: KvmAdapter) -> None:
    token = f"kill-{secrets.token_hex(4)}"
    volume = adapter.create_volume(VolumeSpec(name="blank", size=MIB), token=token)
    spec = InstanceSpec(name=token, size=Size(vcpus=1, memory=64), volumes=(volume.spec,))
    try:
        machine = adapter.create_instance(spec, (volume.id,), token=token)
        killed(READ, volume.id)
        source = adapter.open_source(volume.id)
        assert source.size == MIB
        source.close()
        adapter.delete_instance(machine.id)
    finally:
        for made in adapter.made(token):
            adapter.delete_instance(made.id)
        adapter.delete_volume(volume.id)
    assert adapter.made(token) == []
