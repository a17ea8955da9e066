"""``interop catalogue age``: how old the prices are."""

from __future__ import annotations

import datetime

from broker.cli.run import Run


def age(run: Run) -> None:
    """List how many prices of each place came from where, and how old they are."""
    from broker.catalog import Catalogue
    from broker.cli.output import print_json, print_table

    with Catalogue() as catalogue:
        found = catalogue.ages()
    if run.json:
        print_json([each.model_dump(mode="json") for each in found])
        return
    today = datetime.datetime.now(datetime.UTC).date()
    print_table(
        run,
        ("PLACE", "ORIGIN", "PRICES", "OLDEST", "NEWEST", "DAYS OLD"),
        [
            (
                str(each.place),
                each.origin.name.lower(),
                str(each.prices),
                str(each.oldest),
                str(each.newest),
                str((today - each.newest).days),
            )
            for each in found
        ],
    )
