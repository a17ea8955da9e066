"""Long-running operations: accepted now, done a moment later, perhaps in vain.

https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
Nothing runs in the background: whoever asks next finds what is due done (`settle`).
"""

from __future__ import annotations

import datetime
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.services.azure.arm.errors import ArmError

# what is done when the operation is: its return value is the operation's result
Finish = Callable[[], Any]


@dataclass
class Operation:
    """One operation, and how it ended."""

    finish: Finish
    due: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: str = field(default_factory=lambda: stamp())
    ended: str = ""
    error: ArmError | None = None
    result: Any = None
    failed: Callable[[], None] = lambda: None

    @property
    def is_done(self) -> bool:
        return bool(self.ended)

    def settle(self) -> None:
        """Do what is to be done; ``error`` tells what went wrong."""
        try:
            if self.error is None:
                self.result = self.finish()
        except ArmError as error:
            self.error = error
        if self.error is not None:
            self.failed()
        self.ended = stamp()

    def status(self) -> dict[str, Any]:
        """The answer behind Azure-AsyncOperation."""
        body: dict[str, Any] = {"name": self.id, "startTime": self.started}
        if not self.is_done:
            return body | {"status": "InProgress"}
        body["endTime"] = self.ended
        if self.error is not None:
            return body | {"status": "Failed", "error": self.error.body()}
        if self.result is not None:
            body["properties"] = {"output": self.result}
        return body | {"status": "Succeeded"}


class Operations:
    """All operations since the service started."""

    def __init__(self) -> None:
        self._all: dict[str, Operation] = {}
        self._open: list[Operation] = []

    def start(self, operation: Operation) -> Operation:
        self._all[operation.id] = operation
        self._open.append(operation)
        return operation

    def clear(self) -> None:
        self._all.clear()
        self._open.clear()

    def get(self, id: str) -> Operation | None:
        return self._all.get(id.lower())

    def settle(self) -> None:
        """Finish what is due, in the order it falls due."""
        now = time.monotonic()
        for operation in sorted(self._open, key=lambda each: each.due):
            if operation.due <= now:
                self._open.remove(operation)
                operation.settle()


def stamp() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat().replace("+00:00", "Z")
