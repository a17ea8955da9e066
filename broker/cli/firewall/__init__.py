"""``interop firewall``: what reaches a machine, and what would elsewhere."""

from __future__ import annotations

import typer

from broker.cli.firewall import can, diff, drift, explain, show, translate
from broker.cli.run import command

app = typer.Typer(
    name="firewall",
    help="What reaches a machine: show, explain, can, diff, translate, drift.",
    no_args_is_help=True,
)
app.command()(command(show.show))
app.command()(command(explain.explain))
app.command()(command(can.can))
app.command()(command(diff.diff))
app.command()(command(translate.translate))
app.command()(command(drift.drift))
