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


@pytest.fixture
def killed(world: World, tmp_path: Path) -> World:
    plan = tmp_path / "plan.json"
    world.plan().save(plan)
    child = subprocess.run(
        [
            sys.executable,
            "-c",
            KILLED_IN_THE_COPY,
            str(plan),
            str(world.accounts_file()),
            str(world.state),
        ],
        check=False,
        capture_output=True,
        text=True,
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
