"""What the cost commands are all asked: which machines, where to, in which money."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broker.cli.arguments import account_names
from broker.cli.run import Run

if TYPE_CHECKING:
    from broker.cost import Report

Accounts = Annotated[
    list[str] | None,
    typer.Argument(metavar="ACCOUNT", help="Only these.", autocompletion=account_names),
]
Inventory = Annotated[
    Path | None,
    typer.Option(
        "--inventory", "-i", metavar="FILE", help="A .csv or .json of machines, not the accounts."
    ),
]
To = Annotated[
    list[str] | None, typer.Option(help="A place to compare with.", metavar="PROVIDER/REGION")
]
PricesOf = Annotated[str, typer.Option(help="Whose negotiated prices count at those places.")]
Currency = Annotated[str, typer.Option(help="Everything in this currency.")]
RatesFile = Annotated[
    Path | None,
    typer.Option(help="Rates of other currencies, with their date (.toml).", metavar="FILE"),
]
ABSENT_SHOWN = 20
"""More lines than a screen has tell nobody anything."""

MOST = 10**12
"""More GiB than there are anywhere."""

Egress = Annotated[
    float | None,
    typer.Option(help="GiB a month a machine sends of which nobody tells it.", min=0, max=MOST),
]
Snapshots = Annotated[
    float | None,
    typer.Option(help="GiB of snapshots a machine has of which nobody tells it.", min=0, max=MOST),
]
System = Annotated[
    str | None,
    typer.Option(
        "--os", help="linux, windows, rhel or suse: what a machine runs of which nobody tells it."
    ),
]
DoubleRunning = Annotated[
    int, typer.Option(help="Days a machine runs on both sides while it moves.", min=0)
]


def made(
    run: Run,
    accounts: list[str] | None,
    inventory: Path | None,
    to: list[str] | None,
    prices_of: str,
    currency: str,
    rates: Path | None,
    days: int,
    egress: float | None,
    snapshots: float | None,
    system: str | None,
) -> tuple[Report, bool]:
    """Return the report that was asked for, and whether every account could be read."""
    from broker.catalog import Catalogue, Place
    from broker.catalog.systems import system_named
    from broker.cli.output import note
    from broker.cost import compare
    from broker.cost.gather import gather, read_rates
    from broker.sizing import staleness

    with Catalogue() as catalogue:
        untold = {
            "egress_gib": egress,
            "snapshots_gib": snapshots,
            "os": None if system is None else system_named(system, catalogue),
        }
        machines, broken = gather(accounts or (), inventory, config=run.config, catalogue=catalogue)
        found = compare(
            machines.completed(**untold),
            [Place.parse(each) for each in to or ()],
            catalogue=catalogue,
            currency=currency,
            rates=read_rates(rates) if rates else None,
            account=prices_of,
            double_running_days=days,
        )
    if warning := staleness(found.prices()):
        note(f"interop: {warning}")
    if found.unused:
        names = ", ".join(found.unused)
        note(f"interop: prices in {names} were not used; --rates FILE says what they are worth")
    for absent in found.not_offered[:ABSENT_SHOWN]:
        note(f"interop: {absent}")
    if (more := len(found.not_offered) - ABSENT_SHOWN) > 0:
        note(f"interop: {more} more sizes are not offered where machines are: --json has all")
    if unsure := found.untold["billed"]:
        note(f"interop: {unsure} machines may or may not be billed for compute; they are counted")
    if missing := _untold(found):
        note(f"interop: nobody tells {missing}: totals are lower bounds")
    for listing in broken:
        note(f"interop: account {listing.account} is missing from this: {listing.error}")
    return found, not broken


def _untold(report: Report) -> str:
    """Say what of how many machines nobody tells, and how to tell it."""
    told = []
    for name, what, option in (
        ("egress_gib", "the traffic of {}", "--egress"),
        ("snapshots_gib", "the snapshots of {}", "--snapshots"),
        ("os", "the system of {}", "--os"),
    ):
        if count := report.untold[name]:
            of = what.format(f"{count} machine{'s' if count > 1 else ''}")
            told.append(f"{of} (an inventory file, or {option})")
    return ", ".join(told)
