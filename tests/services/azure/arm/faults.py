"""Trouble on demand: throttling, 5xx, operations that fail or take long, lost answers."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass
class Fault:
    """What happens to ``times`` calls of ``action`` after letting ``skip`` calls pass.

    ``action`` is what access control calls it, Microsoft.Network/virtualNetworks/write, or "*".
    ``status``, ``code``, ``message`` and ``retry_after`` (seconds) are the answer instead; without
    a ``status`` the call goes through after ``delay`` seconds. ``fail`` is the inner error
    ({"code", "message", "details"}) the call's operation ends with; ``seconds`` is how long its
    operation takes. ``hang_up`` closes the connection, ``lost`` does so after the work was done.
    """

    action: str
    times: int = 1
    skip: int = 0
    status: int = 0
    code: str = ""
    message: str = ""
    retry_after: int | None = None
    delay: float = 0.0
    fail: dict[str, Any] | None = None
    seconds: float | None = None
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
        """Count the call; the fault that is due for it, if one is."""
        with self._lock:
            self._calls[action] += 1
            for fault in self._plan:
                if fault.action.lower() not in (action.lower(), "*"):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._plan.remove(fault)
                return fault
        return None
