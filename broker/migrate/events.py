"""What a running migration tells whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from broker.disks.progress import Progress
from broker.migrate.steps import Step


@dataclass(frozen=True)
class StepStarted:
    """A step begins: the ``number``-th of ``total``."""

    step: Step
    number: int
    total: int


@dataclass(frozen=True)
class StepFinished:
    """A step ended well."""

    step: Step
    number: int
    total: int
    seconds: float


@dataclass(frozen=True)
class DiskProgress:
    """A disk is being copied, or read back."""

    step: Step
    progress: Progress


@dataclass(frozen=True)
class BeganAnew:
    """A disk that an earlier try has sent in part is sent from its beginning."""

    step: Step
    why: str


@dataclass(frozen=True)
class PuttingBack:
    """The migration failed: something is being undone."""

    title: str


Event = StepStarted | StepFinished | DiskProgress | BeganAnew | PuttingBack
Watch = Callable[[Event], None]


def unwatched(event: Event) -> None:
    """Take an event and do nothing with it."""
