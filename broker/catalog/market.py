"""What one place sells, with its prices in one currency, ready to be asked many times."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from itertools import chain
from typing import NamedTuple

from broker.catalog import items
from broker.catalog.pricelist import CURRENCY, Record
from broker.catalog.store import Catalogue
from broker.catalog.systems import SYSTEMS, UNKNOWN
from broker.catalog.values import Confidence, Discount, Origin, Place, Plan, Price
from broker.errors import ConfigError
from broker.model import Host, Money, Offer, Strict
from broker.nearest import did_you_mean

STALE = datetime.timedelta(days=90)
"""Providers change list prices a few times a year; older than this is worth a warning."""


class Rates(Strict):
    """What one unit of each currency is worth in another one, on one day."""

    currency: str
    as_of: datetime.date
    rates: Mapping[str, Decimal]


class Part(NamedTuple):
    """How many of which item an hour of something consists of; ``price`` is of one of them."""

    quantity: Decimal
    item: str
    price: Price | None


class Market:
    """The offers and prices of one place.

    ``sizes_told`` is whether anybody tells which sizes the place has; else all are in question.
    Prices in other currencies are as good as unknown, unless ``rates`` say what they are worth.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        place: Place,
        *,
        account: str = "",
        currency: str = "USD",
        rates: Rates | None = None,
    ) -> None:
        """Read everything about ``place``; ConfigError when the catalogue knows nothing of it."""
        if not CURRENCY.fullmatch(currency):
            hint = "Say its code of three capitals, such as USD"
            raise ConfigError(f'"{currency}" is no currency', hint=hint)
        if rates is not None and rates.currency != currency:
            raise ConfigError(f"the rates are in {rates.currency}, the prices asked in {currency}")
        self.place = catalogue.known(place)
        self.currency = currency
        self.hosts: Sequence[Host] = catalogue.hosts(place)
        self.sizes_told = catalogue.tells_sizes(place)
        self._catalogue_offers = catalogue.offers(place)
        self._rates = rates
        self._discounts = catalogue.discounts(account, place.provider) if account else []
        self._records: dict[str, list[Record]] = {}
        for found in catalogue.records(place, account):
            self._records.setdefault(found[2], []).append(found)
        self._prices: dict[str, Price | None] = {}
        self._begins: dict[str, list[str]] = {}
        self._offers: dict[tuple[Plan, str], list[Offer]] = {}
        self._systems = {items.LINUX, UNKNOWN, *SYSTEMS}

    @property
    def any_size(self) -> bool:
        """Whether machines of any size can be had: there are hosts, and nobody sells sizes."""
        return bool(self.hosts) and not self._catalogue_offers

    def sells(self, size: str) -> bool | None:
        """Return whether the place has a size of that name; None when nobody tells."""
        priced = any(items.compute(size, plan) in self._records for plan in Plan)
        if priced or any(offer.id == size for offer in self._catalogue_offers):
            return True
        return False if self.sizes_told else None

    def price(self, item: str) -> Price | None:
        """Return what one unit costs, or None when nobody says so in this currency."""
        if item not in self._prices:
            self._prices[item] = self._find(item)
        return self._prices[item]

    def begins(self, prefix: str) -> list[str]:
        """Return the names of the priced items that begin so."""
        if prefix not in self._begins:
            self._begins[prefix] = [item for item in self._records if item.startswith(prefix)]
        return self._begins[prefix]

    def tiers(self, prefix: str) -> list[tuple[int, Price]]:
        """Return the steps of a scale, in order: those of whom we believe first, never a mixture.

        ``prefix`` is what their items begin with; the number where a step begins or ends follows.
        """
        found = [
            (int(item.removeprefix(prefix)), price)
            for item in self.begins(prefix)
            if (price := self.price(item)) is not None
        ]
        best = min((_trust(price) for _, price in found), default=None)
        return sorted((step for step in found if _trust(step[1]) == best), key=lambda step: step[0])

    def compute(
        self, offer: Offer, plan: Plan = Plan.ON_DEMAND, system: str | None = items.LINUX
    ) -> list[Part]:
        """Return what an hour consists of; ``system`` is None where nobody tells it.

        A system's price is told for the whole machine, or as a bare one and a licence: whichever
        is to be believed first counts.
        """
        bare = self._bare(offer, plan)
        if system == items.LINUX:
            return bare
        if system is not None and system not in self._systems:
            self._learn(system)
        parts = [*bare, self._licence(system or UNKNOWN, offer.size.vcpus)]
        item = items.compute(offer.id, plan, system or UNKNOWN)
        whole = self.price(item)
        if whole is None:
            return parts
        told = [part.price for part in parts if part.price is not None]
        better = len(told) == len(parts) and max(map(_trust, told)) < _trust(whole)
        return parts if better else [Part(Decimal(1), item, whole)]

    def _learn(self, system: str) -> None:
        """ConfigError with the nearest for a system that no price here is about."""
        places = {"compute": 2, "licence": 1}
        told = (item.split(":") for item in self._records)
        self._systems |= {word[places[word[0]]] for word in told if word[0] in places}
        if system not in self._systems:
            known = self._systems - {UNKNOWN}
            hint = did_you_mean(system, known)
            raise ConfigError(f'no price of {self.place} is for the system "{system}"', hint=hint)

    def _bare(self, offer: Offer, plan: Plan) -> list[Part]:
        """Return the price of the size, else of what it has: hosts of one's own know no plans."""
        item = items.compute(offer.id, plan)
        whole = self.price(item)
        each, gib = items.compute("vcpu"), items.compute("gib")
        if whole is not None or (self.price(each) is None and not self.any_size):
            return [Part(Decimal(1), item, whole)]
        memory = Decimal(offer.size.memory) / 1024
        return [
            Part(Decimal(offer.size.vcpus), each, self.price(each)),
            Part(memory, gib, self.price(gib)),
        ]

    def _licence(self, system: str, vcpus: int) -> Part:
        item = items.licence(system)
        each = self.price(item)
        steps = self.tiers(items.licences(system))
        whole = next((price for upto, price in steps if upto >= vcpus), None)
        if whole is None or (each is not None and _trust(each) < _trust(whole)):
            return Part(Decimal(vcpus), item, each)
        return Part(Decimal(1), whole.item, whole)

    def offers(self, plan: Plan = Plan.ON_DEMAND, system: str = items.LINUX) -> list[Offer]:
        """Return every offer with its price an hour, where it is known."""
        if (plan, system) not in self._offers:
            told = [self.priced(offer, plan, system) for offer in self._catalogue_offers]
            self._offers[plan, system] = told
        return self._offers[plan, system]

    def priced(self, offer: Offer, plan: Plan = Plan.ON_DEMAND, system: str = items.LINUX) -> Offer:
        """Return the offer with its price an hour; None where any part of it is unknown."""
        total = Decimal(0)
        for part in self.compute(offer, plan, system):
            if part.price is None:
                untold = offer.price_per_hour is None
                return offer if untold else offer.model_copy(update={"price_per_hour": None})
            total += part.quantity * part.price.amount
        money = Money(amount=total, currency=self.currency)
        return offer.model_copy(update={"price_per_hour": money})

    def other_currencies(self, item: str | None = None) -> list[str]:
        """Return the currencies an item, or anything, is priced in that cannot be used here."""
        usable = {self.currency, *(self._rates.rates if self._rates else ())}
        rows = (
            chain.from_iterable(self._records.values())
            if item is None
            else self._records.get(item, ())
        )
        return sorted({row[4] for row in rows} - usable)

    def _find(self, item: str) -> Price | None:
        for row in self._records.get(item, ()):
            amount, source = Decimal(row[5]), row[6]
            if row[4] != self.currency:
                if self._rates is None or row[4] not in self._rates.rates:
                    continue
                amount *= self._rates.rates[row[4]]
                source += f", {row[4]} at the rate of {self._rates.as_of}"
            listed = None
            if not row[10] and (found := self._discount(item)):
                listed = amount
                amount *= 1 - Decimal(found.percent) / 100
                source += f", less {found.percent} % ({found.source})"
            return Price(
                place=self.place,
                item=item,
                unit=row[3],
                currency=self.currency,
                amount=amount,
                source=source,
                as_of=datetime.date.fromisoformat(row[7]),
                confidence=Confidence(row[8]),
                origin=Origin(row[9]),
                account=row[10],
                list_amount=listed,
            )
        return None

    def _discount(self, item: str) -> Discount | None:
        return next((each for each in self._discounts if fnmatchcase(item, each.item)), None)


def _trust(price: Price) -> tuple[bool, int]:
    """Return what sorts prices by whom to believe first: what was agreed on with an account."""
    return not price.account, int(price.origin)
