"""What a step works with."""

from __future__ import annotations

from dataclasses import dataclass

from broker.adapter import Adapter
from broker.migrate.events import Watch
from broker.migrate.folder import RunFolder


@dataclass(frozen=True)
class Ends:
    """The two accounts, the folder of this run, and whoever watches."""

    source: Adapter
    target: Adapter
    folder: RunFolder
    watch: Watch
