"""``interop catalogue import``: a price list, sites and discounts of one's own."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broker.cli.run import Run

if TYPE_CHECKING:
    from broker.catalog import Catalogue
    from broker.catalog.pricelist import Record


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
            sizes: set[tuple[str, str]] = set()
            rows = pricelist.read(file, today=today)
            count = catalogue.put_prices(_noting(rows, sizes))
            for warning in _unknown(sizes, catalogue):
                note(f"interop: {warning}")
    if run.json:
        print_json({"imported": count})
    else:
        note(f"{count} taken in from {file}")


def _noting(rows: Iterator[Record], sizes: set[tuple[str, str]]) -> Iterator[Record]:
    """Yield the rows, and keep provider and name of each size they price."""
    for row in rows:
        kind, *_, name = row[2].split(":", 3)
        if kind == "compute" and name not in ("vcpu", "gib"):
            sizes.add((row[0], name))
        yield row


def _unknown(sizes: set[tuple[str, str]], catalogue: Catalogue) -> Iterator[str]:
    """Yield a warning a provider whose sizes are known, and do not have all of these."""
    from broker.nearest import did_you_mean

    for provider in sorted({provider for provider, _ in sizes}):
        known = catalogue.sizes(provider)
        missing = sorted({name for one, name in sizes if one == provider} - set(known))
        if known and missing:
            hint = did_you_mean(missing[0], known)
            more = f" and {len(missing) - 1} more" if missing[1:] else ""
            yield f"no catalogue knows a size {missing[0]}{more} of {provider}. {hint}"
