"""What the accounts file may say of an account of this kind."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from broker.adapter import Account
from broker.model import Strict

# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
_GROUP = r"^[\w().-]{0,89}[\w()-]$"
_HTTPS = r"^https://[^\s/]+/?$"
_UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_DOMAIN_OR_UUID = r"^[A-Za-z0-9.-]+$"


class Settings(Strict):
    """One resource group of one subscription; credentials are the SDK's own chain's.

    ``location`` is where new things are made, by default where the group is, and ``zone`` the
    availability zone they are in, by default none in particular. ``tenant`` is asked for tokens
    where the credentials know several. ``endpoint`` and ``authority`` replace the addresses of the
    public cloud; ``ca_file`` holds certificates to trust in place of the system's.
    """

    subscription: str = Field(pattern=_UUID)
    resource_group: str = Field(pattern=_GROUP)
    location: str | None = Field(default=None, pattern=r"^[a-z0-9]+$")
    zone: str | None = Field(default=None, pattern=r"^[1-9]$")
    tenant: str | None = Field(default=None, pattern=_DOMAIN_OR_UUID)
    endpoint: str | None = Field(default=None, pattern=_HTTPS)
    authority: str | None = Field(default=None, pattern=_HTTPS)
    ca_file: Path | None = None

    @field_validator("ca_file")
    @classmethod
    def _is_there(cls, file: Path | None) -> Path | None:
        if file is not None and not file.expanduser().is_file():
            raise ValueError(f"there is no file {file}")
        return file.expanduser() if file else None


def settings_of(account: Account) -> Settings:
    """Return the account's settings; ConfigError names file, line and key of a fault."""
    return account.read(Settings)
