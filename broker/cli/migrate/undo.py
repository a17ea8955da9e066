"""``interop migrate undo``: take back what a plan made."""

from __future__ import annotations

import typer

from broker.cli.migrate.arguments import PlanName
from broker.cli.run import FAILED, Run


def undo(run: Run, plan: PlanName) -> None:
    """Delete all that a plan made and start the source again if it ran.

    What could not be removed is named, and the exit code is 1.
    """
    from broker import migrate
    from broker.cli.migrate.watch import watching
    from broker.cli.output import print_json, say

    loaded = migrate.load(plan)
    made = f"{loaded.target.account}/{loaded.target.name}, and all else that plan {loaded.id} made"
    if run.dry_run:
        say(f"would delete {made}")
        return
    if not run.agreed(f"Delete {made}?"):
        raise typer.Abort
    with watching(no_color=run.no_color) as watch:
        report = migrate.undo(loaded, progress=watch, config=run.config)
    if run.json:
        print_json(report.model_dump(mode="json"))
    else:
        for line in report.text.splitlines():
            say(line)
    if report.leftovers:
        raise typer.Exit(FAILED)
