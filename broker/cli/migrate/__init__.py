"""``interop migrate``: move a machine to another account."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="migrate",
    help="Move a machine: plan, apply, undo, report.",
    no_args_is_help=True,
)
