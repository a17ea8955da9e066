"""Microsoft Azure: machines, managed disks, networks and network security groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broker.adapter import Account

if TYPE_CHECKING:
    from adapters.azure.adapter import AzureAdapter


def connect(account: Account) -> AzureAdapter:
    """Return the account's adapter without a call to the service; ConfigError for bad settings."""
    from adapters.azure.adapter import AzureAdapter
    from adapters.azure.session import Session
    from adapters.azure.settings import settings_of

    return AzureAdapter(account.name, Session(settings_of(account)))
