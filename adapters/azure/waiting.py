"""Waiting until the service has done what it said it would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azure.core.polling import LROPoller

from adapters.azure.translate.native import plain
from broker.errors import Transient

SECONDS = 900.0
"""Longer than any create of one resource takes when all is well; an allocation may take minutes."""


def finished(operation: LROPoller[Any], what: str, seconds: float = SECONDS) -> dict[str, Any]:
    """Return what a long operation led to, empty for nothing; Transient when it takes too long."""
    operation.wait(seconds)
    if not operation.done():
        raise Transient(f"{what} takes longer than {seconds:.0f} s", provider="azure")
    found = operation.result()
    return plain(found) if isinstance(found, Mapping) else {}
