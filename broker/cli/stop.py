"""``interop stop``: stop a machine, in one of three ways."""

from __future__ import annotations

import contextlib
from enum import StrEnum
from typing import Annotated

import typer

from broker.cli.arguments import MachineName
from broker.cli.run import Run


class Mode(StrEnum):
    """``broker.model.StopMode``, repeated here so that --help need not load the model."""

    SHUTDOWN = "shutdown"
    POWER_OFF = "power_off"
    DEALLOCATE = "deallocate"


def stop(
    run: Run,
    machine: MachineName,
    mode: Annotated[
        Mode,
        typer.Option(help="Ask the guest, pull the plug, or also give the compute back."),
    ] = Mode.SHUTDOWN,
) -> None:
    """Stop a machine and wait until it is stopped."""
    import broker
    from broker.cli import words
    from broker.cli.output import say
    from broker.model import StopMode

    adapter, instance = broker.find(machine, config=run.config)
    with contextlib.closing(adapter):
        told = f"{machine} ({instance.id}, {words.state(instance.state)})"
        if run.dry_run:
            say(f"would stop {told} by {mode}")
            return
        if not run.agreed(f"Stop {told} by {mode}?"):
            raise typer.Abort
        adapter.stop_instance(instance.id, StopMode(mode))
        say(f"{machine} is {words.state(adapter.instance(instance.id).state)}")
