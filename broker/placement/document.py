"""A problem as people write it (YAML), put together with what the catalogue knows."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, PositiveInt

from broker.catalog import Catalogue, Market, Place, Plan, Price, items
from broker.catalog.kinds import substitute
from broker.catalog.values import HOURS_PER_MONTH
from broker.cost.bill import egress_price
from broker.errors import BrokerError, ConfigError
from broker.fit.need import Need
from broker.model import GIB, Arch, Firmware, Offer, Size, Strict
from broker.placement.problem import (
    Amount,
    Domain,
    Group,
    Latency,
    Option,
    Problem,
    Quota,
    Traffic,
    Workload,
)
from broker.reading import validated
from broker.sizing import wanted

EGRESS_GIB = Decimal(10240)
"""A linear program wants one price of traffic: the mean of the first 10 TiB of a month."""


class Flow(Strict):
    """Traffic between two workloads, as it is written."""

    source: Annotated[str, Field(alias="from")]
    target: Annotated[str, Field(alias="to")]
    gib: Amount


class WrittenPlace(Strict):
    """A place in question: what residency calls it, and what may be used there."""

    place: str
    tags: frozenset[str] = frozenset()
    spot: bool = False
    account: str = ""


class WrittenWorkload(Strict):
    """A workload, as it is written."""

    name: Annotated[str, Field(min_length=1)]
    size: str
    count: PositiveInt = 1
    arch: Arch = Arch.X86_64
    firmware: Firmware = Firmware.UNKNOWN
    drivers: frozenset[str] | None = None
    local_disk_gib: Annotated[int, Field(ge=0)] = 0
    burstable: bool = False
    residency: frozenset[str] = frozenset()
    latency: Latency | None = None
    only: frozenset[str] = frozenset()
    spot: bool = False
    spread: Domain | None = None
    egress_gib: Amount = Decimal(0)
    disk_gib: Amount = Decimal(0)
    at: str | None = None
    moving_cost: Amount | None = None
    machine: str | None = None


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


class Read(Strict):
    """A problem, the age of the oldest price in it, and the account of each place for moves."""

    problem: Problem
    oldest: datetime.date | None
    accounts: dict[str, str]


def read(path: Path, catalogue: Catalogue) -> Read:
    """Return the problem a file tells; ConfigError names the file and the key that cannot be."""
    try:
        document = yaml.safe_load(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        told = getattr(error, "problem", None) or "no YAML"
        raise ConfigError(f"{path}{line}: {told}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: no table of workloads and places")
    written = validated(Document, document, str(path))
    try:
        return _read(written, catalogue)
    except BrokerError as error:
        raise ConfigError(f"{path}: {error.message}", hint=error.hint) from error
    except ValueError as error:
        raise ConfigError(f"{path}: {_first(error)}") from error


def _first(error: ValueError) -> str:
    """Return what is wrong, without the trimmings of the library that found it."""
    lines = str(error).splitlines()
    return (
        lines[-2].strip().removeprefix("Value error, ").partition(" [type=")[0]
        if len(lines) > 2
        else lines[0]
    )


def _read(written: Document, catalogue: Catalogue) -> Read:
    places = [
        each if isinstance(each, WrittenPlace) else WrittenPlace(place=each)
        for each in written.places
    ]
    known = {each.place for each in places}
    for name, used in _mentions(written):
        if used not in known:
            raise ConfigError(
                f"{name} names the place {used}, which is not among the places",
                hint=f"There are {', '.join(sorted(known))}",
            )
    markets = {
        each.place: Market(
            catalogue, Place.parse(each.place), account=each.account, currency=written.currency
        )
        for each in places
    }
    leaving = {
        place: egress_price(
            Market(catalogue, catalogue.known(Place.parse(place)), currency=written.currency),
            Decimal(0),
        )
        for place in {each.at for each in written.workloads if each.at} - known
    }
    shelf = [_Shelf(each, markets[each.place]) for each in places]
    workloads = tuple(_workload(each, catalogue, markets, leaving) for each in written.workloads)
    options = tuple(option for one in shelf for option in one.options())
    if not options:
        raise ConfigError(f"no place has anything with a price in {written.currency}")
    problem = Problem(
        workloads=workloads,
        options=options,
        currency=written.currency,
        quotas=written.quotas,
        groups=written.groups,
        traffic=tuple(
            Traffic(source=flow.source, target=flow.target, gib=flow.gib)
            for flow in written.traffic
        ),
        budget=written.budget,
        months=written.months,
        latency=written.latency_ms,
    )
    oldest = min((price.as_of for one in shelf for price in one.used), default=None)
    accounts = {each.place: each.account for each in places if each.account}
    return Read(problem=problem, oldest=oldest, accounts=accounts)


def _mentions(written: Document) -> list[tuple[str, str]]:
    return [
        *((f"the quota of {quota.place}", quota.place) for quota in written.quotas),
        *(
            (f"latency_ms of {site}", place)
            for site, told in written.latency_ms.items()
            for place in told
        ),
    ]


def _workload(
    written: WrittenWorkload,
    catalogue: Catalogue,
    markets: dict[str, Market],
    leaving: dict[str, Price | None],
) -> Workload:
    meant = wanted(written.size, catalogue)
    free = written.size[:1].isdigit()
    size = meant.size.model_copy(update={"arch": written.arch}) if free else meant.size
    return Workload(
        name=written.name,
        need=Need(
            size=size,
            firmware=written.firmware,
            drivers=written.drivers,
            local_disk=written.local_disk_gib * GIB,
            burstable=written.burstable,
        ),
        count=written.count,
        residency=written.residency,
        latency=written.latency,
        only=written.only,
        spot=written.spot,
        spread=written.spread,
        egress_gib=written.egress_gib,
        disk_gib=written.disk_gib,
        at=written.at,
        moving=_moving(written, markets, leaving),
        machine=written.machine,
    )


def _moving(
    written: WrittenWorkload, markets: dict[str, Market], leaving: dict[str, Price | None]
) -> Decimal:
    """Return what moving one machine costs once: what is said, else its disks' way out."""
    if written.moving_cost is not None:
        return written.moving_cost
    if written.at is None:
        return Decimal(0)
    if written.at in markets:
        price = egress_price(markets[written.at], EGRESS_GIB)
    else:
        price = leaving[written.at]
    return written.disk_gib * price.amount if price else Decimal(0)


