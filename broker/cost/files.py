"""Machines from a file: a table people keep (CSV), our own JSON, or what `inventory` printed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from broker.catalog.store import Catalogue
from broker.catalog.values import Place
from broker.cost.fleet import Fleet
from broker.cost.machine import Machine, of_listings
from broker.cost.table import read_table
from broker.errors import ConfigError
from broker.model import Strict
from broker.reading import validated
from broker.survey import Listing


class Machines(Strict):
    """A JSON file of machines."""

    machines: tuple[Machine, ...]


class Listings(Strict):
    """What ``interop inventory --json`` prints, under one name."""

    listings: tuple[Listing, ...]


def read(path: Path, catalogue: Catalogue, places: Mapping[str, Place]) -> Fleet:
    """Return the machines of a file; ConfigError names the file and the line or key at fault.

    ``places`` says where the accounts of an inventory are; one that is not in it is taken for a
    place of its own.
    """
    if path.suffix.lower() != ".json":
        return read_table(path, catalogue)
    try:
        document: JsonValue = json.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    if isinstance(document, list):
        found = validated(Listings, {"listings": document}, str(path)).listings
        own = {one.account: Place(provider=one.kind, region=one.account) for one in found}
        return Fleet.of(of_listings(found, {**own, **places}, catalogue))
    return Fleet.of(validated(Machines, document, str(path)).machines)
