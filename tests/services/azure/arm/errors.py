"""How Resource Manager says no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ArmError(Exception):
    """An error answer: {"error": {"code": …, "message": …, "details": […]}}."""

    status: int
    code: str
    message: str
    details: list[dict[str, Any]] = field(default_factory=list)
    target: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The error as it stands in an answer, and in an operation that failed."""
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.target is not None:
            body["target"] = self.target
        if self.details:
            body["details"] = self.details
        return body


def bad_request(code: str, message: str, **more: Any) -> ArmError:
    return ArmError(400, code, message, **more)


def conflict(code: str, message: str, **more: Any) -> ArmError:
    return ArmError(409, code, message, **more)
