"""Trouble on demand: throttling, expired tokens, late consistency, broken and slow answers."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.services.faults import Ordered, Plan


@dataclass
class Fault(Ordered):
    """What to answer instead.

    ``delay`` (seconds) sleeps before answering. Without a ``status`` the call then goes through;
    ``hang_up`` closes the connection, ``lost`` does so after the work was done; ``html`` answers a
    page no SDK can parse.
    """

    status: int = 0
    code: str = ""
    message: str = ""
    reason: str = ""
    retry_after: int = 0
    delay: float = 0.0
    html: bool = False
    hang_up: bool = False
    lost: bool = False


class Faults(Plan[Fault]):
    """The plan of faults, and a count of every call that was made."""

    def __init__(self) -> None:
        super().__init__(Fault)

    def next(self, action: str) -> Fault | None:
        """Count the call; the fault to answer it with, if one is due. Sleeps its delay."""
        due = super().next(action)
        if due is not None and due.delay:
            time.sleep(due.delay)
        return due if due is not None and (due.status or due.hang_up or due.lost) else None
