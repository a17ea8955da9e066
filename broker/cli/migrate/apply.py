"""``interop migrate apply``: carry a plan out."""

from __future__ import annotations

import signal
from typing import Annotated

import typer

from broker.cli.migrate.arguments import PlanName
from broker.cli.run import LOSSES, Run


def apply(
    run: Run,
    plan: PlanName,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Exit with 3 when anything was lost; what was not looked into is not counted.",
        ),
    ] = False,
) -> None:
    """Carry a plan out, or go on with it after a failure.

    On failure and on Ctrl-C the source is started again if it ran, what was made is removed, and
    copied disks are kept for the next try.
    """
    from broker import migrate
    from broker.cli.migrate.shown import show_plan
    from broker.cli.migrate.watch import watching
    from broker.cli.output import print_json, say

    loaded = migrate.load(plan)
    if run.dry_run or not run.yes:
        show_plan(run, loaded)
    if run.dry_run:
        return
    if not run.agreed("Carry out this plan?"):
        raise typer.Abort
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a polite kill is a Ctrl-C
    with watching(no_color=run.no_color) as watch:
        report = migrate.apply(loaded, progress=watch, config=run.config)
    if run.json:
        print_json(report.model_dump(mode="json"))
    else:
        for line in report.text.splitlines():
            say(line)
    if strict and any(loss.lost for loss in report.losses):
        raise typer.Exit(LOSSES)
