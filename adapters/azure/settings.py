"""What the accounts file may say of an account of this kind."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from broker.adapter import Account
from broker.model import Strict

# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
_GROUP = r"^[\w().-]{0,89}[\w()-]$"
_LOCATION = r"[a-z0-9]+"
_HTTPS = r"https://[^\s/]+/?"
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_DOMAIN_OR_UUID = r"^[A-Za-z0-9.-]+$"


class Settings(Strict):
    """One resource group of one subscription; credentials are the SDK's own chain's.

    ``location`` is where new things are made, by default where the group is, and ``zone`` the
    availability zone they are in, by default none in particular. ``tenant`` is asked for tokens
    where the credentials know several. ``endpoint`` and ``authority`` replace the addresses of the
    public cloud; ``ca_file`` holds certificates to trust in place of the system's.
    """

    subscription: str
    resource_group: str = Field(pattern=_GROUP)
    location: str | None = None
    zone: Literal["1", "2", "3"] | None = None
    tenant: str | None = Field(default=None, pattern=_DOMAIN_OR_UUID)
    endpoint: str | None = None
    authority: str | None = None
    ca_file: Path | None = None

    @field_validator("subscription")
    @classmethod
    def _is_an_id(cls, text: str) -> str:
        if not re.fullmatch(_UUID, text):
            raise ValueError("the subscription's id is wanted: `az account show --query id`")
        return text

    @field_validator("location")
    @classmethod
    def _is_a_name(cls, text: str | None) -> str | None:
        if text is not None and not re.fullmatch(_LOCATION, text):
            raise ValueError("say it as `az account list-locations` names it, like westeurope")
        return text

    @field_validator("endpoint", "authority")
    @classmethod
    def _is_an_address(cls, text: str | None) -> str | None:
        if text is not None and not re.fullmatch(_HTTPS, text):
            raise ValueError("an address like https://HOST is wanted, with nothing behind the host")
        return text

    @field_validator("ca_file")
    @classmethod
    def _has_certificates(cls, file: Path | None) -> Path | None:
        if file is None:
            return None
        file = file.expanduser()
        if not file.is_file():
            raise ValueError(f"there is no file {file}")
        try:
            ssl.create_default_context(cafile=str(file))
        except OSError as error:
            raise ValueError(f"no certificates in PEM form can be read from {file}") from error
        return file


def settings_of(account: Account) -> Settings:
    """Return the account's settings; ConfigError names file, line and key of a fault."""
    return account.read(Settings)
