"""What every command is given: the flags that are the same everywhere, and one way out.

Exit codes: 0 done; 1 it failed; 2 the request was wrong; 3 done, with losses or findings the
caller asked to be told of; 130 interrupted.
"""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec, get_type_hints

import typer

from broker.cli.output import note

if TYPE_CHECKING:
    from broker.errors import BrokerError

INTERRUPTED = 130
"""128 and the signal's number, as shells have it."""

FAILED, WRONG_REQUEST, LOSSES = 1, 2, 3

PANEL = "The same for every command"

P = ParamSpec("P")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of one command."""

    json: Annotated[bool, typer.Option("--json", help="Print JSON.", rich_help_panel=PANEL)] = False
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.", rich_help_panel=PANEL)] = (
        False
    )
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done.", rich_help_panel=PANEL)
    ] = False
    config: Annotated[
        Path | None,
        typer.Option("--config", help="The accounts file.", metavar="FILE", rich_help_panel=PANEL),
    ] = None
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Say more, errors too.", rich_help_panel=PANEL),
    ] = False
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colours.", rich_help_panel=PANEL)
    ] = False

    def agreed(self, question: str) -> bool:
        """Ask before something changes; ConfigError where there is nobody to ask."""
        if self.yes:
            return True
        if not _can_ask():
            from broker.errors import ConfigError

            raise ConfigError(f"{question} There is no terminal to ask on", hint="Say --yes")
        return typer.confirm(question, err=True)


def _can_ask() -> bool:
    return sys.stdin.isatty()


def command(function: Callable[Concatenate[Run, P], None]) -> Callable[..., None]:
    """Give a command the common flags, as its first argument, and turn errors to exit codes."""
    hints = get_type_hints(Run, include_extras=True)
    common = [
        Parameter(
            field.name, Parameter.KEYWORD_ONLY, annotation=hints[field.name], default=field.default
        )
        for field in fields(Run)
    ]
    own = list(signature(function, eval_str=True).parameters.values())[1:]

    @wraps(function)
    def wrapped(**values: Any) -> None:
        run = Run(**{field.name: values.pop(field.name) for field in fields(Run)})
        with reporting(verbose=run.verbose):
            function(run, **values)  # type: ignore[call-arg]  # typer fills them by name

    keywords = [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in own]
    wrapped.__signature__ = signature(wrapped).replace(  # type: ignore[attr-defined]
        parameters=[*keywords, *common]
    )
    wrapped.__annotations__ = {each.name: each.annotation for each in (*own, *common)}
    return wrapped


@contextlib.contextmanager
def reporting(*, verbose: bool) -> Iterator[None]:
    """Tell a broker error in one line on standard error, with the traceback only when asked."""
    from broker.errors import BrokerError

    try:
        yield
    except BrokerError as error:
        if verbose:
            traceback.print_exc()
        note(f"interop: {error}")
        _tell_notes(error)
        raise typer.Exit(WRONG_REQUEST if _is_wrong_request(error) else FAILED) from error
    except KeyboardInterrupt as error:
        note("interop: interrupted")
        _tell_notes(error)
        raise typer.Exit(INTERRUPTED) from error


def _tell_notes(error: BaseException) -> None:
    """Tell what was kept and how to go on, where somebody on the way noted that."""
    for line in getattr(error, "__notes__", ()):
        note(line)


def _is_wrong_request(error: BrokerError) -> bool:
    """Return whether the caller must ask for something else, or as somebody else.

    A name or value that we refuse was typed wrong; one that a provider refuses in the middle of a
    run is a failure.
    """
    from broker.errors import (
        AccessDenied,
        ConfigError,
        Invalid,
        NotFound,
        PlanStale,
        Unsupported,
    )

    if isinstance(error, ConfigError | AccessDenied):
        return True
    return not error.provider and isinstance(error, Invalid | NotFound | PlanStale | Unsupported)
