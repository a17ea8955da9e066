"""A running move on a terminal: what is done stays above, what runs moves below."""

from __future__ import annotations

import io

from rich.console import Console
from rich.progress import BarColumn
from rich.progress import Progress as Bars

from broker.cli.migrate.watch import Live
from broker.disks.progress import Progress
from broker.migrate import BeganAnew, DiskProgress, PuttingBack, StepFinished, StepStarted
from broker.migrate.steps import StopSource

STEP = StopSource(instance="vm-1")
HALF = Progress(done=512 * 1024, total=1024 * 1024, bytes_per_second=1024 * 1024, seconds_left=62.4)


def test_a_bar_shows_bytes_rate_and_time_left_and_gives_way_to_one_line() -> None:
    screen = io.StringIO()
    bars = Bars(BarColumn(), console=Console(file=screen, width=100))
    live = Live(bars)
    live(StepStarted(step=STEP, number=1, total=2))
    live(DiskProgress(step=STEP, progress=HALF))
    (task,) = bars.tasks
    assert task.percentage == 50
    assert task.fields["told"] == "512 KiB of 1 MiB, 1 MiB/s, 1:02 left"
    live(StepFinished(step=STEP, number=1, total=2, seconds=2))
    assert not bars.tasks
    assert screen.getvalue() == "✓ [1/2] stop the source: done in 2.0 s, 512 KiB at 256 KiB/s\n"


def test_why_a_disk_is_sent_again_stays_above_its_bar() -> None:
    screen = io.StringIO()
    bars = Bars(console=Console(file=screen, width=100))
    live = Live(bars)
    live(StepStarted(step=STEP, number=1, total=2))
    live(BeganAnew(step=STEP, why="disk root is sent from its beginning"))
    assert len(bars.tasks) == 1
    assert screen.getvalue() == "↻ disk root is sent from its beginning\n"


def test_what_is_taken_back_ends_the_bar_of_the_step_that_failed() -> None:
    screen = io.StringIO()
    bars = Bars(console=Console(file=screen, width=100))
    live = Live(bars)
    live(StepStarted(step=STEP, number=1, total=2))
    live(PuttingBack(title="copy disk [b]x\x1b"))
    assert not bars.tasks
    assert screen.getvalue() == "↶ taking back: copy disk [b]x\\x1b\n"
