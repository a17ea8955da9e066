"""One account, as the accounts file tells it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, JsonValue

from broker.model import Strict


class Account(Strict):
    """What an adapter's ``connect(account)`` is given.

    ``settings`` are the keys beside ``kind``; the adapter checks them with a model of its own and
    raises ConfigError naming ``where`` (file and line) and the key.
    """

    name: str
    kind: str
    settings: Mapping[str, JsonValue] = Field(default_factory=dict)
    where: str = ""
