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
for function in (plan.plan, apply.apply, undo.undo, report.report):
    app.command()(command(function))
