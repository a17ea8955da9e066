"""Two accounts in folders of their own, and the command line in this process."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import broker
from broker.adapter import Adapter
from broker.cli.app import app
from broker.model import (
    MIB,
    Firmware,
    Image,
    Instance,
    InstanceSpec,
    NetworkSpec,
    NicSpec,
    Size,
    StopMode,
    SubnetSpec,
    VolumeSpec,
)
from tests.conformance.content import fill

OFFERS = """
sizes = [
  { id = "small", size = { vcpus = 1, memory = 512 }, firmware = ["bios", "uefi"] },
  { id = "large", size = { vcpus = 4, memory = 8192 }, firmware = ["bios", "uefi"] },
]
"""


class Answer:
    """What a run of the command gave back."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def rows(self) -> list[list[str]]:
        """The tab-separated lines under the header."""
        return [line.split("\t") for line in self.out.splitlines()[1:]]

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class World:
    """The accounts ``lab`` and ``eu``, both in memory, and the command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.accounts = folder / "accounts.toml"
        self.made = 0
        self.write("")

    def write(self, more: str) -> None:
        """Write the accounts file, with ``more`` behind the two accounts."""
        self.accounts.write_text(
            "".join(
                f'[accounts.{name}]\nkind = "memory"\npath = "{self.folder / name}"\n{OFFERS}'
                for name in ("lab", "eu")
            )
            + more,
            "utf-8",
        )

    def __call__(self, *words: str, typed: str = "") -> Answer:
        surroundings = {
            "INTEROP_CONFIG": str(self.accounts),
            "INTEROP_STATE_HOME": str(self.folder / "state"),
        }
        runner = CliRunner(env=surroundings)
        done = runner.invoke(app, words, input=typed)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Answer(done.exit_code, done.stdout, done.stderr)

    def open(self, account: str = "lab") -> Adapter:
        return broker.open(account, config=self.accounts)

    def disk(self, account: str, data: bytes = b"interop" * 1000) -> str:
        self.made += 1
        sink = self.open(account).open_sink(
            MIB, name=f"disk-{self.made}", token=f"disk-{self.made}"
        )
        return fill(sink, data)

    def network(self, account: str, name: str = "front") -> str:
        spec = NetworkSpec(name=name, subnets=(SubnetSpec(cidr=IPv4Network("10.7.0.0/24")),))
        return self.open(account).create_network(spec, token=f"network-{name}").id

    def machine(self, name: str = "web-1", account: str = "lab") -> Instance:
        disk = self.disk(account)
        spec = InstanceSpec(
            name=name,
            size=Size(vcpus=1, memory=512),
            firmware=Firmware.BIOS,
            volumes=(VolumeSpec(name="root", size=MIB, boot=True),),
            nics=(NicSpec(network=self.network(account)),),
            labels={"team": "blau"},
        )
        return self.open(account).create_instance(
            spec, [disk], offer="small", token=f"machine-{self.made}"
        )

    def image(self, name: str = "base", account: str = "lab") -> Image:
        machine = self.machine(f"for-{name}", account)
        adapter = self.open(account)
        adapter.stop_instance(machine.id, StopMode.POWER_OFF)
        image = adapter.create_image(machine.id, name, token=f"image-{name}-{self.made}")
        adapter.delete_instance(machine.id)
        return image


@pytest.fixture
def interop(tmp_path: Path) -> World:
    return World(tmp_path)
