"""Every error the broker raises.

BrokerError
├── ConfigError         the accounts file or the request names something that cannot be
├── AccessDenied        the provider knows us not, or may not let us
├── NotFound            no such thing; ``nearest`` has the names most like it
├── Conflict            the thing is in a state, or in use, that forbids the call
├── Invalid             the provider (or we, first) refuse the values
├── Unsupported         the provider cannot do this at all
├── QuotaExceeded       the account, the pool or the disk is full
├── Transient           worth trying again
│   └── Throttled       worth trying again after ``retry_after`` seconds
├── DataMismatch        bytes read back are not the bytes written
└── PlanStale           the world changed since the plan was made, or the plan was edited
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class BrokerError(Exception):
    """Something failed and the message says what to do next.

    ``code`` and ``request_id`` are the provider's own, kept for its support desk.
    """

    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        provider: str = "",
        operation: str = "",
        code: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.provider = provider
        self.operation = operation
        self.code = code
        self.request_id = request_id

    def __str__(self) -> str:
        """One line: what failed, the provider's code and request id, the next action."""
        where = ": ".join(part for part in (self.provider, self.operation) if part)
        told = " ".join(
            part for part in (self.code, self.request_id and f"request {self.request_id}") if part
        )
        line = f"{where}: {self.message}" if where else self.message
        if told:
            line += f" ({told})"
        return f"{line}. {self.hint}" if self.hint else line


class ConfigError(BrokerError):
    """The accounts file or the request names something that cannot be."""


class AccessDenied(BrokerError):
    """The provider does not know these credentials, or they lack a right."""


class NotFound(BrokerError):
    """No such thing."""


class Conflict(BrokerError):
    """The thing is in a state, or in use, that forbids the call."""


class Invalid(BrokerError):
    """The values are refused; trying again with the same ones cannot help."""


class Unsupported(BrokerError):
    """The provider cannot do this at all."""


class QuotaExceeded(BrokerError):
    """The account, the pool or the disk is full."""


class Transient(BrokerError):
    """Worth trying again."""

    retryable: ClassVar[bool] = True


class Throttled(Transient):
    """Worth trying again, not before ``retry_after`` seconds where the provider says so."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        hint: str = "",
        provider: str = "",
        operation: str = "",
        code: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(
            message,
            hint=hint,
            provider=provider,
            operation=operation,
            code=code,
            request_id=request_id,
        )
        self.retry_after = retry_after


class DataMismatch(BrokerError):
    """Bytes read back are not the bytes written."""


class PlanStale(BrokerError):
    """The world changed since the plan was made, or the plan was edited."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds an answer asks to wait; None when it says none, or a date.

    ``headers`` has lower-case names.
    """
    try:
        return float(headers["retry-after"])
    except (KeyError, ValueError):
        return None
