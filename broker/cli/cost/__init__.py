"""``interop cost``: what machines cost, now and elsewhere."""

from __future__ import annotations

import typer

from broker.cli.cost import compare, estimate, report
from broker.cli.run import command

app = typer.Typer(
    name="cost",
    help="What machines cost, now and elsewhere: compare, estimate, report.",
    no_args_is_help=True,
)
app.command()(command(compare.compare))
app.command()(command(estimate.estimate))
app.command()(command(report.report))
