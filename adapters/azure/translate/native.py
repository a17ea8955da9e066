"""The service's own words, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def plain(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer as it came: the SDK's models are mappings, but no JSON."""
    return {key: _plain(value) for key, value in told.items()}


def properties(thing: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is special to the thing's kind; the service may leave it out."""
    found: Mapping[str, Any] = thing.get("properties") or {}
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
