"""Starting and stopping, as `make services-up` and `make services-down` do."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.azure import azurite
from tests.services.azure.fixture import AzureService
from tests.services.azure.settings import REPOSITORY, Settings
from tests.services.process import answers, free_port


@pytest.fixture
def elsewhere(azure_process: AzureService, tmp_path: Path) -> Iterator[Settings]:
    """A place of its own, beside the session's service; nothing is left running there."""
    settings = Settings(port=free_port(), azurite_port=free_port(), folder=tmp_path)
    yield settings
    told("down", settings)


def told(verb: str, settings: Settings) -> None:
    subprocess.run(
        [
            *(sys.executable, "-m", "tests.services.azure", verb),
            *("--port", str(settings.port), "--azurite-port", str(settings.azurite_port)),
            *("--folder", str(settings.folder)),
        ],
        cwd=REPOSITORY,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def listening(settings: Settings) -> list[bool]:
    return [answers(settings.host, port) for port in (settings.port, settings.azurite_port)]


def test_it_starts_once_starts_again_when_killed_and_stops(elsewhere: Settings) -> None:
    told("up", elsewhere)
    first = elsewhere.pid_file.read_text()
    told("up", elsewhere)
    assert elsewhere.pid_file.read_text() == first
    os.kill(int(first), signal.SIGKILL)
    while answers(elsewhere.host, elsewhere.port):
        pass
    told("up", elsewhere)
    assert elsewhere.pid_file.read_text() != first
    assert listening(elsewhere) == [True, True]
    told("down", elsewhere)
    told("down", elsewhere)
    assert listening(elsewhere) == [False, False]


def test_the_lock_file_names_versions_and_hashes_but_no_registry() -> None:
    packages = json.loads(azurite.LOCK.read_text())["packages"]
    assert packages["node_modules/azurite"]["version"] == "3.37.0"
    assert not [name for name, each in packages.items() if "resolved" in each]
    assert not [name for name, each in packages.items() if name and "integrity" not in each]


def test_nobody_else_on_the_network_reaches_it(azure_process: AzureService) -> None:
    # every address of 127/8 but one is refused, so anything beyond this machine is as well
    for port in (azure_process.settings.port, azure_process.settings.azurite_port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=5)
