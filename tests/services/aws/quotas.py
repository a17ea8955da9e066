"""How much the account may have; lowered by tests that want to hit a wall."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Quotas:
    """``vcpus`` of running instances; ``pending_snapshots`` is 100 at the real service too."""

    vcpus: int = 10_000
    pending_snapshots: int = 100
    volumes_gib: int = 10_000_000
