"""``interop cost report``: a report as a file to hand in."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

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


def report(
    run: Run,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="A page (.html), .csv or .json."),
    ],
    accounts: Accounts = None,
    inventory: Inventory = None,
    to: To = None,
    focus: Annotated[
        bool, typer.Option("--focus", help="A .csv in the columns of FOCUS 1.0, of one month.")
    ] = False,
    month: Annotated[
        str | None, typer.Option(help="The month of --focus; else this one.", metavar="YYYY-MM")
    ] = None,
    prices_of: PricesOf = "",
    currency: Currency = "USD",
    rates: RatesFile = None,
    double_running: DoubleRunning = 7,
    egress: Egress = None,
    snapshots: Snapshots = None,
    system: System = None,
) -> None:
    """Write what machines cost, now and elsewhere, to a file people can be shown."""
    from broker.cli.output import note
    from broker.cost.focus import write_focus
    from broker.cost.page import as_html
    from broker.cost.tables import write_csv, write_json
    from broker.errors import ConfigError

    kind = output.suffix.lower()
    if kind not in (".html", ".csv", ".json") or (focus and kind != ".csv"):
        raise ConfigError(
            f"{output} is no file a report is written to",
            hint="Its name ends with .html, .csv or .json; with --focus, with .csv",
        )
    when = _month(month)
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
    try:
        with output.open("w", encoding="utf-8", newline="") as file:
            if focus:
                if left_out := write_focus(found, file, when):
                    note(f"interop: {left_out} charges have no price and are not in {output}")
            elif kind == ".html":
                file.write(as_html(found))
            elif kind == ".csv":
                write_csv(found, file)
            else:
                write_json(found, file)
    except OSError as error:
        raise ConfigError(f"{output} cannot be written: {error.strerror}") from error
    note(f"{len(found.fleet)} machines, {found.now.monthly} a month now: {output}")
    if not complete:
        raise typer.Exit(FAILED)


def _month(text: str | None) -> datetime.date:
    from broker.errors import ConfigError

    if text is None:
        return datetime.datetime.now(datetime.UTC).date()
    try:
        month = datetime.date.fromisoformat(f"{text}-01")
        month.replace(year=month.year + 1)  # refuses what has no end that can be written
    except ValueError as error:
        raise ConfigError(f'"{text}" is no month', hint="Write it as 2026-11") from error
    return month
