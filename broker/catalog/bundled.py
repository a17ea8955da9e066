"""The price file another package brings: many rows, old, and of mixed quality, so trusted least."""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from broker.catalog import items
from broker.catalog.pricelist import Record
from broker.catalog.values import Confidence, Origin, Plan

PACKAGE = "libcloud"


def prices(names: Mapping[str, list[str]]) -> Iterator[Record]:
    """Yield the rows of the file, none where the package is missing.

    ``names`` are each provider's own size ids: a spelling that matches none of them is left out.
    """
    file = location()
    if file is None:
        return
    document = json.loads(file.read_text("utf-8"))
    as_of = datetime.datetime.fromtimestamp(document["updated"], datetime.UTC).date().isoformat()
    for table, told in _tables().items():
        provider, system = told["provider"], told["os"]
        known = {_plain(name): name for name in names.get(provider, [])}
        bare = document["compute"].get(told.get("beyond"), {})
        for spelled, by_region in document["compute"].get(table, {}).items():
            size = known.get(_plain(spelled))
            if size is None:
                continue
            for region, amount in by_region.items():
                if _believable(amount, bare.get(spelled, {}).get(region, 0), "beyond" in told):
                    yield (
                        provider,
                        region,
                        items.compute(size, Plan.ON_DEMAND, system),
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


def location() -> Path | None:
    """Return the file, or None where its package is not installed. Nothing is imported."""
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "data" / "pricing.json"
        if path.exists():
            return path
    return None


def _tables() -> dict[str, dict[str, str]]:
    text = (files("mappings") / f"{PACKAGE}.toml").read_text("utf-8")
    found: dict[str, dict[str, str]] = tomllib.loads(text)["tables"]
    return found


def _plain(name: str) -> str:
    """Strip a size's name to what both spellings share: it drops case, "_" and "-"."""
    return re.sub(r"[_-]", "", name.lower())
