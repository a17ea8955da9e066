"""``interop cost compare``: totals of several places, side by side."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from broker.cli.cost.arguments import (
    Accounts,
    Currency,
    DoubleRunning,
    Egress,
    Inventory,
    PricesOf,
    RatesFile,
    Snapshots,
    System,
    To,
    made,
)
from broker.cli.run import FAILED, Run

if TYPE_CHECKING:
    from broker.cost import Report, Sum


BLOCKED_SHOWN = 20
"""More lines than a screen has tell nobody anything."""


def compare(
    run: Run,
    accounts: Accounts = None,
    inventory: Inventory = None,
    to: To = None,
    by: Annotated[
        str | None,
        typer.Option(help='"machine", "provider", or a label to group by.', metavar="WHAT"),
    ] = None,
    three_years: Annotated[
        bool, typer.Option("--three-years", help="With --by: three years, not a month.")
    ] = False,
    prices_of: PricesOf = "",
    currency: Currency = "USD",
    rates: RatesFile = None,
    double_running: DoubleRunning = 7,
    egress: Egress = None,
    snapshots: Snapshots = None,
    system: System = None,
) -> None:
    """Show what machines cost now and would cost elsewhere.

    "≥" marks a lower bound: something in it has no price, and unknown is not nothing.
    """
    from broker.cli.output import note, print_json
    from broker.cost.report import MONTHS
    from broker.cost.tables import groups_as_json, write_json

    found, complete = made(
        run,
        accounts,
        inventory,
        to,
        prices_of,
        currency,
        rates,
        double_running,
        egress,
        snapshots,
        system,
    )
    months = MONTHS if three_years else 1
    if by and by != "machine":
        groups = found.by_provider() if by == "provider" else found.by_label(by)
        if run.json:
            print_json(groups_as_json(found, groups, months))
        else:
            _by_group(run, found, by, groups, months)
    elif run.json:
        write_json(found, sys.stdout)
    elif by:
        _by_machine(run, found, months)
    else:
        _totals(run, found)
    if not run.json:
        for column in found.columns:
            if not column.monthly.exact:
                note(f"{column.name}: {column.monthly}")
            if column.overfull:
                note(f"{column.name}: {column.overfull}")
            for bill in column.blocked[:BLOCKED_SHOWN]:
                note(f"{bill.machine.name} cannot be at {column.name}: {bill.blocked}")
            if (more := len(column.blocked) - BLOCKED_SHOWN) > 0:
                note(f"{more} more machines cannot be at {column.name}: --json has all")
    if not complete:
        raise typer.Exit(FAILED)


def _totals(run: Run, report: Report) -> None:
    from broker.cli.output import print_table
    from broker.cost.report import MONTHS

    rows = []
    for column in report.columns:
        rows.append(
            (
                column.name,
                column.monthly.short(),
                column.one_off.short() if column is not report.now else "",
                column.after(MONTHS).short(),
                report.pays_off(column),
                str(len(column.blocked) or ""),
            )
        )
    head = ("WHERE", "A MONTH", "MOVING, ONCE", "3 YEARS", "PAYS OFF AFTER", "CANNOT GO")
    print_table(run, head, rows)


def _by_machine(run: Run, report: Report, months: int) -> None:
    from broker.cli.output import print_table

    rows = []
    for bills in zip(*(column.bills for column in report.columns), strict=True):
        cells = [bills[0].machine.name]
        for there in bills:
            size = there.offer.id if there.offer else "-"
            total = there.total(report.currency).times(months)
            cells.append(f"{total.short()} ({size})")
        rows.append(cells)
    print_table(run, ("MACHINE", *(column.name.upper() for column in report.columns)), rows)


def _by_group(run: Run, report: Report, by: str, groups: dict[str, list[Sum]], months: int) -> None:
    from broker.cli.output import print_table

    rows = [
        (value or f"(no {by})", *(total.times(months).short() for total in totals))
        for value, totals in groups.items()
    ]
    print_table(run, (by.upper(), *(column.name.upper() for column in report.columns)), rows)
