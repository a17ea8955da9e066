"""A running migration on standard error: bars on a terminal, else one line a finished step."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, assert_never

from broker.cli.output import clean, note
from broker.migrate import BeganAnew, DiskProgress, Event, PuttingBack, StepFinished, StepStarted
from broker.units import readable

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
        SpinnerColumn(),
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
            case BeganAnew():
                note(event.why)
            case PuttingBack():
                note(f"taking back: {event.title}")
            case _:
                assert_never(event)


class Live:
    """The step that runs as a moving line with a bar; above it, what is done.

    A finished step is printed once and stays, so that a terminal's history reads like a log.
    """

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._step: TaskID | None = None
        self._last: Progress | None = None

    def __call__(self, event: Event) -> None:
        """Show an event."""
        match event:
            case StepStarted():
                self._clear()
                self._step = self._bars.add_task(clean(_title(event)), total=None, told="")
                self._last = None
            case DiskProgress(progress=moment):
                self._last = moment
                if self._step is not None:
                    self._bars.update(
                        self._step, total=moment.total, completed=moment.done, told=_moment(moment)
                    )
            case StepFinished():
                self._clear()
                self._keep("[green]✓[/]", f"{_title(event)}: {_result(event, self._last)}")
            case BeganAnew():
                self._keep("[yellow]↻[/]", event.why)
            case PuttingBack():
                self._clear()
                self._keep("[yellow]↶[/]", f"taking back: {event.title}")
            case _:
                assert_never(event)

    def _clear(self) -> None:
        if self._step is not None:
            self._bars.remove_task(self._step)
            self._step = None

    def _keep(self, mark: str, text: str) -> None:
        from rich.markup import escape

        self._bars.console.print(f"{mark} {escape(clean(text))}", highlight=False)


def _title(event: StepStarted | StepFinished) -> str:
    return f"[{event.number}/{event.total}] {event.step.title}"


def _moment(progress: Progress) -> str:
    """Return bytes, rate and time left: ``1.2 GiB of 3 GiB, 310 MiB/s, 0:06 left``."""
    told = readable(progress.done)
    if progress.total is not None:
        told += f" of {readable(progress.total)}"
    told += f", {readable(round(progress.bytes_per_second))}/s"
    if progress.seconds_left is not None:
        minutes, seconds = divmod(round(progress.seconds_left), 60)
        told += f", {minutes}:{seconds:02} left"
    return told


def _result(event: StepFinished, last: Progress | None) -> str:
    """Return how long a step took, and at which rate where it moved bytes."""
    told = f"done in {event.seconds:.1f} s"
    if last is None or not last.done:
        return told
    rate = readable(round(last.done / max(event.seconds, 0.001)))
    return f"{told}, {readable(last.done)} at {rate}/s"
