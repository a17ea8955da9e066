"""Waiting until the service has done what it said it would."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from azure.core.polling import LROPoller

from adapters.azure.translate.native import plain
from broker.errors import Transient

SECONDS = 900.0
"""Longer than any create of one resource takes when all is well; an allocation may take minutes."""

LOOK_SECONDS = 1.0
"""Between two looks at a thing whose operation is not ours to follow."""

BUSY = frozenset({"Creating", "Updating"})


def finished(operation: LROPoller[Any], what: str, seconds: float = SECONDS) -> dict[str, Any]:
    """Return what a long operation led to, empty for nothing; Transient when it takes too long."""
    operation.wait(seconds)
    if not operation.done():
        raise Transient(f"{what} takes longer than {seconds:.0f} s", provider="azure")
    found = operation.result()
    return plain(found) if isinstance(found, Mapping) else {}


def until(
    look: Callable[[], Mapping[str, Any]],
    done: Callable[[Mapping[str, Any]], bool],
    what: str,
    seconds: float = SECONDS,
) -> dict[str, Any]:
    """Return a thing once ``done`` says so of it; Transient when that takes too long."""
    give_up = time.monotonic() + seconds
    while not done(found := plain(look())):
        if time.monotonic() > give_up:
            raise Transient(f"{what} takes longer than {seconds:.0f} s", provider="azure")
        time.sleep(LOOK_SECONDS)
    return found


def is_settled(thing: Mapping[str, Any]) -> bool:
    """Tell whether a thing is not being made or changed just now."""
    return (thing.get("properties") or {}).get("provisioningState") not in BUSY
