"""Seeing that the machine runs on the other side."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from broker.adapter import Adapter, ConsoleLog
from broker.errors import Conflict
from broker.model import Instance, Power

CEILING_S = 600.0
"""Longer than any provider takes to start a machine, and than a guest under plain emulation takes
to boot; a machine that needs more is looked at by a person.
"""

PAUSE_S = 2.0
"""Between two looks: short beside a boot, and far below any provider's rate."""

STARTING = frozenset({Power.STARTING, Power.UNKNOWN})


def see_it_run(
    adapter: Adapter,
    instance: str,
    console: str | None,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Return what was seen once the machine runs and its console shows the ``console`` pattern.

    Conflict when it stops by itself, or nothing of the kind was seen in time.
    """
    end = clock() + CEILING_S
    while True:
        found = adapter.instance(instance)
        _check_alive(found)
        if found.state.power is Power.RUNNING:
            seen = _seen_on_console(adapter, instance, console)
            if seen is not None:
                return seen
        if clock() >= end:
            raise Conflict(_not_seen(found, console), hint="Look at its console")
        sleep(PAUSE_S)


def _check_alive(found: Instance) -> None:
    if found.state.power is not Power.RUNNING and found.state.power not in STARTING:
        raise Conflict(
            f"{found.name} ({found.id}) does not run: it is {found.state.native}",
            hint="Look at its console: the guest may lack a driver for the new disk",
        )


def _seen_on_console(adapter: Adapter, instance: str, console: str | None) -> str | None:
    if console is None:
        return "it runs"
    assert isinstance(adapter, ConsoleLog)
    match = re.search(console, adapter.console_log(instance))
    return f'it runs, and its console said "{match.group(0)}"' if match else None


def _not_seen(found: Instance, console: str | None) -> str:
    waited = f"after {CEILING_S:.0f} s"
    if found.state.power is Power.RUNNING:
        return f'{found.name} ({found.id}) runs, but its console did not say "{console}" {waited}'
    return f"{found.name} ({found.id}) is still {found.state.native} {waited}"
