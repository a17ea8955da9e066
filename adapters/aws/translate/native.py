"""The service's own words, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_jsonable_python

from broker.model import Native


def native(thing: Mapping[str, Any]) -> Native:
    """Return a description as it came, times as text; without what the SDK adds to an answer."""
    words: dict[str, Any] = to_jsonable_python(thing)
    words.pop("ResponseMetadata", None)
    return words
