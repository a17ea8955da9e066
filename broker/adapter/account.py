"""One account, as the accounts file tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, Field, JsonValue, PositiveFloat, ValidationError

from broker.errors import ConfigError
from broker.model import Strict
from broker.nearest import did_you_mean

Settings = TypeVar("Settings", bound=BaseModel)


class Account(Strict):
    """What an adapter's ``connect(account)`` is given.

    ``settings`` are the keys beside ``kind``, with secrets already fetched, so they stay out of
    the repr. ``where`` is ``FILE:LINE`` and ``lines`` the line of each key, for messages.
    ``calls_per_second`` is kept by the broker; None leaves the pace to retries.
    """

    name: str
    kind: str
    settings: Mapping[str, JsonValue] = Field(default_factory=dict, repr=False)
    calls_per_second: PositiveFloat | None = None
    where: str = ""
    lines: Mapping[str, int] = Field(default_factory=dict, repr=False)

    def at(self, key: str) -> str:
        """Return ``FILE:LINE`` of one key, or of the account where the key has no line."""
        file, _, line = self.where.rpartition(":")
        return f"{file}:{self.lines.get(key, line)}" if file else self.where

    def read(self, model: type[Settings]) -> Settings:
        """Return the settings as ``model``; ConfigError names file, line and key of a fault.

        The faulty value is never quoted: it may be a secret.
        """
        try:
            return model.model_validate(dict(self.settings))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            key = str(first["loc"][0]) if first["loc"] else ""
            hint = ""
            match first["type"]:
                case "extra_forbidden":
                    complaint = f'unknown key "{key}"'
                    hint = did_you_mean(key, model.model_fields)
                case "missing":
                    complaint = f'key "{key}" is missing'
                case _:
                    text = first["msg"].removeprefix("Value error, ")
                    complaint = f'key "{key}": {text}' if key else text
            raise ConfigError(
                f"{self.at(key)}: [accounts.{self.name}] {complaint}", hint=hint
            ) from None
