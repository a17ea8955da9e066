"""Trouble that a test orders for calls to come, and a count of every call that was made."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import asdict, dataclass, fields
from typing import Any, Generic, TypeVar


@dataclass
class Ordered:
    """Meets ``times`` calls of ``action`` (or of any, for "*") after letting ``skip`` pass."""

    action: str
    times: int = 1
    skip: int = 0


Fault = TypeVar("Fault", bound=Ordered)


class Plan(Generic[Fault]):
    """Faults in the order they were asked for. Safe to use from many threads."""

    def __init__(self, kind: type[Fault]) -> None:
        self._kind = kind
        self._lock = threading.Lock()
        self._plan: list[Fault] = []
        self._calls: Counter[str] = Counter()

    def add(self, wanted: dict[str, Any]) -> None:
        """Order a fault; ValueError for a field it does not have."""
        known = {field.name for field in fields(self._kind)}
        if unknown := wanted.keys() - known:
            raise ValueError(f"unknown fault fields: {sorted(unknown)}")
        with self._lock:
            self._plan.append(self._kind(**wanted))

    def clear(self) -> None:
        """Forget what was ordered and what was counted."""
        with self._lock:
            self._plan.clear()
            self._calls.clear()

    def calls(self) -> dict[str, int]:
        """How often each action was called."""
        with self._lock:
            return dict(self._calls)

    def planned(self) -> list[dict[str, Any]]:
        """The faults still to come."""
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
