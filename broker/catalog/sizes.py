"""The size tables in mappings/sizes: rows (CSV), or the rule each family follows (TOML)."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from broker.model import GIB, Arch, Firmware, Offer, Size

GIGABYTE = 10**9

Steps = Sequence[tuple[int, int]]
Row = Annotated[Sequence[str | float], Field(min_length=3, max_length=5)]
"""Id, vCPUs, GiB; and where there are any, GPUs and GiB of local disk."""


class Shape(NamedTuple):
    """One size of a family. It can be attached as much to as one with ``whole`` vCPUs has."""

    id: str
    vcpus: int
    gib: float
    gpus: int
    local_gib: float
    whole: int


class Family(BaseModel):
    """A family as its provider documents it: sizes follow a rule, or are listed one by one.

    ``constrained`` tells, by the vCPUs of a size, of how many others are switched off and what is
    left; all else stays what it was.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    character: str
    pattern: str = ""
    vcpus: Sequence[int] = ()
    constrained: Mapping[int, Sequence[int]] = {}
    gib_per_vcpu: float = 0
    exceptions: Mapping[int, float] = Field(default_factory=dict, alias="except")
    local_gib_per_vcpu: float = 0
    local_except: Mapping[int, float] = {}
    sizes: Sequence[Row] = ()
    arch: Arch = Arch.X86_64
    limits: str | None = None
    current: bool = True
    uefi_only: bool = False
    drivers: frozenset[str] = frozenset()

    def shapes(self) -> Iterator[Shape]:
        """Yield every size."""
        for count in self.vcpus:
            memory = self.exceptions.get(count, self.gib_per_vcpu * count)
            local = self.local_except.get(count, self.local_gib_per_vcpu * count)
            yield Shape(self.pattern.format(n=count), count, memory, 0, local, count)
            for left in self.constrained.get(count, ()):
                name = self.pattern.format(n=f"{count}-{left}")
                yield Shape(name, left, memory, 0, local, count)
        for row in self.sizes:
            vcpus = int(row[1])
            gpus = int(row[3]) if len(row) > 3 else 0
            local = float(row[4]) if len(row) > 4 else 0.0
            yield Shape(str(row[0]), vcpus, float(row[2]), gpus, local, vcpus)


class Families(BaseModel):
    """One provider's table of families."""

    model_config = ConfigDict(extra="forbid")

    source: str
    as_of: object
    limits: Mapping[str, Mapping[str, Steps]]
    family: Sequence[Family]


def tables() -> dict[str, list[Offer]]:
    """Return the sizes every table tells, by provider."""
    found: dict[str, list[Offer]] = {}
    for table in (files("mappings") / "sizes").iterdir():
        provider, _, kind = table.name.partition(".")
        if kind == "csv":
            found[provider] = list(_explicit(table))
        elif kind == "toml":
            found[provider] = list(_by_rule(table))
    return found


def regions() -> dict[str, dict[str, list[str]]]:
    """Return the ids of the sizes each region offers, by provider, where a table tells them."""
    return {
        table.name.partition(".")[0]: {row["region"]: row["sizes"].split() for row in rows(table)}
        for table in (files("mappings") / "sizes").iterdir()
        if table.name.endswith(".regions.csv")
    }


def rows(table: Traversable) -> Iterator[dict[str, str]]:
    """Yield the rows of one of our own CSV files, which begin with comments."""
    lines = table.read_text("utf-8").splitlines(keepends=True)
    kept = (line for line in lines if not line.startswith("#"))
    yield from csv.DictReader(io.StringIO("".join(kept)))


def _explicit(table: Traversable) -> Iterator[Offer]:
    for row in rows(table):
        yield Offer(
            id=row["id"],
            size=Size(
                vcpus=int(row["vcpus"]),
                memory=int(row["memory_mib"]),
                arch=Arch(row["arch"]),
                gpus=int(row["gpus"]),
            ),
            firmware=frozenset(Firmware(word) for word in row["firmware"].split()),
            local_disk=int(row["local_gb"]) * GIGABYTE if row["local_gb"] else None,
            disks=int(row["disks"]) if row["disks"] else None,
            nics=int(row["nics"]) if row["nics"] else None,
            burstable=row["burstable"] == "1",
            bare_metal=row["bare_metal"] == "1",
            current=row["current"] == "1",
            family=row["family"],
            character=row["character"],
            drivers=frozenset(row["drivers"].split()),
        )


def _by_rule(table: Traversable) -> Iterator[Offer]:
    told = Families.model_validate(tomllib.loads(table.read_text("utf-8")))
    for family in told.family:
        limits = told.limits[family.limits] if family.limits else {}
        uefi = frozenset({Firmware.UEFI, Firmware.UEFI_SECURE})
        only_uefi = family.uefi_only or family.arch is Arch.AARCH64
        for shape in family.shapes():
            yield Offer(
                id=shape.id,
                size=Size(
                    vcpus=shape.vcpus,
                    memory=int(Fraction(shape.gib) * 1024),
                    arch=family.arch,
                    gpus=shape.gpus,
                ),
                firmware=uefi if only_uefi else uefi | {Firmware.BIOS},
                local_disk=int(shape.local_gib * GIB),
                disks=_step(limits.get("disks", ()), shape.whole),
                nics=_step(limits.get("nics", ()), shape.whole),
                burstable=family.character == "burstable",
                current=family.current,
                family=family.name,
                character=family.character,
                drivers=family.drivers,
            )


def _step(steps: Steps, vcpus: int) -> int | None:
    return max(((start, count) for start, count in steps if start <= vcpus), default=(0, None))[1]
