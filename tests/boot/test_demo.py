"""`make demo` does what it says, and leaves nothing behind, also when it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import libvirt
import pytest

from tests.services.require import require

ROOT = Path(__file__).resolve().parents[2]
LAB = ROOT / ".state" / "demo"
PORT = "5058"
"""Not the port of a demo that somebody watches meanwhile; see the port table of the services."""


@pytest.fixture(autouse=True)
def _libvirt() -> None:
    require("libvirt")


@pytest.fixture
def demo() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [ROOT / "examples" / "demo.sh"],
        env=os.environ | {"INTEROP_DEMO_AWS_PORT": PORT},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C goes to the whole group, as on a terminal
        preexec_fn=_heed_interrupts,
    ) as running:
        yield running
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGTERM)


def _heed_interrupts() -> None:
    """Undo what a background job of a shell inherits: a script cannot trap what it is to ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def assert_nothing_is_left() -> None:
    connection = libvirt.open("qemu:///system")
    try:
        names = [domain.name() for domain in connection.listAllDomains()]
        names += [found.name() for found in connection.listAllNWFilters()]
        names += connection.storagePoolLookupByName("interop").listVolumes()
    finally:
        connection.close()
    assert [name for name in names if "demo-web" in name] == []
    assert not LAB.exists()


def test_a_machine_goes_there_and_comes_home(demo: subprocess.Popen[str]) -> None:
    said, _ = demo.communicate()
    assert demo.returncode == 0, said
    verdict = [line for line in said.splitlines() if line.startswith(("ok ", "BAD "))]
    assert [line.split(":")[0] for line in verdict] == [
        "ok  boot counter",
        "ok  marker in the guest",
        "ok  data in the guest",
        "ok  hash of disk demo-web-0",
        "ok  hash of disk demo-web-1",
    ]
    assert_nothing_is_left()


def test_an_interrupted_demo_leaves_nothing(demo: subprocess.Popen[str]) -> None:
    assert demo.stdout is not None
    for line in demo.stdout:
        if line.startswith("[3/"):
            os.killpg(demo.pid, signal.SIGINT)
            break
    demo.communicate()
    assert demo.returncode == 130
    assert_nothing_is_left()
