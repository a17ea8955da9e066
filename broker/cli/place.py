"""``interop place``: where workloads should run."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broker.cli.run import LOSSES, Run

if TYPE_CHECKING:
    from broker.placement import Change, Placement, Why
    from broker.placement.document import Read
    from broker.placement.moves import Moves


def place(
    run: Run,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Workloads and places (YAML).")],
    why: Annotated[
        str | None, typer.Option(help="Explain where this workload is.", metavar="NAME")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Keep the placement.", metavar="FILE")
    ] = None,
    moves: Annotated[
        Path | None,
        typer.Option(
            help="Write the moves, for `interop migrate plan --requests`.", metavar="FILE"
        ),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(help="What is different from a kept one.", metavar="FILE")
    ] = None,
    gap: Annotated[
        float, typer.Option(help="How far from the best it may be, as a share.", min=0, max=1)
    ] = 0.01,
    seconds: Annotated[float, typer.Option(help="Time to look for it.", min=0.1)] = 60.0,
) -> None:
    """Find the cheapest place for each workload that keeps every rule.

    The exit code is 3 when the rules contradict each other; those that do are named.
    """
    from broker import placement
    from broker.catalog import Catalogue
    from broker.cli.output import note, print_json
    from broker.migrate import request
    from broker.placement import moves as moves_of
    from broker.places import accounts_at

    with Catalogue() as catalogue:
        told = placement.read(file, catalogue)
    found = placement.place(told.problem, gap=gap, seconds=seconds)
    if found.conflict:
        if run.json:
            print_json(found.model_dump(mode="json"))
        else:
            _conflict(run, found)
        raise typer.Exit(LOSSES)
    before = _kept(compare, found.currency) if compare else None
    if output:
        _keep(found, output)
    implied = moves_of(told.problem, found, accounts_at(run.config) | told.accounts)
    if moves:
        request.write(implied.requests, moves)
    if why is not None:
        reasons = placement.why(told.problem, found, why, gap=gap, seconds=seconds)
        if run.json:
            print_json(reasons.model_dump(mode="json"))
        else:
            _why(run, reasons, found)
    elif before is not None:
        changes = placement.diff(before, found)
        if run.json:
            print_json([change.model_dump(mode="json") for change in changes])
        else:
            _changes(run, changes, before, found)
    elif run.json:
        document = found.model_dump(mode="json")
        document |= {"not_offered": list(told.not_offered)}
        print_json(document | {"moves": implied.model_dump(mode="json")})
    else:
        _placement(run, found)
        _moves(implied)
    _warn(told)
    if found.out_of_time:
        cheaper = (
            "a much cheaper placement" if found.gap is None else f"one {found.gap:.1%} cheaper"
        )
        note(f"interop: time ran out; {cheaper} may exist")


def _placement(run: Run, found: Placement) -> None:
    from broker.cli.output import note, print_table

    print_table(
        run,
        ("WORKLOAD", "COUNT", "AT", "EACH A MONTH", "MOVES"),
        [
            (
                each.workload,
                str(each.count),
                each.option,
                f"{each.month:.2f} {found.currency}",
                "yes" if each.moved else "",
            )
            for each in found.placed
        ],
    )
    known = "" if found.gap is None else f", within {found.gap:.2%} of the best there is"
    note(f"{found.month:.2f} {found.currency} a month{known}")


def _conflict(run: Run, found: Placement) -> None:
    from broker.cli.output import note, print_table

    print_table(run, ("CANNOT HOLD AT ONCE",), [(rule,) for rule in found.conflict])
    note(
        "Without any one of these, all others can be kept."
        if found.conflict_exact
        else "That each of these is needed for the contradiction was not proved in time."
    )


def _why(run: Run, reasons: Why, found: Placement) -> None:
    from broker.cli.output import note, print_table

    currency = found.currency
    note(
        f"{reasons.workload} is at {', '.join(reasons.at)}: {reasons.month:.2f} {currency} a month"
    )
    print_table(
        run,
        ("ELSEWHERE", "AS", "ALL TOGETHER", "NOT POSSIBLE BECAUSE"),
        [
            (
                other.place,
                other.option or "",
                f"{other.more:+.2f} {currency} a month" if other.more is not None else "",
                "; ".join(other.because),
            )
            for other in reasons.alternatives
        ],
    )
    if found.gap:
        give = found.month * Decimal(found.gap)
        note(f"The placement may be {give:.2f} {currency} a month dearer than the best there is.")


def _changes(run: Run, changes: list[Change], before: Placement, after: Placement) -> None:
    from broker.cli.output import note, print_table

    print_table(
        run,
        ("WORKLOAD", "BEFORE", "AFTER", "A MONTH BEFORE", "A MONTH AFTER"),
        [
            (
                each.workload,
                ", ".join(each.before),
                ", ".join(each.after),
                f"{each.month_before:.2f}" if each.month_before is not None else "",
                f"{each.month_after:.2f}" if each.month_after is not None else "",
            )
            for each in changes
        ],
    )
    more = after.month - before.month
    note(f"{len(changes)} workloads differ; {more:+.2f} {after.currency} a month")


def _moves(implied: Moves) -> None:
    from broker.cli.output import note
    from broker.placement.moves import commands

    if implied.requests:
        note("To make it so:")
    for line in commands(implied.requests):
        note(f"  {line}")
    for what in implied.unnamed:
        note(f"interop: the file does not name {what}: that move cannot be planned")


def _warn(told: Read) -> None:
    from broker.catalog.market import STALE
    from broker.cli.output import note

    for what in (*told.not_offered, *told.left_out):
        note(f"interop: {what}")
    if told.oldest is None:
        return
    age = datetime.datetime.now(datetime.UTC).date() - told.oldest
    if age > STALE:
        note(f"interop: prices up to {age.days} days old decided this; see interop catalogue age")


def _keep(found: Placement, file: Path) -> None:
    from broker.errors import ConfigError

    try:
        file.write_text(found.model_dump_json(indent=2), "utf-8")
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from error


def _kept(file: Path, currency: str) -> Placement:
    import json

    from broker.errors import ConfigError
    from broker.placement import Placement
    from broker.reading import validated

    try:
        document = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read the placement {file}: {error}") from error
    kept = validated(Placement, document, str(file))
    if kept.currency != currency:
        raise ConfigError(f"{file} is in {kept.currency}, the new placement in {currency}")
    return kept
