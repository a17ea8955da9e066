"""A price list as a CSV file: our own seed, and what users bring."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

from broker.catalog import items
from broker.catalog.values import Confidence, Origin, Price
from broker.csvfile import rows
from broker.errors import ConfigError

NEEDED = ("provider", "region", "item", "unit", "currency", "amount")
OPTIONAL = ("source", "as_of", "confidence", "account")
CURRENCY = re.compile(r"[A-Z]{3}")
MOST = 10**12
"""More than a unit of anything costs: a typing error."""

Record = tuple[str, str, str, str, str, str, str, str, str, int, str]
"""A price as the store keeps it: the fields of Price in their order, place as two."""


def read(path: Path, *, today: datetime.date) -> Iterator[Record]:
    """Yield the rows of a user's list; ConfigError names file, line and what is wrong there."""
    for number, row in rows(path, NEEDED, OPTIONAL):
        try:
            found = record(row, origin=Origin.USER, source=path.name, today=today)
            _has_been(found[7], today)
            yield found
        except ValueError as error:
            raise ConfigError(f"{path}:{number}: {error}") from error


def record(row: Mapping[str, str], *, origin: Origin, source: str, today: datetime.date) -> Record:
    """Return one row as the store keeps it; ValueError says what is wrong with it."""
    if not CURRENCY.fullmatch(row["currency"]):
        raise ValueError(f'currency "{row["currency"]}" is no code of three capitals')
    if row["unit"] != (unit := items.unit(row["item"])):
        raise ValueError(f'{row["item"]} is priced by the {unit}, not by the "{row["unit"]}"')
    if not row["provider"] or not row["region"]:
        raise ValueError("provider and region must be named")
    as_of = row.get("as_of") or today.isoformat()
    as_of = datetime.date.fromisoformat(as_of).isoformat()
    return (
        row["provider"],
        row["region"],
        row["item"],
        row["unit"],
        row["currency"],
        str(amount(row["amount"])),
        row.get("source") or source,
        as_of,
        str(Confidence(row.get("confidence") or Confidence.MEDIUM)),
        int(origin),
        row.get("account", ""),
    )


def _has_been(as_of: str, today: datetime.date) -> None:
    if as_of > today.isoformat():
        raise ValueError(f"as_of {as_of} is yet to come")


def amount(text: str) -> Decimal:
    """Return an amount of money; ValueError when it is none, negative or endless."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f'amount "{text}" is no number (write 1234.56)') from None
    if not value.is_finite() or not 0 <= value <= MOST:
        raise ValueError(f'amount "{text}" is no amount of money')
    return value


def record_of(price: Price) -> Record:
    """Return a price as the store keeps it."""
    return (
        price.place.provider,
        price.place.region,
        price.item,
        price.unit,
        price.currency,
        str(price.amount),
        price.source,
        price.as_of.isoformat(),
        str(price.confidence),
        int(price.origin),
        price.account,
    )
