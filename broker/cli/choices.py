"""A word on the command line that must be one of a few."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from broker.errors import ConfigError
from broker.nearest import did_you_mean

Choice = TypeVar("Choice", bound=StrEnum)


def choice(words: type[Choice], given: str) -> Choice:
    """Return the word that was given; ConfigError with the nearest when it is none of them."""
    try:
        return words(given)
    except ValueError:
        known = [str(word) for word in words]
        raise ConfigError(f'"{given}" is not known here', hint=did_you_mean(given, known)) from None
