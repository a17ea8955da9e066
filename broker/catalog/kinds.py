"""Which kind of disk stands in for which, on another provider."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from broker.catalog import items
from broker.catalog.market import Market
from broker.model import Strict


class Included(Strict):
    """What a disk of some kind has at no extra price; None: it is not sold apart."""

    iops: int | None = None
    mibps: int | None = None


class Class(Strict):
    """Disks of one making at one provider, the usual one first."""

    kinds: tuple[str, ...]
    included: Mapping[str, Included] = {}


class Provider(Strict):
    """The classes of one provider, and the one to take when nothing is known."""

    default: str
    classes: Mapping[str, Class]

    def class_of(self, kind: str | None) -> str | None:
        """Return the class a kind is of."""
        return next((name for name, told in self.classes.items() if kind in told.kinds), None)


@cache
def _providers() -> dict[str, Provider]:
    table = tomllib.loads((files("mappings") / "disks.toml").read_text("utf-8"))
    return {
        name: Provider(
            default=told.pop("default"),
            classes={each: Class.model_validate(inner) for each, inner in told.items()},
        )
        for name, told in table.items()
    }


def substitute(
    kind: str | None, provider: str, market: Market, *, rated: bool = False
) -> str | None:
    """Return the kind of disk a market has in the place of another provider's; None for none.

    The same class where both providers' classes are known, else the market's default, else the
    first kind it has a price for. For a disk that is ``rated``, with so much I/O a second, one
    that can be given it, where the market has such a kind.
    """
    if kind is not None and market.place.provider == provider:
        return kind
    told = _providers().get(market.place.provider)
    if told is None:
        priced = sorted({item.split(":")[1] for item in market.begins("disk:")})
        return kind if kind in priced else next(iter(priced), None)
    theirs = _providers().get(provider)
    wanted = theirs.class_of(kind) if theirs else None
    if wanted is None or wanted not in told.classes:
        wanted = told.default
    able = [*told.classes[wanted].included, *(k for c in told.classes.values() for k in c.included)]
    return able[0] if rated and able else told.classes[wanted].kinds[0]


def included(kind: str, market: Market) -> Included:
    """Return the I/O a second and MiB a second that a disk of a kind has at no extra price.

    Of a provider that no table knows, what has a price is sold apart.
    """
    told = _providers().get(market.place.provider)
    if told is None:
        iops, mibps = (market.begins(items.disk(kind, what)) for what in ("iops", "throughput"))
        return Included(iops=0 if iops else None, mibps=0 if mibps else None)
    found = (each.included[kind] for each in told.classes.values() if kind in each.included)
    return next(found, Included())