class _Shelf:
    """What one place has for workloads, with the prices used."""

    def __init__(self, written: WrittenPlace, market: Market) -> None:
        self._written = written
        self._market = market
        self.used: list[Price] = []

    def options(self) -> list[Option]:
        """Return the place's hosts, or its offers with a price: on demand and, where told, spot."""
        common = self._common()
        if self._market.any_size:
            return self._hosts(common)
        plans = [(Plan.ON_DEMAND, "")] + ([(Plan.SPOT, ":spot")] if self._written.spot else [])
        return [
            Option.model_validate(
                {
                    **common,
                    "id": f"{self._written.place}:{offer.id}{mark}",
                    "offer": offer,
                    "month": month,
                    "spot": plan is Plan.SPOT,
                }
            )
            for plan, mark in plans
            for offer, month in self._priced(plan)
        ]

    def _common(self) -> dict[str, object]:
        """Return what all options of the place have in common."""
        market = self._market
        kind = substitute(None, "", market)
        steps = items.steps(kind or "")
        return {
            "place": self._written.place,
            "tags": self._written.tags,
            "egress_gib": self._price(egress_price(market, EGRESS_GIB)),
            "disk_gib": self._price(market.price(items.disk(kind or "", "gib"))),
            "disk_steps": tuple(
                sorted(
                    (int(item.removeprefix(steps)), amount)
                    for item in market.begins(steps)
                    if (amount := self._price(market.price(item))) is not None
                )
            ),
        }

    def _hosts(self, common: dict[str, object]) -> list[Option]:
        vcpu = self._price(self._market.price(items.compute("vcpu")))
        gib = self._price(self._market.price(items.compute("gib")))
        if vcpu is None or gib is None:
            return []
        return [
            Option.model_validate(
                {
                    **common,
                    "id": f"{self._written.place}:{host.id}",
                    "capacity": Size(vcpus=host.vcpus, memory=host.memory, arch=host.arch),
                    "vcpu_month": vcpu * HOURS_PER_MONTH,
                    "gib_month": gib * HOURS_PER_MONTH,
                }
            )
            for host in self._market.hosts
            if host.vcpus > 0 and host.memory > 0  # one without capacity carries nothing
        ]

    def _priced(self, plan: Plan) -> list[tuple[Offer, Decimal]]:
        found = []
        for offer in self._market.offers(plan):
            if offer.price_per_hour is not None:
                self.used += [price for _, price in self._market.compute(offer, plan) if price]
                found.append((offer, offer.price_per_hour.amount * HOURS_PER_MONTH))
        return found

    def _price(self, price: Price | None) -> Decimal | None:
        if price is None:
            return None
        self.used.append(price)
        return price.amount
