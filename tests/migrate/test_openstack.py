"""A real image service takes a disk in one stream: what a kill and a broken link leave of it."""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import islice

import pytest
import requests

from adapters.memory.disks import MemorySource
from adapters.openstack import connect, sink
from broker import migrate
from broker.adapter import Account, Adapter, Kind
from broker.errors import Conflict
from broker.migrate import BeganAnew, Event, Plan, Report
from broker.model import Power
from tests.migrate.world import World
from tests.services.openstack.faults import SETTINGS
from tests.services.require import require

KILLED = """
import os, signal, sys
from pathlib import Path

from adapters.openstack import sink
from broker import migrate

def die():
    os.kill(os.getpid(), signal.SIGKILL)

plan, config, state = map(Path, sys.argv[1:])
"""

IN_THE_UPLOAD = (
    KILLED
    + """
pieces = sink._Upload._pieces

def deadly(self):
    for number, piece in enumerate(pieces(self)):
        if number == 8:
            die()
        yield piece

sink._Upload._pieces = deadly
migrate.apply(migrate.load(plan), config=config, state=state)
"""
)

AFTER_THE_UPLOAD = (
    KILLED
    + """
commit = sink.ImageSink.commit

def deadly(self, manifest):
    commit(self, manifest)
    die()

sink.ImageSink.commit = deadly
migrate.apply(migrate.load(plan), config=config, state=state)
"""
)

BEFORE_THE_ANSWER = (
    KILLED
    + """
import threading, time

pieces = sink._Upload._pieces

def deadly(self):
    yield from pieces(self)
    threading.Timer(0.02, die).start()  # once the last piece and the end are on the wire

sink._Upload._pieces = deadly
migrate.apply(migrate.load(plan), config=config, state=state)
"""
)


class Move:
    """The world's machine on its way to the stack."""

    def __init__(self, world: World, stack: Adapter) -> None:
        self.world = world
        self.stack = stack
        self.opened: Mapping[str, Adapter] = {**world.opened, "stack": stack}
        self.name = f"web-{secrets.token_hex(3)}"
        self.plan: Plan = migrate.plan("lab/web-1", "stack", name=self.name, opened=self.opened)
        self.events: list[Event] = []

    def apply(self) -> Report:
        return migrate.apply(
            self.plan, progress=self.events.append, opened=self.opened, state=self.world.state
        )

    def undo(self) -> Report:
        return migrate.undo(self.plan, opened=self.opened, state=self.world.state)

    def killed(self, script: str) -> None:
        """Apply the plan in a process that dies where the script says."""
        plan = self.world.folder / "plan.json"
        self.plan.save(plan)
        accounts = self.world.accounts_file()
        with accounts.open("a") as file:
            file.write('[accounts.stack]\nkind = "openstack"\n')
            file.writelines(f"{key} = {json.dumps(value)}\n" for key, value in SETTINGS.items())
        command = [sys.executable, "-c", script, str(plan), str(accounts), str(self.world.state)]
        child = subprocess.run(command, check=False, capture_output=True, text=True)
        assert child.returncode == -signal.SIGKILL, child.stderr

    def disks(self) -> list[str]:
        """Return the images that are there for the first disk."""
        (step,) = [
            index for index, each in enumerate(self.plan.steps) if each.title == "copy disk root"
        ]
        made = self.stack.made(f"{self.plan.token(step)}-0")
        return [each.id for each in made if each.kind is Kind.DISK]

    def why(self) -> list[str]:
        return [event.why for event in self.events if isinstance(event, BeganAnew)]

    def assert_moved(self, report: Report) -> None:
        assert report.target_id is not None
        assert self.stack.instance(report.target_id).name == self.name
        assert [disk.target_root for disk in report.disks] == [
            disk.source_root for disk in report.disks
        ]
        assert report.leftovers == ()
        assert self.disks() == []


@pytest.fixture(scope="module")
def stack() -> Iterator[Adapter]:
    require("openstack")
    adapter = connect(Account(name="stack", kind="openstack", settings=SETTINGS))
    yield adapter
    adapter.close()


@pytest.fixture
def move(world: World, stack: Adapter) -> Iterator[Move]:
    made = Move(world, stack)
    try:
        yield made
    finally:
        assert made.undo().leftovers == ()


def test_what_broke_in_the_upload_is_sent_again_and_the_reason_is_said(
    move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(sink._Upload, "_pieces", cut)
        with pytest.raises(Conflict, match="upload broke") as failed:
            move.apply()
    notes = "\n".join(failed.value.__notes__)
    assert "next time disk root is sent from its beginning" in notes
    assert "one stream" in notes
    assert "kept: disk" not in notes
    assert move.world.source_power is Power.RUNNING
    assert move.disks() == []

    move.killed(IN_THE_UPLOAD)
    assert len(move.disks()) == 1

    report = move.apply()
    move.assert_moved(report)
    assert report.disks[0].sent == report.disks[0].read > 0
    (why,) = move.why()
    assert f"next time {why}" in notes


@pytest.mark.parametrize("script", [AFTER_THE_UPLOAD, BEFORE_THE_ANSWER])
def test_what_was_killed_after_the_upload_is_neither_read_nor_sent_again(
    move: Move, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    move.killed(script)
    assert len(move.disks()) == 1
    read = 0
    pread_into = MemorySource.pread_into

    def count(self: MemorySource, buffer: memoryview, offset: int) -> None:
        nonlocal read
        read += len(buffer)
        pread_into(self, buffer, offset)

    monkeypatch.setattr(MemorySource, "pread_into", count)
    report = move.apply()

    move.assert_moved(report)
    root, data = report.disks
    assert (root.read, root.sent) == (0, 0)
    assert read == data.read == data.sent > 0
    assert move.why() == []


_pieces = sink._Upload._pieces


def cut(upload: sink._Upload) -> Iterator[bytes]:
    """Give the link a few pieces, then break it."""
    yield from islice(_pieces(upload), 8)
    raise requests.ConnectionError("the link is gone")
