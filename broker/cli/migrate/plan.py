"""``interop migrate plan``: what a move would do and lose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broker.cli.arguments import account_names, machine_names
from broker.cli.run import FAILED, LOSSES, Run

if TYPE_CHECKING:
    from broker.migrate import Plan


def plan(
    run: Run,
    machine: Annotated[
        str | None,
        typer.Argument(
            metavar="ACCOUNT/NAME", help="A machine, by name or id.", autocompletion=machine_names
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Argument(metavar="ACCOUNT", help="An account.", autocompletion=account_names),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The machine's name there.")] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(
            help="Network here = network there, by name or id; only the latter takes all cards.",
            metavar="[HERE=]THERE",
        ),
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="The size there, where it is not to be chosen.")
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
        Path | None,
        typer.Option(
            "--output", "-o", help="The plan's file; of --requests, their folder.", metavar="FILE"
        ),
    ] = None,
    requests: Annotated[
        Path | None,
        typer.Option(help="Plan each move of this file, as `interop place --moves` writes it."),
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
    from broker.cli.output import print_json
    from broker.errors import ConfigError

    if (machine is None) != (target is None) or (machine is None) == (requests is None):
        raise ConfigError("nothing to plan", hint="Say MACHINE and ACCOUNT, or --requests FILE")
    if requests is not None:
        plans, complete = _asked_for(run, requests)
        files = [(output or Path()) / f"{made.id}.json" for made in plans]
    else:
        everywhere, each = _networks(network or [])
        made = migrate.plan(
            machine or "",
            target or "",
            name=name,
            network=everywhere,
            networks=each,
            size=size,
            keep_running=keep_running,
            allow_smaller=allow_smaller,
            console=console,
            config=run.config,
        )
        plans, complete, files = [made], True, [output or Path(f"{made.id}.json")]
    if run.json:
        told = [made.model_dump(mode="json") for made in plans]
        print_json(told[0] if requests is None else list(told))
    whole = [_show(run, made, file) for made, file in zip(plans, files, strict=True)]
    if not (complete and all(whole)):
        raise typer.Exit(FAILED)
    if strict and any(loss.lost for made in plans for loss in made.losses):
        raise typer.Exit(LOSSES)


def _asked_for(run: Run, file: Path) -> tuple[list[Plan], bool]:
    """Return the plans of a file's requests; one that cannot be does not stop the others."""
    from broker.cli.output import note
    from broker.errors import BrokerError
    from broker.migrate import request

    plans, complete = [], True
    for each in request.read(file):
        try:
            plans.append(each.plan(config=run.config))
        except BrokerError as error:
            complete = False
            note(f"interop: {each.machine} to {each.target}: {error}")
    return plans, complete


def _show(run: Run, made: Plan, file: Path) -> bool:
    """Show a plan and write it; return whether it can be carried out."""
    from broker.cli.migrate.shown import show_plan
    from broker.cli.output import note

    if not run.json:
        show_plan(run, made)
    if made.blocking:
        fields = ", ".join(loss.field for loss in made.blocking)
        note(f"interop: this cannot be moved as it is, because of: {fields}")
        return False
    if not run.dry_run:
        _save(made, file)
        note(f"The plan is in {file}. To carry it out: interop migrate apply {file}")
    return True


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
