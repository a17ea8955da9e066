"""``interop catalogue show``: prices of one place, or which places there are."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated

import typer

from broker.cli.run import Run


def show(
    run: Run,
    place: Annotated[
        str | None,
        typer.Argument(metavar="PROVIDER/REGION", help="A place; all when none is named."),
    ] = None,
    items: Annotated[
        str, typer.Argument(metavar="ITEM", help='Only items like this, such as "disk:*".')
    ] = "*",
    account: Annotated[str, typer.Option(help="With this account's prices and discounts.")] = "",
    currency: Annotated[str, typer.Option(help="Prices in this currency.")] = "USD",
) -> None:
    """List what a place charges, who says so and since when."""
    from broker.catalog import Catalogue, Market, Place
    from broker.cli.output import print_json, print_table
    from broker.errors import NotFound

    with Catalogue() as catalogue:
        if place is None:
            places = [str(each) for each in catalogue.places()]
            if run.json:
                print_json(list(places))
            else:
                print_table(run, ("PLACE",), [(each,) for each in places])
            return
        market = Market(catalogue, Place.parse(place), account=account, currency=currency)
    named = [name for name in market.begins("") if fnmatchcase(name, items)]
    found = [price for name in named if (price := market.price(name)) is not None]
    if not found:
        others = sorted({each for name in named for each in market.other_currencies(name)})
        raise NotFound(
            f'{place} has no price in {currency} for "{items}"',
            hint=f"There are some in {', '.join(others)}" if others else "Try *",
        )
    if run.json:
        print_json([price.model_dump(mode="json") for price in found])
        return
    print_table(
        run,
        ("ITEM", "AMOUNT", "UNIT", "SOURCE", "AS OF", "CONFIDENCE", "ORIGIN"),
        [
            (
                price.item,
                f"{price.amount} {price.currency}",
                price.unit,
                price.source,
                str(price.as_of),
                price.confidence,
                price.origin.name.lower(),
            )
            for price in found
        ],
    )
