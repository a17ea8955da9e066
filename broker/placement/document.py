"""A problem as people write it (YAML), put together with what the catalogue knows."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from broker.catalog import Catalogue, Market, Place, Price
from broker.catalog.systems import system_named
from broker.cost.bill import egress_price
from broker.errors import BrokerError, ConfigError
from broker.fit.need import Need, measured
from broker.model import GIB, Strict
from broker.nearest import did_you_mean
from broker.offered import not_offered_there
from broker.placement.problem import Problem, Traffic, Workload
from broker.placement.shelf import EGRESS_GIB, Shelf
from broker.placement.written import Document, WrittenPlace, WrittenWorkload
from broker.reading import validated
from broker.sizing import wanted


class Read(Strict):
    """A problem, the age of the oldest price in it, and the account of each place for moves.

    ``left_out`` says of which places not all was in question, for want of a price; ``not_offered``
    which workloads are of a size that the place it is written with does not offer.
    """

    problem: Problem
    oldest: datetime.date | None
    accounts: dict[str, str]
    left_out: tuple[str, ...] = ()
    not_offered: tuple[str, ...] = ()


class _Loader(yaml.SafeLoader):
    """Takes no key twice: of two budgets nobody knows which is meant."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        for name, count in names.items():
            if count > 1:
                told = f'"{name}" is there twice'
                raise yaml.MarkedYAMLError(problem=told, problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def read(path: Path, catalogue: Catalogue) -> Read:
    """Return the problem a file tells; ConfigError names the file and the key that cannot be."""
    try:
        document = yaml.load(path.read_text("utf-8-sig"), _Loader)  # noqa: S506  a safe one
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
    if len(known) < len(places):
        twice = Counter(each.place for each in places).most_common(1)[0][0]
        raise ConfigError(f"the place {twice} is there twice")
    _know_sites(written)
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
    systems = frozenset(system_named(each.os, catalogue) for each in written.workloads)
    years = max(each.years for each in written.workloads)
    shelf = [Shelf(each, markets[each.place], systems=systems, years=years) for each in places]
    options = tuple(option for one in shelf for option in one.options())
    if not options:
        why = "; ".join(_left_out(shelf))
        raise ConfigError(f"no place has anything with a price in {written.currency}: {why}")
    workloads = tuple(_workload(each, catalogue, markets, leaving) for each in written.workloads)
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
    return Read(
        problem=problem,
        oldest=oldest,
        accounts=accounts,
        left_out=tuple(_left_out(shelf)),
        not_offered=tuple(_not_offered(written, workloads, catalogue)),
    )


def _not_offered(
    written: Document, workloads: Iterable[Workload], catalogue: Catalogue
) -> Iterator[str]:
    """Yield of which workloads the place does not offer the size; where they run tells it too."""
    for each, workload in zip(written.workloads, workloads, strict=True):
        provider, slash, name = each.size.partition("/")
        at = each.at or ""
        if slash and "/" not in name and at.startswith(f"{provider}/"):
            name = f"{at.removeprefix(f'{provider}/')}/{name}"
        if absent := not_offered_there(f"{provider}/{name}", workload.need, catalogue):
            yield f"{each.name}: {absent}"


def _left_out(shelf: Iterable[Shelf]) -> list[str]:
    """Say of which places not all was in question, for want of a price."""
    return [one.left_out for one in shelf if one.left_out]


def _know_sites(written: Document) -> None:
    for each in written.workloads:
        if each.latency and each.latency.site not in written.latency_ms:
            raise ConfigError(
                f"{each.name}: latency_ms does not tell of the site {each.latency.site}",
                hint=did_you_mean(each.latency.site, written.latency_ms),
            )


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
    try:
        meant = wanted(written.size, catalogue)
    except BrokerError as error:
        raise ConfigError(f"{written.name}: {error.message}", hint=error.hint) from error
    free = written.size[:1].isdigit()
    size = meant.size.model_copy(update={"arch": written.arch}) if free else meant.size
    return Workload(
        name=written.name,
        need=Need(
            size=measured(size, cpu_p95=written.cpu_p95, memory_p95=written.memory_p95),
            firmware=written.firmware,
            drivers=written.drivers,
            local_disk=written.local_disk_gib * GIB,
            burstable=written.burstable,
            old_generations=written.old_generations,
        ),
        count=written.count,
        residency=written.residency,
        latency=written.latency,
        only=written.only,
        os=system_named(written.os, catalogue),
        spot=written.spot,
        years=written.years,
        spread=written.spread,
        egress_gib=written.egress_gib,
        disk_gib=written.disk_gib,
        at=written.at,
        moving=_moving(written, markets, leaving),
        machines=(written.machine,) if written.machine else written.machines,
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
    if written.disk_gib and price is None:
        raise ConfigError(
            f"{written.name}: what leaves {written.at} has no price",
            hint="Say moving_cost: what moving one of its machines costs",
        )
    return written.disk_gib * price.amount if price else Decimal(0)
