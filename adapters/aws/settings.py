"""What the accounts file may say of an account of this kind."""

from __future__ import annotations

from pydantic import Field, ValidationError

from broker.adapter import Account
from broker.errors import ConfigError
from broker.model import Strict


class Settings(Strict):
    """``profile`` and ``region`` default to what the SDK's own chain finds.

    ``endpoint`` replaces every service's address, for stand-ins. ``zone`` is where volumes are made
    that no subnet places; by default the region's first.
    """

    profile: str | None = None
    region: str | None = None
    endpoint: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    zone: str | None = None


def settings_of(account: Account) -> Settings:
    """Return the account's settings; ConfigError names the key that cannot be."""
    try:
        return Settings.model_validate(dict(account.settings))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{account.where or account.name}: {key}: {first['msg']}",
            hint=f"An account of kind aws takes {', '.join(Settings.model_fields)}",
            provider="aws",
        ) from error
