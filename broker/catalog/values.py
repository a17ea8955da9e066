"""Places, prices, and where a price came from."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Annotated

from pydantic import Field

from broker.errors import ConfigError
from broker.model import Strict

HOURS_PER_MONTH = 730
"""365 x 24 / 12: what the providers' own calculators take."""


class Place(Strict):
    """Where something can be bought: a region of a provider, or a room of one's own."""

    provider: Annotated[str, Field(min_length=1)]
    region: Annotated[str, Field(min_length=1)]

    @classmethod
    def parse(cls, text: str) -> Place:
        """Return the place called PROVIDER/REGION; ConfigError when it is written otherwise."""
        provider, slash, region = text.partition("/")
        if not (provider and slash and region) or re.search(r"\s", text):
            raise ConfigError(f'"{text}" is no place', hint="Say PROVIDER/REGION")
        return cls(provider=provider, region=region)

    def __str__(self) -> str:
        return f"{self.provider}/{self.region}"


class Plan(StrEnum):
    """How compute is paid for."""

    ON_DEMAND = "on_demand"
    RESERVED_1Y = "reserved_1y"
    RESERVED_3Y = "reserved_3y"
    SPOT = "spot"


RESERVED = frozenset({Plan.RESERVED_1Y, Plan.RESERVED_3Y})
"""Plans that are paid for every hour of the month, whatever runs."""


class Confidence(StrEnum):
    """How far a price can be trusted: told by its seller, told by its user, or unverified."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Origin(IntEnum):
    """Who brought a price. Where several did, the lowest number wins."""

    REFRESHED = 0
    USER = 1
    SEED = 2
    BUNDLED = 3


class Price(Strict):
    """What one unit of one item costs in one place, who said so and when.

    ``item`` is one of the names in ``broker.catalog.items``. ``account`` is empty for a list price,
    else the account it was negotiated for. ``list_amount`` is the price before a discount.
    """

    place: Place
    item: Annotated[str, Field(min_length=1)]
    unit: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    amount: Annotated[Decimal, Field(ge=0)]
    source: Annotated[str, Field(min_length=1)]
    as_of: datetime.date
    confidence: Confidence
    origin: Origin = Origin.SEED
    account: str = ""
    list_amount: Annotated[Decimal, Field(ge=0)] | None = None


class Discount(Strict):
    """A share off the list price an account has negotiated; ``item`` is a pattern, * for all."""

    account: str
    provider: str
    item: str
    percent: str
    source: str


class Age(Strict):
    """How many prices of one place came from one origin, and the dates of the oldest and newest."""

    place: Place
    origin: Origin
    prices: int
    oldest: datetime.date
    newest: datetime.date
