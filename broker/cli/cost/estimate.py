"""``interop cost estimate``: what one machine would cost, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from broker.cli.run import LOSSES, Run

if TYPE_CHECKING:
    from broker.cost import Bill


def estimate(
    run: Run,
    size: Annotated[str, typer.Argument(metavar="SIZE", help="4x16, or PROVIDER/SIZE.")],
    at: Annotated[list[str], typer.Option(help="Where.", metavar="PROVIDER/REGION")],
    disk: Annotated[
        list[str] | None,
        typer.Option(help="A disk: GIB, KIND:GIB or KIND:GIB:IOPS:MIBPS.", metavar="DISK"),
    ] = None,
    system: Annotated[str, typer.Option("--os", help="linux, windows, rhel or suse.")] = "linux",
    plan: Annotated[
        str, typer.Option(help="on_demand, reserved_1y, reserved_3y or spot.")
    ] = "on_demand",
    hours: Annotated[float, typer.Option(help="Hours a month.", min=0, max=744)] = 730,
    addresses: Annotated[int, typer.Option(help="Public addresses.", min=0)] = 0,
    egress: Annotated[float, typer.Option(help="GiB sent a month.", min=0, max=10**12)] = 0,
    prices_of: Annotated[str, typer.Option(help="Whose negotiated prices count.")] = "",
    currency: Annotated[str, typer.Option(help="Everything in this currency.")] = "USD",
) -> None:
    """Show each thing one machine would pay for, with the price's source and date.

    The exit code is 3 when a place has no size that fits.
    """
    from broker.catalog import Catalogue
    from broker.cli.output import note, print_json
    from broker.cost.estimate import estimate as price
    from broker.cost.tables import bill_as_json
    from broker.sizing import staleness

    with Catalogue() as catalogue:
        bills = price(
            size,
            at,
            catalogue=catalogue,
            disks=disk or (),
            system=system,
            plan=plan,
            hours=hours,
            addresses=addresses,
            egress_gib=egress,
            account=prices_of,
            currency=currency,
        )
    if run.json:
        print_json([bill_as_json(bill, currency) for bill in bills])
    else:
        for bill in bills:
            _show(run, bill, currency)
    used = [line.price for bill in bills for line in bill.lines if line.price]
    if warning := staleness(used):
        note(f"interop: {warning}")
    if any(bill.blocked for bill in bills):
        raise typer.Exit(LOSSES)


def _show(run: Run, bill: Bill, currency: str) -> None:
    from broker.cli.output import note, print_table
    from broker.cost.bill import quantity_text

    if bill.blocked:
        note(f"{bill.place}: {bill.blocked}")
        return
    print_table(
        run,
        ("PLACE", "WHAT", "QUANTITY", "UNIT", "EACH", "A MONTH", "SOURCE", "AS OF", "CONFIDENCE"),
        [
            (
                str(bill.place),
                f"{line.what}, {bill.offer.id}"
                if line.what == "compute" and bill.offer
                else line.what,
                quantity_text(line) or "unknown",
                line.unit,
                f"{line.price.amount.normalize():f}" if line.price else "unknown",
                f"{line.amount:.2f} {currency}" if line.amount is not None else "unknown",
                line.price.source if line.price else "",
                str(line.price.as_of) if line.price else "",
                line.price.confidence if line.price else "",
            )
            for line in bill.lines
        ],
        blocks=True,
    )
    note(f"{bill.place}: {bill.total(currency)} a month; {bill.why}")
