"""Waiting until the service is done: it finishes most work after it has answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from broker.errors import NotFound, Transient

Value = TypeVar("Value")

FIRST_SECONDS, LONGEST_SECONDS = 0.1, 5.0
"""Between two looks: quick for what takes no time, gentle on the request rate for what does."""

VISIBLE_SECONDS = 120.0
"""A new thing may be unknown to the service's other parts for about two minutes:
https://github.com/awslabs/coldsnap/issues/43
"""


def wait_until(
    look: Callable[[], Value],
    done: Callable[[Value], bool],
    *,
    seconds: float,
    what: str,
) -> Value:
    """Return what ``look`` saw once ``done`` says so; Transient after ``seconds``.

    A thing that is not there yet is waited for too, as long as new things may be invisible.
    """
    started = time.monotonic()
    pause = FIRST_SECONDS
    while True:
        waited = time.monotonic() - started
        try:
            seen = look()
        except NotFound:
            if waited > min(seconds, VISIBLE_SECONDS):
                raise
        else:
            if done(seen):
                return seen
        if waited > seconds:
            raise Transient(f"{what} took longer than {seconds:.0f} s", provider="aws")
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_SECONDS)
