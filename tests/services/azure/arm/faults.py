"""Trouble on demand: throttling, 5xx, operations that fail or take long, lost answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.services.faults import Ordered, Plan


@dataclass
class Fault(Ordered):
    """What happens to calls of ``action``: what access control calls it, as in
    Microsoft.Network/virtualNetworks/write.

    ``status``, ``code``, ``message`` and ``retry_after`` (seconds) are the answer instead; without
    a ``status`` the call goes through after ``delay`` seconds. ``fail`` is the inner error
    ({"code", "message", "details"}) the call's operation ends with; ``seconds`` is how long its
    operation takes. ``hang_up`` closes the connection, ``lost`` does so after the work was done.
    """

    status: int = 0
    code: str = ""
    message: str = ""
    retry_after: int | None = None
    delay: float = 0.0
    fail: dict[str, Any] | None = None
    seconds: float | None = None
    hang_up: bool = False
    lost: bool = False


class Faults(Plan[Fault]):
    """The plan of faults, and a count of every call that was made."""

    def __init__(self) -> None:
        super().__init__(Fault)
