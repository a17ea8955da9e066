"""Machines from a file: a table people keep (CSV), our own JSON, or what `inventory` printed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from pydantic import JsonValue, ValidationError

from broker.catalog.store import Catalogue
from broker.catalog.values import Place
from broker.cost.machine import Disk, Machine, of_listings
from broker.csvfile import rows
from broker.errors import BrokerError, ConfigError
from broker.model import Strict
from broker.reading import validated
from broker.sizing import wanted
from broker.survey import Listing

NEEDED = ("name", "place", "size")
OPTIONAL = (
    "os", "plan", "state", "hours", "disks", "addresses", "egress_gib", "snapshots_gib",
    "firmware", "nics", "burstable", "cpu_p95", "memory_p95", "account", "labels",
)  # fmt: skip

AS_WRITTEN = (
    "os", "plan", "hours", "addresses", "egress_gib", "snapshots_gib", "firmware", "nics",
    "burstable", "cpu_p95", "memory_p95",
)  # fmt: skip
"""Columns that are called as what they become, and are read by its type."""

BILLED = {"running": True, "stopped": True, "deallocated": False, "unknown": None}
"""What a state in a table means for compute. A plain "stopped" says nothing of being given back."""


class Machines(Strict):
    """A JSON file of machines."""

    machines: tuple[Machine, ...]


class Listings(Strict):
    """What ``interop inventory --json`` prints, under one name."""

    listings: tuple[Listing, ...]


def read(path: Path, catalogue: Catalogue, places: Mapping[str, Place]) -> list[Machine]:
    """Return the machines of a file; ConfigError names the file and the line or key at fault.

    ``places`` says where the accounts of an inventory are; one that is not in it is taken for a
    place of its own.
    """
    if path.suffix.lower() != ".json":
        return _table(path, catalogue)
    try:
        document: JsonValue = json.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    if isinstance(document, list):
        found = validated(Listings, {"listings": document}, str(path)).listings
        own = {one.account: Place(provider=one.kind, region=one.account) for one in found}
        return of_listings(found, {**own, **places}, catalogue)
    return list(validated(Machines, document, str(path)).machines)


def _table(path: Path, catalogue: Catalogue) -> list[Machine]:
    sizes: dict[tuple[str, str], dict[str, object]] = {}
    machines = []
    for number, row in rows(path, NEEDED, OPTIONAL):
        where = f"{path}:{number}"
        try:
            place = Place.parse(row["place"])
            known = (str(place), row["size"])
            if known not in sizes:
                sizes[known] = _size(row["size"], place, catalogue)
            machines.append(Machine.model_validate(sizes[known] | _machine(row, place)))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            column = str(first["loc"][0]) if first["loc"] else "row"
            raise ConfigError(f"{where}: {column}: {first['msg']}") from error
        except (ValueError, ArithmeticError) as error:
            raise ConfigError(f"{where}: {error}") from error
        except BrokerError as error:
            raise ConfigError(f"{where}: {error.message}", hint=error.hint) from error
    return machines


def _size(text: str, place: Place, catalogue: Catalogue) -> dict[str, object]:
    """Return what a size's name tells of a machine: of its own provider, or written as 4x16."""
    free = text[:1].isdigit() or "/" in text
    offer = wanted(text if free else f"{place}/{text}", catalogue)
    return {
        "size": offer.size,
        "offer": None if free else offer.id,
        "burstable": bool(offer.burstable),
        "character": offer.character,
    }


def _machine(row: Mapping[str, str], place: Place) -> dict[str, object]:
    state = row.get("state") or "running"
    if state not in BILLED:
        raise ValueError(f'unknown state "{state}": there are {", ".join(BILLED)}')
    told: dict[str, object] = {name: row[name] for name in AS_WRITTEN if row.get(name)}
    told |= {"name": row["name"], "place": place, "billed": BILLED[state]}
    if system := row.get("os"):
        told["os"] = system.lower()
    told["account"] = row.get("account", "")
    told["disks"] = _disks(row.get("disks", ""))
    told["labels"] = dict(_label(text) for text in row.get("labels", "").split())
    return told


@lru_cache(maxsize=10_000)  # large files repeat few, and a machine then shares them
def _disks(text: str) -> tuple[Disk, ...]:
    return tuple(Disk.model_validate(disk_of(each)) for each in text.split())


def disk_of(text: str) -> Mapping[str, object]:
    """Return a disk written GIB, KIND:GIB or KIND:GIB:IOPS:MIBPS; ValueError for other words."""
    kind, *numbers = text.split(":")
    if not numbers:
        kind, numbers = "", [kind]
    if len(numbers) > 3 or not all(part.replace(".", "", 1).isdecimal() for part in numbers):
        raise ValueError(f'"{text}" is no disk: write KIND:GIB, or KIND:GIB:IOPS:MIBPS')
    names = ("gib", "iops", "mibps")
    told: dict[str, object] = {"kind": kind or None}
    for name, part in zip(names, numbers, strict=False):
        told[name] = Decimal(part)
    return told


def _label(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key, value
