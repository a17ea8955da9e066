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
    """Print rows under a header: a table on a terminal, else one tab-separated line each."""
    cleaned = [[clean(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in (columns, *cleaned):
            typer.echo("\t".join(row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in cleaned:
        table.add_row(*(Text(cell) for cell in row))
    Console(no_color=run.no_color or None).print(table)


def say(text: str) -> None:
    """Print one line of an answer."""
    typer.echo(clean(text))


def note(text: str) -> None:
    """Print one line about what is going on, on standard error."""
    typer.echo(clean(text), err=True)
