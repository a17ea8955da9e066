"""Waiting until a service has done what it said it would."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from broker.errors import NotFound, Transient

Seen = TypeVar("Seen")

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 3.0
"""No service here is done sooner, and none minds being asked this often."""


def until(
    look: Callable[[], Seen], done: Callable[[Seen], bool], what: str, seconds: float
) -> Seen:
    """Look until ``done``, and return what was seen then; Transient when it takes too long.

    The error tells the status of what was seen last, where it has one.
    """
    give_up = time.monotonic() + seconds
    pause = FIRST_SECONDS
    while not done(seen := look()):
        if time.monotonic() > give_up:
            status = f" and is {seen['status']}" if isinstance(seen, Mapping) else ""
            raise Transient(
                f"{what} takes longer than {seconds:.0f} s{status}",
                hint="Run it again to wait on, or ask the operator what holds it up",
            )
        time.sleep(pause)
        pause = min(1.5 * pause, LONGEST_SECONDS)
    return seen


def gone(look: Callable[[], object]) -> bool:
    """Tell whether there is nothing to see any more."""
    try:
        look()
    except NotFound:
        return True
    return False
