"""A real process that is killed without warning in the middle of a copy, and the one after it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from broker import migrate
from broker.errors import PlanStale
from broker.model import MIB, Power
from tests.migrate.world import World

KILLED_IN_THE_COPY = """
import os, signal, sys, threading
from pathlib import Path

from adapters.memory.disks import MemorySink
from broker import migrate
from broker.disks.journal import IN_DOUBT
from broker.disks.records import Records

kept = threading.Semaphore(0)
writes = 0
pwrite = MemorySink.pwrite

def deadly(self, data, offset):
    global writes
    writes += 1
    if writes > 2:
        kept.acquire()
        os.kill(os.getpid(), signal.SIGKILL)
    pwrite(self, data, offset)

MemorySink.pwrite = deadly
note = Records.__setitem__

def noted(self, index, record):
    note(self, index, record)
    if record != IN_DOUBT:
        kept.release()

Records.__setitem__ = noted
plan, config, state = map(Path, sys.argv[1:])
migrate.apply(migrate.load(plan), config=config, state=state)
"""


KILLED_AFTER_THE_COPY = """
import os, signal, sys
from pathlib import Path

from adapters.memory.disks import MemorySink
from broker import migrate

commit = MemorySink.commit

def deadly(self, manifest):
    if %(when)r == "after":
        commit(self, manifest)
    os.kill(os.getpid(), signal.SIGKILL)

MemorySink.commit = deadly
plan, config, state = map(Path, sys.argv[1:])
migrate.apply(migrate.load(plan), config=config, state=state)
"""


@pytest.fixture
def killed(world: World) -> World:
    return kill(world, KILLED_IN_THE_COPY)


def kill(world: World, script: str) -> World:
    world.plan().save(the_plan(world))
    arguments = map(str, (the_plan(world), world.accounts_file(), world.state))
    child = subprocess.run(
        [sys.executable, "-c", script, *arguments], check=False, capture_output=True, text=True
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    return world


def the_plan(world: World) -> Path:
    return world.folder / "plan.json"


def test_the_next_run_goes_on(killed: World) -> None:
    assert killed.source_power is Power.STOPPED
    report = killed.apply(migrate.load(the_plan(killed)))
    killed.assert_moved()
    assert report.disks[0].skipped >= MIB // 2
    assert len(killed.cloud.networks()) == len(killed.cloud.firewalls()) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_disk_that_was_sent_in_full_is_not_read_again(world: World, when: str) -> None:
    kill(world, KILLED_AFTER_THE_COPY % {"when": when})
    report = world.apply(migrate.load(the_plan(world)))
    world.assert_moved()
    root, data = report.disks
    assert (root.read, root.sent, root.skipped) == (0, 0, 2 * MIB)
    assert data.read == data.sent > 0


@pytest.mark.parametrize("still", [True, False])
def test_unless_its_source_has_run_since(world: World, still: bool) -> None:
    kill(world, KILLED_AFTER_THE_COPY % {"when": "after"})
    world.lab.start_instance(world.web.id)
    world.write_to_root(3 * MIB, b"new")
    if not still:
        world.lab.stop_instance(world.web.id)
    report = world.apply(migrate.load(the_plan(world)))
    world.assert_moved()
    assert report.disks[0].read > 0


def test_an_undo_cleans_up_and_starts_the_source(killed: World) -> None:
    report = killed.undo(migrate.load(the_plan(killed)))
    assert report.leftovers == ()
    killed.assert_target_clean()
    assert killed.source_power is Power.RUNNING


def test_a_source_that_changed_since_says_how_to_clean_up(killed: World) -> None:
    other = killed.lab.sizes()[1]
    killed.lab.resize_instance(killed.web.id, other.size, offer=other.id)
    plan = migrate.load(the_plan(killed))
    with pytest.raises(PlanStale) as stale:
        killed.apply(plan)
    assert any(f"interop migrate undo {plan.id}" in note for note in stale.value.__notes__)
