"""Machines from a table people keep (CSV)."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from broker.catalog.store import Catalogue
from broker.catalog.systems import system_named
from broker.catalog.values import Place
from broker.cost.fleet import Fleet, Lazy
from broker.cost.machine import Disk, Machine
from broker.csvfile import rows
from broker.errors import BrokerError, ConfigError
from broker.model import Labels
from broker.sizing import wanted

NEEDED = ("name", "place", "size")
OPTIONAL = (
    "os", "plan", "state", "hours", "disks", "addresses", "egress_gib", "snapshots_gib",
    "firmware", "nics", "burstable", "cpu_p95", "memory_p95", "account", "labels",
)  # fmt: skip

AS_WRITTEN = frozenset({
    "plan", "hours", "addresses", "egress_gib", "snapshots_gib", "firmware", "nics", "burstable",
    "cpu_p95", "memory_p95", "account",
})  # fmt: skip
"""Columns that are called as what they become, and are read by its type."""

BILLED = {"running": True, "stopped": True, "deallocated": False, "unknown": None}
"""What a state in a table means for compute. A plain "stopped" says nothing of being given back."""


def read_table(path: Path, catalogue: Catalogue) -> Fleet:
    """Return the machines of a table; ConfigError names the file and the line at fault.

    All rows are checked, and kept as their text: a machine is many times as large as its row.
    """
    read = _Reader(catalogue)
    kinds: dict[tuple[str, ...], int] = {}
    kind_of, first = array("L"), array("L")
    names: list[str] = []
    labels: list[str] = []
    columns: tuple[str, ...] = ()
    once: dict[str, str] = {}  # most cells are in many rows
    for number, row in rows(path, NEEDED, OPTIONAL):
        name, marks = row.pop("name"), row.pop("labels", "")
        cells = tuple(once.setdefault(cell, cell) for cell in row.values())
        kind = kinds.setdefault(cells, len(kinds))
        if kind == len(first) or not name:
            read.checked(f"{path}:{number}", name, row)
            columns = tuple(row)
            first.append(len(names))
        names.append(name)
        labels.append(once.setdefault(marks, marks))
        kind_of.append(kind)
    texts = list(kinds)

    def kind_at(kind: int) -> Machine:
        row = dict(zip(columns, texts[kind], strict=True))
        return read.machine(names[first[kind]], row)

    return Fleet(
        Lazy(len(texts), kind_at),
        kind_of,
        lambda number: (names[number], _labels(labels[number])),
    )


class _Reader:
    """Turns a row into a machine. Each size's name is looked up once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._sizes: dict[tuple[str, str], Mapping[str, object]] = {}

    def checked(self, where: str, name: str, row: Mapping[str, str]) -> None:
        """ConfigError tells where a row is no machine, and why."""
        try:
            if system := row.get("os"):
                system_named(system, self._catalogue)
            self.machine(name, row)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            column = str(fault["loc"][0]) if fault["loc"] else "row"
            raise ConfigError(f"{where}: {column}: {fault['msg']}") from error
        except (ValueError, ArithmeticError) as error:
            raise ConfigError(f"{where}: {error}") from error
        except BrokerError as error:
            raise ConfigError(f"{where}: {error.message}", hint=error.hint) from error

    def machine(self, name: str, row: Mapping[str, str]) -> Machine:
        state = row.get("state") or "running"
        if state not in BILLED:
            raise ValueError(f'unknown state "{state}": there are {", ".join(BILLED)}')
        told: dict[str, object] = {**self._size(row["size"], row["place"])}
        told |= {column: cell for column, cell in row.items() if cell and column in AS_WRITTEN}
        told |= {"name": name, "billed": BILLED[state]}
        if system := row.get("os"):
            told["os"] = system.lower()
        if disks := row.get("disks"):
            told["disks"] = tuple(_disk(text) for text in disks.split())
        return Machine.model_validate(told)

    def _size(self, text: str, at: str) -> Mapping[str, object]:
        """Return what a size's name tells of a machine: its own, another provider's, or 4x16."""
        if (at, text) not in self._sizes:
            place = Place.parse(at)
            whole = text if text[:1].isdigit() or "/" in text else f"{place}/{text}"
            own = whole.startswith(f"{place.provider}/")
            offer = wanted(whole, self._catalogue)
            self._sizes[at, text] = {
                "place": place,
                "size": offer.size,
                "offer": offer.id if own else None,
                "burstable": bool(offer.burstable),
                "character": offer.character,
            }
        return self._sizes[at, text]


@lru_cache(maxsize=10_000)  # large files repeat few, and machines then share them
def _disk(text: str) -> Disk:
    return Disk.model_validate(disk_of(text))


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


@lru_cache(maxsize=10_000)
def _labels(text: str) -> Labels:
    return dict(_label(each) for each in text.split())


def _label(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key, value
