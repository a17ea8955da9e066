"""The size tables in mappings/sizes: rows (CSV), or the rule each family follows (TOML)."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from broker.model import GIB, Arch, Firmware, Offer, Size

GIGABYTE = 10**9

Steps = Sequence[tuple[int, int]]
Row = Annotated[Sequence[str | float], Field(min_length=3, max_length=5)]
"""Id, vCPUs, GiB; and where there are any, GPUs and GiB of local disk."""


class Family(BaseModel):
    """A family as its provider documents it: sizes follow a rule, or are listed one by one."""

    model_config = ConfigDict(extra="forbid")

    name: str
    character: str
    pattern: str = ""
    vcpus: Sequence[int] = ()
    gib_per_vcpu: float = 0
    exceptions: Mapping[int, float] = Field(default_factory=dict, alias="except")
    local_gib_per_vcpu: float = 0
    sizes: Sequence[Row] = ()
    arch: Arch = Arch.X86_64
    limits: str | None = None
    current: bool = True
    uefi_only: bool = False
    drivers: frozenset[str] = frozenset()

    def rows(self) -> Iterator[tuple[str, int, float, int, float]]:
        """Yield id, vCPUs, GiB of memory, GPUs and GiB of local disk of each size."""
        for count in self.vcpus:
            memory = self.exceptions.get(count, self.gib_per_vcpu * count)
            yield self.pattern.format(n=count), count, memory, 0, self.local_gib_per_vcpu * count
        for row in self.sizes:
            gpus = int(row[3]) if len(row) > 3 else 0
            local = float(row[4]) if len(row) > 4 else 0.0
            yield str(row[0]), int(row[1]), float(row[2]), gpus, local


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
        for name, vcpus, memory, gpus, local in family.rows():
            yield Offer(
                id=name,
                size=Size(
                    vcpus=vcpus, memory=int(Fraction(memory) * 1024), arch=family.arch, gpus=gpus
                ),
                firmware=uefi if only_uefi else uefi | {Firmware.BIOS},
                local_disk=int(local * GIB),
                disks=_step(limits.get("disks", ()), vcpus),
                nics=_step(limits.get("nics", ()), vcpus),
                burstable=family.character == "burstable",
                current=family.current,
                family=family.name,
                character=family.character,
                drivers=family.drivers,
            )


def _step(steps: Steps, vcpus: int) -> int | None:
    return max(((start, count) for start, count in steps if start <= vcpus), default=(0, None))[1]
