"""``interop catalogue refresh``: prices and sizes from where they are published."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from broker.cli.run import FAILED, Run


def refresh(
    run: Run,
    places: Annotated[
        list[str] | None,
        typer.Argument(metavar="PROVIDER/REGION", help="Places whose published prices to read."),
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option(help="Also ask this account which sizes it is offered.", metavar="ACCOUNT"),
    ] = None,
) -> None:
    """Replace prices by those published now, and sizes by those an account is offered.

    A place that cannot be read keeps what it had; the exit code is 1 then.
    """
    import broker
    from broker import config as accounts_file
    from broker.catalog import Catalogue, Place
    from broker.catalog.refresh import refresh_prices, refresh_sizes
    from broker.cli.output import note, print_json
    from broker.errors import BrokerError, ConfigError
    from broker.places import place_of

    if not places and not account:
        raise ConfigError("nothing to refresh", hint="Name places (PROVIDER/REGION) or --account")
    counts: dict[str, int] = {}
    broken = False
    with Catalogue() as catalogue:
        for name in places or ():
            try:
                counts[name] = refresh_prices(catalogue, Place.parse(name))
            except ConfigError:
                raise
            except BrokerError as error:
                broken = True
                note(f"interop: {name} keeps the prices it had: {error}")
        for name in account or ():
            place = place_of(accounts_file.account(name, run.config))
            with contextlib.closing(broker.open(name, config=run.config)) as adapter:
                counts[f"{place} sizes"] = refresh_sizes(catalogue, adapter, place)
    if run.json:
        print_json(dict(counts))
    else:
        for name, count in counts.items():
            note(f"{name}: {count} read")
    if broken:
        raise typer.Exit(FAILED)
