"""What is in each snapshot and volume, and when a snapshot may be written, sealed and read."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum

from tests.services.aws.blocks import BLOCK, Content

GIB = 1024**3
BLOCKS_PER_GIB = GIB // BLOCK


class Stage(StrEnum):
    """A snapshot takes blocks while OPEN, and gives them back once COMPLETED."""

    OPEN = "open"
    SEALED = "sealed"
    COMPLETED = "completed"


@dataclass
class Snapshot:
    """One snapshot's bytes; ``written`` are only those put into it, ``content`` all it reads as."""

    id: str
    region: str
    size_gib: int
    lineage: str
    content: Content = field(default_factory=dict)
    written: Content = field(default_factory=dict)
    stage: Stage = Stage.COMPLETED
    completes_at: float = 0.0
    token_key: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def blocks(self) -> int:
        return self.size_gib * BLOCKS_PER_GIB

    @property
    def completed(self) -> bool:
        if self.stage is Stage.SEALED and time.monotonic() >= self.completes_at:
            self.stage = Stage.COMPLETED
        return self.stage is Stage.COMPLETED


@dataclass
class Volume:
    """One volume's bytes. ``lineage`` ties the snapshots taken of it together."""

    content: Content
    lineage: str


class Disks:
    """Every snapshot and volume with its bytes. ``lock`` guards all changes."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.snapshots: dict[str, Snapshot] = {}
        self.volumes: dict[str, Volume] = {}

    def volume(self, id: str, from_snapshot: str | None) -> Volume:
        """The volume's bytes, which begin as those of the snapshot it was made from."""
        with self.lock:
            if id not in self.volumes:
                origin = self.snapshots.get(from_snapshot or "")
                self.volumes[id] = Volume(
                    content=dict(origin.content) if origin else {},
                    lineage=origin.lineage if origin else id,
                )
            return self.volumes[id]

    def take(self, id: str, region: str, size_gib: int, volume: Volume) -> Snapshot:
        """Snapshot a volume: the same bytes, at once."""
        with self.lock:
            snapshot = Snapshot(id, region, size_gib, volume.lineage, dict(volume.content))
            self.snapshots[id] = snapshot
            return snapshot

    def copy(self, id: str, region: str, origin: str) -> None:
        """Copy a snapshot, perhaps from another region."""
        with self.lock:
            source = self.snapshots.get(origin)
            if source is not None:
                self.snapshots[id] = Snapshot(id, region, source.size_gib, id, dict(source.content))

    def pending(self, region: str) -> int:
        with self.lock:
            return sum(
                snapshot.region == region and not snapshot.completed
                for snapshot in self.snapshots.values()
            )
