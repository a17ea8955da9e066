"""``interop catalogue``: what is known of sizes and prices, and how old it is."""

from __future__ import annotations

import typer

from broker.cli.catalogue import age, bring, refresh, show
from broker.cli.run import command

app = typer.Typer(
    name="catalogue",
    help="Sizes and prices: show, age, refresh, import.",
    no_args_is_help=True,
)
app.command()(command(show.show))
app.command()(command(age.age))
app.command()(command(refresh.refresh))
app.command(name="import")(command(bring.bring))
