"""All commands, under their names."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from broker.cli import (
    accounts,
    catalogue,
    console,
    cost,
    create,
    delete,
    doctor,
    firewall,
    inventory,
    migrate,
    place,
    providers,
    schema,
    show,
    size,
    start,
    stop,
)
from broker.cli.run import command

app = typer.Typer(
    name="interop",
    no_args_is_help=True,
    rich_markup_mode="rich" if sys.stdout.isatty() else None,  # no boxes in a pipe
    pretty_exceptions_enable=False,  # a traceback that shows values could show a secret
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"interop {version('interop-broker')}")
        raise typer.Exit


@app.callback()
def _interop(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """See, move and run virtual machines on several providers."""


app.command()(command(doctor.doctor))
app.command()(command(providers.providers))
app.command()(command(accounts.accounts))
app.command()(command(inventory.inventory))
app.command()(command(show.show))
app.command()(command(create.create))
app.command()(command(start.start))
app.command()(command(stop.stop))
app.command()(command(console.console))
app.command()(command(delete.delete))
app.add_typer(migrate.app)
app.add_typer(firewall.app)
app.add_typer(catalogue.app)
app.add_typer(size.app)
app.add_typer(cost.app)
app.command()(command(place.place))
app.command()(command(schema.schema))
