"""``interop accounts``: what the accounts file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broker.cli.run import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue


def accounts(run: Run) -> None:
    """List the accounts. Secrets are shown by reference."""
    from broker import config
    from broker.cli.output import print_json, print_table

    found = config.accounts(run.config).values()
    if run.json:
        print_json([account.model_dump(mode="json", exclude={"lines"}) for account in found])
        return
    print_table(
        run,
        ("ACCOUNT", "KIND", "SETTINGS", "WRITTEN IN"),
        [
            (account.name, account.kind, _settings(account.settings), account.where)
            for account in found
        ],
    )


def _settings(settings: Mapping[str, JsonValue]) -> str:
    return ", ".join(f"{key}={_value(value)}" for key, value in settings.items())


def _value(value: JsonValue) -> str:
    if isinstance(value, dict):
        return "{" + _settings(value) + "}"
    return str(value)
