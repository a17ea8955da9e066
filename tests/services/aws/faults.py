"""Trouble on demand: throttling, expired tokens, late consistency, broken and slow answers."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass
class Fault:
    """What to answer instead, for ``times`` calls of ``action`` after letting ``skip`` calls pass.

    ``delay`` (seconds) sleeps before answering. Without a ``status`` the call then goes through;
    ``hang_up`` closes the connection, ``lost`` does so after the work was done; ``html`` answers a
    page no SDK can parse.
    """

    action: str
    times: int = 1
    skip: int = 0
    status: int = 0
    code: str = ""
    message: str = ""
    reason: str = ""
    retry_after: int = 0
    delay: float = 0.0
    html: bool = False
    hang_up: bool = False
    lost: bool = False


class Faults:
    """The plan of faults, and a count of every call that was made."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plan: list[Fault] = []
        self._calls: Counter[str] = Counter()

    def add(self, wanted: dict[str, Any]) -> None:
        known = {field.name for field in fields(Fault)}
        if unknown := wanted.keys() - known:
            raise ValueError(f"unknown fault fields: {sorted(unknown)}")
        with self._lock:
            self._plan.append(Fault(**wanted))

    def clear(self) -> None:
        with self._lock:
            self._plan.clear()
            self._calls.clear()

    def calls(self) -> dict[str, int]:
        with self._lock:
            return dict(self._calls)

    def planned(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._plan]

    def next(self, action: str) -> Fault | None:
        """Count the call; the fault to answer it with, if one is due. Sleeps its delay."""
        with self._lock:
            self._calls[action] += 1
            due = self._due(action)
        if due is not None and due.delay:
            time.sleep(due.delay)
        return due if due is not None and (due.status or due.hang_up or due.lost) else None

    def _due(self, action: str) -> Fault | None:
        for fault in self._plan:
            if fault.action not in (action, "*"):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= 1
            if fault.times <= 0:
                self._plan.remove(fault)
            return fault
        return None
