"""What is to be placed, where it could go, and what must hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, PositiveInt, model_validator

from broker.catalog.items import LINUX
from broker.fit.need import Need
from broker.model import Offer, Size, Strict

Amount = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


class Domain(StrEnum):
    """What machines that are kept apart must not share."""

    HOST = "host"
    ZONE = "zone"
    PLACE = "place"
    PROVIDER = "provider"


class Latency(Strict):
    """How far from a site a workload may be, in milliseconds there and back."""

    site: str
    ms: Amount


class Workload(Strict):
    """Machines of one kind that are to be placed.

    ``at`` is where they run now; moving one costs ``moving``, once. ``only`` are the places (or
    providers) a licence allows. ``egress_gib`` is what each sends to the internet in a month.
    ``years`` is how long it is sure to be needed, ``machines`` what it runs on now.
    """

    name: Annotated[str, Field(min_length=1)]
    need: Need
    count: PositiveInt = 1
    residency: frozenset[str] = frozenset()
    latency: Latency | None = None
    only: frozenset[str] = frozenset()
    os: str = LINUX
    spot: bool = False
    years: Annotated[int, Field(ge=0)] = 0
    spread: Domain | None = None
    egress_gib: Amount = Decimal(0)
    disk_gib: Amount = Decimal(0)
    at: str | None = None
    moving: Amount = Decimal(0)
    machines: tuple[str, ...] = ()


class Option(Strict):
    """Somewhere a machine can go: an offer, had as often as one likes, or a host with capacity.

    For an offer ``month`` is its price; for a host ``vcpu_month`` and ``gib_month`` are, for what
    is used of it. ``egress_gib`` and ``disk_gib`` are prices of a GiB, ``disk_steps`` of whole
    disks up to a size in GiB; None is unknown. ``systems`` is what each system adds a month, to a
    machine of an offer or to a vCPU of a host; one that is missing has no price. ``years`` is how
    long one pays whatever happens, ``tags`` are what residency asks for.
    """

    id: str
    place: str
    offer: Offer | None = None
    capacity: Size | None = None
    month: Amount = Decimal(0)
    vcpu_month: Amount = Decimal(0)
    gib_month: Amount = Decimal(0)
    egress_gib: Amount | None = None
    disk_gib: Amount | None = None
    disk_steps: tuple[tuple[int, Amount], ...] = ()
    systems: Mapping[str, Amount] = {}
    spot: bool = False
    years: int = 0
    zone: str | None = None
    tags: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.offer is None) == (self.capacity is None):
            raise ValueError("an option is either an offer or a host's capacity")
        return self

    @property
    def provider(self) -> str:
        """Whose place it is at."""
        return self.place.partition("/")[0]

    def domain(self, kind: Domain) -> str | None:
        """Return which domain of a kind it is in; None: each machine there has one of its own."""
        match kind:
            case Domain.HOST:
                return None if self.offer else self.id
            case Domain.ZONE:
                return f"{self.place}:{self.zone or ''}"
            case Domain.PLACE:
                return self.place
            case Domain.PROVIDER:
                return self.provider

    def size(self, workload: Workload) -> Size:
        """Return what a machine of the workload has there."""
        return self.offer.size if self.offer else workload.need.size

    def disks(self, gib: Decimal) -> Decimal | None:
        """Return what so many GiB of disk cost a month; None when nobody says so."""
        if not gib:
            return Decimal(0)
        if self.disk_steps:
            return next((price for size, price in self.disk_steps if size >= gib), None)
        return None if self.disk_gib is None else gib * self.disk_gib

    def system(self, workload: Workload) -> Decimal | None:
        """Return what the workload's system adds a month; None when nobody says so."""
        if workload.os == LINUX:
            return Decimal(0)
        each = self.systems.get(workload.os)
        if each is None or self.offer:
            return each
        return each * workload.need.size.vcpus

    def cost(self, workload: Workload, months: int) -> Decimal:
        """Return what one machine of the workload costs there a month, as far as it is known.

        What moving it once costs is spread over ``months``.
        """
        size = workload.need.size
        compute = self.month
        if self.capacity:
            compute = size.vcpus * self.vcpu_month + Decimal(size.memory) / 1024 * self.gib_month
        moving = workload.moving / months if workload.at not in (None, self.place) else Decimal(0)
        return (
            compute
            + (self.system(workload) or 0)
            + workload.egress_gib * (self.egress_gib or 0)
            + (self.disks(workload.disk_gib) or 0)
            + moving
        )


class Quota(Strict):
    """What an account may still start at one place."""

    place: str
    vcpus: Annotated[int, Field(ge=0)] | None = None
    machines: Annotated[int, Field(ge=0)] | None = None


class Group(Strict):
    """Workloads that must be at one place (``together``), or share no domain (``apart``)."""

    workloads: Annotated[tuple[str, ...], Field(min_length=1)]
    together: bool = False
    apart: Domain | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not self.together and self.apart is None:
            raise ValueError("a group says together: true or apart: host, zone, place or provider")
        return self


class Traffic(Strict):
    """What one workload sends another in a month; it is paid where they are at two places."""

    source: str
    target: str
    gib: Amount


class Problem(Strict):
    """Everything a placement depends on.

    ``budget`` is for a month, ``months`` the time a move has to pay off in, ``latency``
    milliseconds by site and place; a place it does not tell is too far.
    """

    workloads: tuple[Workload, ...]
    options: tuple[Option, ...]
    currency: str = "USD"
    quotas: tuple[Quota, ...] = ()
    groups: tuple[Group, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    budget: Amount | None = None
    months: PositiveInt = 36
    latency: dict[str, dict[str, Decimal]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_known_and_single(self) -> Self:
        for what, names in (
            ("workload", [workload.name for workload in self.workloads]),
            ("option", [option.id for option in self.options]),
        ):
            twice = [name for name, count in Counter(names).items() if count > 1]
            if twice:
                raise ValueError(f"two {what}s are called {', '.join(sorted(twice))}")
        known = {workload.name for workload in self.workloads}
        for name in self._mentioned():
            if name not in known:
                raise ValueError(f"there is no workload {name}")
        return self

    def _mentioned(self) -> Iterable[str]:
        for group in self.groups:
            yield from group.workloads
        for flow in self.traffic:
            yield from (flow.source, flow.target)

    def workload(self, name: str) -> Workload:
        """Return the workload of a name that is known."""
        return next(each for each in self.workloads if each.name == name)
