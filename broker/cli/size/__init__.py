"""``interop size``: which size a machine gets somewhere else."""

from __future__ import annotations

import typer

from broker.cli.run import command
from broker.cli.size import map_

app = typer.Typer(name="size", help="Which size a machine gets somewhere else.")
app.command(name="map")(command(map_.map_))


@app.callback()
def _size() -> None:
    """Which size a machine gets somewhere else."""
