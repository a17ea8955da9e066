"""``interop inventory``: every machine of every account."""

from __future__ import annotations

from typing import Annotated

import typer

from broker.cli.arguments import account_names
from broker.cli.run import FAILED, Run

COLUMNS = (
    "ACCOUNT", "NAME", "ID", "STATE", "SIZE", "FIRMWARE", "DISKS", "ADDRESSES", "LABELS",
)  # fmt: skip


def inventory(
    run: Run,
    accounts: Annotated[
        list[str] | None,
        typer.Argument(metavar="ACCOUNT", help="Only these.", autocompletion=account_names),
    ] = None,
    timeout: Annotated[
        float, typer.Option(help="Seconds to wait for one account.", metavar="SECONDS")
    ] = 60.0,
) -> None:
    """List the machines of all accounts, read at once.

    The exit code is 1 when an account could not be read; the others are listed all the same.
    """
    from broker.cli import words
    from broker.cli.output import note, print_json, print_table
    from broker.survey import inventory as read

    listings = read(accounts or (), config=run.config, patience_s=timeout)
    if run.json:
        print_json([listing.model_dump(mode="json") for listing in listings])
    else:
        print_table(
            run,
            COLUMNS,
            [
                (
                    listing.account,
                    instance.name,
                    instance.id,
                    words.state(instance.state),
                    words.size(instance.spec.size, instance.offer),
                    instance.spec.firmware,
                    words.disks(instance),
                    words.addresses(instance),
                    words.labels(instance.spec.labels),
                )
                for listing in listings
                for instance in listing.instances
            ],
            blocks=True,
        )
    broken = [listing for listing in listings if listing.error]
    for listing in broken:
        note(f"interop: account {listing.account} could not be read: {listing.error}")
    if broken:
        raise typer.Exit(FAILED)
