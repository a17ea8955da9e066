"""``interop migrate``: move a machine to another account."""

from __future__ import annotations

import typer

from broker.cli.migrate import apply, plan, report, undo
from broker.cli.run import command

app = typer.Typer(
    name="migrate",
    help="Move a machine: plan, apply, undo, report.",
    no_args_is_help=True,
)
app.command()(command(plan.plan))
app.command()(command(apply.apply))
app.command()(command(undo.undo))
app.command()(command(report.report))
