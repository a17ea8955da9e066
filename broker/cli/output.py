"""How answers look: JSON when asked, a table on a terminal, tab-separated lines in a pipe."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pydantic import JsonValue

    from broker.cli.run import Run

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    """Return ``text`` with control characters spelled out.

    A machine's name comes from outside: it must not move the cursor, nor break a line in a pipe.
    """
    return CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def print_json(value: JsonValue) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(run: Run, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a header: a table on a terminal, else one tab-separated line each.

    A terminal is narrow: there, columns nobody has anything in are left out, and cells fold.
    """
    cleaned = [[clean(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in (columns, *cleaned):
            typer.echo("\t".join(row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = [index for index in range(len(columns)) if any(row[index] for row in cleaned)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index in shown if rows else range(len(columns)):
        table.add_column(columns[index], overflow="fold")
    for row in cleaned:
        table.add_row(*(Text(row[index]) for index in shown))
    Console(no_color=run.no_color or None).print(table)


def say(text: str) -> None:
    """Print one line of an answer."""
    typer.echo(clean(text))


def note(text: str) -> None:
    """Print one line about what is going on, on standard error."""
    typer.echo(clean(text), err=True)
