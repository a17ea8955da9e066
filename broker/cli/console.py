"""``interop console``: what a machine wrote on its serial console."""

from __future__ import annotations

import contextlib
import re
import time
from typing import Annotated

import typer

from broker.cli.arguments import MachineName
from broker.cli.run import Run

POLL_S = 0.5
"""A console is read through an API: more often would only cost rate."""


def console(
    run: Run,
    machine: MachineName,
    wait_for: Annotated[
        str | None, typer.Option(help="Wait until the console says this.", metavar="RE")
    ] = None,
    timeout: Annotated[
        float, typer.Option(help="Seconds to wait at most.", metavar="SECONDS", min=0)
    ] = 120.0,
) -> None:
    """Print what a machine wrote on its serial console."""
    import broker
    from broker.adapter import ConsoleLog
    from broker.cli.output import print_json, say
    from broker.errors import Transient, Unsupported

    pattern = _pattern(wait_for or "")
    adapter, instance = broker.find(machine, config=run.config)
    with contextlib.closing(adapter):
        if not isinstance(adapter, ConsoleLog):
            raise Unsupported(f"account {adapter.name} keeps no console of its machines")
        end = time.monotonic() + timeout
        while not pattern.search(text := adapter.console_log(instance.id)):
            if time.monotonic() > end:
                raise Transient(
                    f"the console of {machine} did not say {wait_for} within {timeout:g} s",
                    hint=f"See what it says: interop console {machine}",
                )
            time.sleep(POLL_S)
    if run.json:
        print_json(text)
    else:
        for line in text.splitlines():
            say(line)


def _pattern(text: str) -> re.Pattern[str]:
    from broker.errors import ConfigError

    try:
        return re.compile(text)
    except re.error as error:
        raise ConfigError(f'"{text}" is no pattern: {error}') from error
