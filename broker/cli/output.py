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


def print_table(
    run: Run, columns: Sequence[str], rows: Sequence[Sequence[str]], *, blocks: bool = False
) -> None:
    """Print rows under a header: a table on a terminal, else one tab-separated line each.

    On a terminal columns nobody has anything in are left out. Where it is too narrow the cells
    fold, or, with ``blocks``, each row becomes a block of lines.
    """
    cleaned = [[clean(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in (columns, *cleaned):
            typer.echo("\t".join(row))
        return
    filled = [index for index in range(len(columns)) if any(row[index] for row in cleaned)]
    if rows:
        columns = [columns[index] for index in filled]
        cleaned = [[row[index] for index in filled] for row in cleaned]
    _draw(run, columns, cleaned, blocks=blocks)


def _draw(run: Run, columns: Sequence[str], rows: Sequence[Sequence[str]], *, blocks: bool) -> None:
    from rich import box
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    console = Console(no_color=run.no_color or None)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    unlimited = console.options.update(width=10_000)
    if not blocks or Measurement.get(console, unlimited, table).maximum <= console.width:
        console.print(table)
        return
    for row in rows:
        block = Table(box=None, show_header=False, pad_edge=False)
        block.add_column(style="dim", no_wrap=True)
        block.add_column(overflow="fold")
        for column, cell in zip(columns, row, strict=True):
            if cell:
                block.add_row(column, Text(cell))
        console.print(block)
        console.print()


def say(text: str) -> None:
    """Print one line of an answer."""
    typer.echo(clean(text))


def note(text: str) -> None:
    """Print one line about what is going on, on standard error."""
    typer.echo(clean(text), err=True)
