"""Which place of the catalogue an account buys in."""

from __future__ import annotations

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
