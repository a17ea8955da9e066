"""The price file another package brings: many rows, old, and of mixed quality, so trusted least."""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from broker.catalog import items
from broker.catalog.pricelist import Record
from broker.catalog.values import Confidence, Origin, Plan
from broker.model import Offer, Strict

PACKAGE = "libcloud"

Row = tuple[Offer, str, float]
"""A size, a region, what an hour costs there."""


class Table(Strict):
    """What one table of the file is: whose prices, of which system, and which of them are not.

    ``beyond`` is the table of the bare machines; ``dearer`` from which to which factor, for each
    vCPU, a size is dearer than its family where another product was read.
    """

    provider: str
    os: str
    beyond: str = ""
    dearer: tuple[float, float] | None = None


def prices(tables: Mapping[str, Sequence[Offer]]) -> Iterator[Record]:
    """Yield the rows of the file, none where the package is missing.

    ``tables`` are each provider's sizes: a spelling that matches none of them is left out.
    """
    file = location()
    if file is None:
        return
    document = json.loads(file.read_text("utf-8"))
    as_of = datetime.datetime.fromtimestamp(document["updated"], datetime.UTC).date().isoformat()
    for table, told in _tables().items():
        provider, system = told.provider, told.os
        known = {_plain(offer.id): offer for offer in tables.get(provider, [])}
        bare = document["compute"].get(told.beyond, {})
        found = [
            (known[_plain(spelled)], region, amount)
            for spelled, by_region in document["compute"].get(table, {}).items()
            if _plain(spelled) in known
            for region, amount in by_region.items()
            if _believable(amount, bare.get(spelled, {}).get(region, 0), bool(told.beyond))
        ]
        if told.dearer is not None:
            found = list(_without_dearer(found, *told.dearer))
        for offer, region, amount in found:
            yield (
                provider,
                region,
                items.compute(offer.id, Plan.ON_DEMAND, system),
                "hour",
                "USD",
                str(amount),
                f"{PACKAGE} pricing.json",
                as_of,
                str(Confidence.LOW),
                int(Origin.BUNDLED),
                "",
            )


def _believable(amount: float, bare: float, beyond: bool) -> bool:
    """Whether an amount can be a price. The file writes 0 for what it does not know."""
    return amount > bare > 0 if beyond else amount > 0


def _without_dearer(found: Sequence[Row], least: float, most: float) -> Iterator[Row]:
    """Yield the rows that are not dearer by such a factor, for each vCPU, than their family is.

    There it is another product that was read, and what this one costs is not known.
    """
    family: dict[tuple[str, str | None], float] = {}
    for offer, region, amount in found:
        key = region, offer.family
        each = amount / offer.size.vcpus
        family[key] = min(each, family.get(key, each))
    for offer, region, amount in found:
        factor = amount / offer.size.vcpus / family[region, offer.family]
        if not least <= factor <= most:
            yield offer, region, amount


def location() -> Path | None:
    """Return the file, or None where its package is not installed. Nothing is imported."""
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "data" / "pricing.json"
        if path.exists():
            return path
    return None


def _tables() -> dict[str, Table]:
    text = (files("mappings") / f"{PACKAGE}.toml").read_text("utf-8")
    tables: dict[str, dict[str, object]] = tomllib.loads(text)["tables"]
    return {name: Table.model_validate(told) for name, told in tables.items()}


def _plain(name: str) -> str:
    """Strip a size's name to what both spellings share: it drops case, "_" and "-"."""
    return re.sub(r"[_-]", "", name.lower())
