"""The arguments several commands share, and how the shell completes them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def account_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete an account's name; a broken accounts file completes to nothing."""
    from broker.config import accounts
    from broker.errors import ConfigError

    given = ctx.params.get("config")
    try:
        names = list(accounts(Path(given) if given else None))
    except ConfigError:
        return []
    return [name for name in names if name.startswith(incomplete)]


def machine_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the account of ACCOUNT/NAME; its machines would need a call over the network."""
    return [f"{name}/" for name in account_names(ctx, incomplete)]


AccountName = Annotated[
    str,
    typer.Argument(metavar="ACCOUNT", help="An account.", autocompletion=account_names),
]
MachineName = Annotated[
    str,
    typer.Argument(
        metavar="ACCOUNT/NAME", help="A machine, by name or id.", autocompletion=machine_names
    ),
]
