"""``interop catalogue import``: a price list, sites and discounts of one's own."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from broker.cli.run import Run


def bring(
    run: Run,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="Prices (.csv), or sites and discounts of your own (.toml)."
        ),
    ],
) -> None:
    """Take in prices nobody publishes: what was negotiated, and what hosts of your own cost.

    The columns of a .csv are provider,region,item,unit,currency,amount and, if you like,
    source,as_of,confidence,account. docs/costs.md shows a .toml.
    """
    from broker.catalog import Catalogue, onprem, pricelist
    from broker.cli.output import note, print_json

    today = datetime.datetime.now(datetime.UTC).date()
    with Catalogue() as catalogue:
        if file.suffix.lower() == ".toml":
            count = onprem.read(file).keep(catalogue, file.name)
        else:
            count = catalogue.put_prices(pricelist.read(file, today=today))
    if run.json:
        print_json({"imported": count})
    else:
        note(f"{count} taken in from {file}")
