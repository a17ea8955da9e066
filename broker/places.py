"""Which place of the catalogue an account buys in."""

from __future__ import annotations

from pathlib import Path

from broker import config as accounts_file
from broker.adapter import Account
from broker.catalog.values import Place

REGION_KEYS = ("region", "location")
"""What the settings of an account may call the region it is in."""


def place_of(account: Account) -> Place:
    """Return the account's place: its kind and region, or its own name where it has no region."""
    for key in REGION_KEYS:
        if isinstance(region := account.settings.get(key), str) and region:
            return Place(provider=account.kind, region=region)
    return Place(provider=account.kind, region=account.name)


def places_of(config: Path | None = None) -> dict[str, Place]:
    """Return the place of every account; none where nobody wrote an accounts file."""
    if not accounts_file.accounts_file(config).exists():
        return {}
    return {name: place_of(one) for name, one in accounts_file.accounts(config).items()}


def accounts_at(config: Path | None = None) -> dict[str, str]:
    """Return the account of each place; none where several are, or where there is no file."""
    found: dict[str, list[str]] = {}
    for account, place in places_of(config).items():
        found.setdefault(str(place), []).append(account)
    return {place: names[0] for place, names in found.items() if len(names) == 1}
