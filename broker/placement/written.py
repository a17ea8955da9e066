"""A placement problem as people write it down."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from broker.catalog import items
from broker.fit.need import MemoryShare, Share
from broker.model import Arch, Firmware, Strict
from broker.placement.problem import Amount, Domain, Group, Latency, Quota


class Flow(Strict):
    """Traffic between two workloads, as it is written."""

    source: Annotated[str, Field(alias="from")]
    target: Annotated[str, Field(alias="to")]
    gib: Amount


class WrittenPlace(Strict):
    """A place in question: what residency calls it, and what may be used there.

    ``account`` is whose prices count there, and where machines are moved to.
    """

    place: str
    tags: frozenset[str] = frozenset()
    zones: tuple[str, ...] = ()
    spot: bool = False
    account: str = ""


class WrittenWorkload(Strict):
    """A workload, as it is written.

    ``years`` is how long its machines are sure to be needed: reservations no longer than that are
    in question too. ``machines`` are those it runs on now.
    """

    name: Annotated[str, Field(min_length=1)]
    size: str
    count: PositiveInt = 1
    arch: Arch = Arch.X86_64
    os: str = items.LINUX
    cpu_p95: Share | None = None
    memory_p95: MemoryShare | None = None
    firmware: Firmware = Firmware.UNKNOWN
    drivers: frozenset[str] | None = None
    local_disk_gib: Annotated[int, Field(ge=0)] = 0
    burstable: bool = False
    old_generations: bool = False
    residency: frozenset[str] = frozenset()
    latency: Latency | None = None
    only: frozenset[str] = frozenset()
    spot: bool = False
    years: Annotated[int, Field(ge=0)] = 0
    spread: Domain | None = None
    egress_gib: Amount = Decimal(0)
    disk_gib: Amount = Decimal(0)
    at: str | None = None
    moving_cost: Amount | None = None
    machine: str | None = None
    machines: tuple[str, ...] = ()

    @field_validator("size", mode="before")
    @classmethod
    def _no_number(cls, size: object) -> object:
        if isinstance(size, int):  # what YAML takes 0x4 for
            raise ValueError("a size is written 2x4, and has 1 vCPU at least")  # noqa: TRY004
        return size

    @model_validator(mode="after")
    def _no_more_machines_than_there_are(self) -> Self:
        if self.machine is not None and self.machines:
            raise ValueError(f"{self.name}: say machine or machines, not both")
        if len(self.machines) > self.count:
            raise ValueError(f"{self.name}: more machines than its count of {self.count}")
        return self


class Document(Strict):
    """The whole file."""

    workloads: Annotated[tuple[WrittenWorkload, ...], Field(min_length=1)]
    places: Annotated[tuple[WrittenPlace | str, ...], Field(min_length=1)]
    currency: str = "USD"
    budget: Amount | None = None
    months: PositiveInt = 36
    quotas: tuple[Quota, ...] = ()
    groups: tuple[Group, ...] = ()
    traffic: tuple[Flow, ...] = ()
    latency_ms: dict[str, dict[str, Decimal]] = Field(default_factory=dict)
