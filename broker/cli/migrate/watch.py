"""A running migration on standard error: bars on a terminal, else one line a finished step."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, assert_never

from broker.cli.output import clean, note
from broker.cli.words import size_of
from broker.migrate import DiskProgress, Event, PuttingBack, StepFinished, StepStarted

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from broker.disks.progress import Progress
    from broker.migrate.events import Watch


@contextmanager
def watching(*, no_color: bool) -> Iterator[Watch]:
    """Return what to call with each event; a terminal is left in order at the end."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    bars = Progress(
        SpinnerColumn(finished_text="[green]✓"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[told]}", markup=False),
        console=Console(stderr=True, no_color=no_color or None),
    )
    with bars:
        yield Live(bars)


class Lines:
    """Each finished step in one quiet line."""

    def __init__(self) -> None:
        self._last: Progress | None = None

    def __call__(self, event: Event) -> None:
        """Tell what is worth a line."""
        match event:
            case StepStarted():
                self._last = None
            case DiskProgress():
                self._last = event.progress
            case StepFinished():
                note(f"{_title(event)}: {_result(event, self._last)}")
            case PuttingBack():
                note(f"taking back: {event.title}")
            case _:
                assert_never(event)


class Live:
    """One line a step, with a bar where bytes are moved."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._step: TaskID | None = None
        self._last: Progress | None = None

    def __call__(self, event: Event) -> None:
        """Show an event."""
        match event:
            case StepStarted():
                self._step = self._bars.add_task(clean(_title(event)), total=None, told="")
                self._last = None
            case DiskProgress(progress=moment):
                self._last = moment
                self._show(total=moment.total, completed=moment.done, told=_moment(moment))
            case StepFinished():
                self._show(total=1, completed=1, told=_result(event, self._last))
            case PuttingBack():
                self._bars.console.print(f"taking back: {clean(event.title)}", markup=False)
            case _:
                assert_never(event)

    def _show(self, *, total: int | None, completed: int, told: str) -> None:
        if self._step is not None:
            self._bars.update(self._step, total=total, completed=completed, told=told)


def _title(event: StepStarted | StepFinished) -> str:
    return f"[{event.number}/{event.total}] {event.step.title}"


def _moment(progress: Progress) -> str:
    """Return bytes, rate and time left: ``1.2 GiB of 3 GiB, 310 MiB/s, 0:06 left``."""
    told = size_of(progress.done)
    if progress.total is not None:
        told += f" of {size_of(progress.total)}"
    told += f", {size_of(round(progress.bytes_per_second))}/s"
    if progress.seconds_left is not None:
        minutes, seconds = divmod(round(progress.seconds_left), 60)
        told += f", {minutes}:{seconds:02} left"
    return told


def _result(event: StepFinished, last: Progress | None) -> str:
    """Return how long a step took, and at which rate where it moved bytes."""
    told = f"done in {event.seconds:.1f} s"
    if last is None or not last.done:
        return told
    rate = size_of(round(last.done / max(event.seconds, 0.001)))
    return f"{told}, {size_of(last.done)} at {rate}/s"
