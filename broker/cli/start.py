"""``interop start``: start a machine."""

from __future__ import annotations

import contextlib

from broker.cli.arguments import MachineName
from broker.cli.run import Run


def start(run: Run, machine: MachineName) -> None:
    """Start a machine. Nothing happens when it runs already."""
    import broker
    from broker.cli import words
    from broker.cli.output import say

    adapter, instance = broker.find(machine, config=run.config)
    with contextlib.closing(adapter):
        if run.dry_run:
            say(f"would start {machine} ({words.state(instance.state)})")
            return
        adapter.start_instance(instance.id)
        say(f"{machine} is {words.state(adapter.instance(instance.id).state)}")
