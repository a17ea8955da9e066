"""``interop migrate plan``: what a move would do and lose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broker.cli.arguments import AccountName, MachineName
from broker.cli.run import FAILED, LOSSES, Run

if TYPE_CHECKING:
    from broker.migrate import Plan


def plan(
    run: Run,
    machine: MachineName,
    target: AccountName,
    name: Annotated[str | None, typer.Option(help="The machine's name there.")] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(
            help="Network here = network there, by name or id; only the latter takes all cards.",
            metavar="[HERE=]THERE",
        ),
    ] = None,
    keep_running: Annotated[
        bool,
        typer.Option("--keep-running", help="Copy from snapshots; the source is not stopped."),
    ] = False,
    allow_smaller: Annotated[
        bool, typer.Option("--allow-smaller", help="Take a smaller size when none is large enough.")
    ] = False,
    console: Annotated[
        str | None,
        typer.Option(
            help="What its console there must say before it counts as moved.", metavar="RE"
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The plan's file.", metavar="FILE")
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Exit with 3 when anything is lost; what was not looked into is not counted.",
        ),
    ] = False,
) -> None:
    """Show what is lost, which size is taken and each step; write the plan to a file.

    Nothing is changed. A plan with a blocking loss is shown and not written.
    """
    from broker import migrate
    from broker.cli.migrate.shown import show_plan
    from broker.cli.output import note, print_json

    everywhere, each = _networks(network or [])
    made = migrate.plan(
        machine,
        target,
        name=name,
        network=everywhere,
        networks=each,
        keep_running=keep_running,
        allow_smaller=allow_smaller,
        console=console,
        config=run.config,
    )
    if run.json:
        print_json(made.model_dump(mode="json"))
    else:
        show_plan(run, made)
    if made.blocking:
        fields = ", ".join(loss.field for loss in made.blocking)
        note(f"interop: this cannot be moved as it is, because of: {fields}")
        raise typer.Exit(FAILED)
    if not run.dry_run:
        file = output or Path(f"{made.id}.json")
        _save(made, file)
        note(f"The plan is in {file}. To carry it out: interop migrate apply {file}")
    if strict and any(loss.lost for loss in made.losses):
        raise typer.Exit(LOSSES)


def _networks(given: list[str]) -> tuple[str | None, dict[str, str]]:
    """Return the network for all cards, and the one for each network of the source."""
    from broker.errors import ConfigError

    everywhere = [one for one in given if "=" not in one]
    if len(everywhere) > 1:
        raise ConfigError(
            f"all cards cannot go to {' and to '.join(everywhere)}",
            hint="Say --network HERE=THERE for each",
        )
    pairs = (one.partition("=") for one in given if "=" in one)
    return (everywhere[0] if everywhere else None), {here: there for here, _, there in pairs}


def _save(plan: Plan, file: Path) -> None:
    from broker.errors import ConfigError

    try:
        plan.save(file)
    except OSError as error:
        raise ConfigError(f"the plan cannot be written to {file}: {error.strerror}") from error
