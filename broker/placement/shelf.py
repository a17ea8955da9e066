"""What one place has for workloads, with its prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from broker.catalog import Market, Plan, Price, items
from broker.catalog.kinds import substitute
from broker.catalog.values import HOURS_PER_MONTH
from broker.cost.bill import egress_price
from broker.model import Offer, Size
from broker.placement.problem import Option
from broker.placement.written import WrittenPlace

EGRESS_GIB = Decimal(10240)
"""A linear program wants one price of traffic: the mean of the first 10 TiB of a month."""

COMMITTED = {Plan.ON_DEMAND: 0, Plan.SPOT: 0, Plan.RESERVED_1Y: 1, Plan.RESERVED_3Y: 3}
"""The years one pays for, whatever becomes of the machine."""


class Shelf:
    """The options of one place. ``used`` are the prices they are made of.

    ``left_out`` says what of it has no price and so is no option; empty when nothing.
    """

    def __init__(
        self, written: WrittenPlace, market: Market, *, systems: frozenset[str], years: int
    ) -> None:
        """Look at what a market has for these systems, reserved for so many years at most."""
        self._written = written
        self._market = market
        self._systems = sorted(systems - {items.LINUX})
        self._years = years
        self.used: list[Price] = []
        self.left_out = ""

    def options(self) -> list[Option]:
        """Return the place's hosts, or its offers with a price: each zone, each way to pay."""
        common = self._common()
        if self._market.any_size:
            return self._hosts(common)
        self._count_unpriced()
        return [
            Option.model_validate(
                {
                    **common,
                    "id": f"{self._written.place}:{offer.id}{_mark(plan)}{at}",
                    "offer": offer,
                    "month": month,
                    "systems": self._licensed(offer, plan),
                    "spot": plan is Plan.SPOT,
                    "years": COMMITTED[plan],
                    "zone": zone,
                }
            )
            for plan in self._plans()
            for offer, month in self._priced(plan)
            for zone, at in self._zones(offer)
        ]

    def _plans(self) -> list[Plan]:
        return [
            plan
            for plan, years in COMMITTED.items()
            if years <= self._years and (plan is not Plan.SPOT or self._written.spot)
        ]

    def _zones(self, offer: Offer) -> list[tuple[str | None, str]]:
        if not self._written.zones:
            return [(None, "")]
        return [
            (zone, f"@{zone}")
            for zone in self._written.zones
            if offer.zones is None or zone in offer.zones
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

    def _hosts(self, common: Mapping[str, object]) -> list[Option]:
        vcpu = self._price(self._market.price(items.compute("vcpu")))
        gib = self._price(self._market.price(items.compute("gib")))
        if vcpu is None or gib is None:
            self.left_out = f"the hosts of {self._written.place} have no price{self._elsewhere()}"
            return []
        systems = {
            system: each * HOURS_PER_MONTH
            for system in self._systems
            if (each := self._price(self._market.price(items.licence(system)))) is not None
        }
        return [
            Option.model_validate(
                {
                    **common,
                    "id": f"{self._written.place}:{host.id}",
                    "capacity": Size(vcpus=host.vcpus, memory=host.memory, arch=host.arch),
                    "vcpu_month": vcpu * HOURS_PER_MONTH,
                    "gib_month": gib * HOURS_PER_MONTH,
                    "systems": systems,
                }
            )
            for host in self._market.hosts
            if host.vcpus > 0 and host.memory > 0  # one without capacity carries nothing
        ]

    def _count_unpriced(self) -> None:
        told = self._market.offers()
        if count := sum(offer.price_per_hour is None for offer in told):
            place = self._written.place
            self.left_out = f"{count} of {len(told)} sizes of {place} have no price"
            self.left_out += self._elsewhere()

    def _elsewhere(self) -> str:
        others = self._market.other_currencies()
        return f" in {self._market.currency} (some in {', '.join(others)})" if others else ""

    def _priced(self, plan: Plan) -> Iterator[tuple[Offer, Decimal]]:
        for offer in self._market.offers(plan):
            if offer.price_per_hour is not None:
                parts = self._market.compute(offer, plan)
                self.used += [part.price for part in parts if part.price]
                yield offer, offer.price_per_hour.amount * HOURS_PER_MONTH

    def _licensed(self, offer: Offer, plan: Plan) -> dict[str, Decimal]:
        """Return what each system adds to the bare machine a month, where that is known."""
        bare = self._market.priced(offer, plan).price_per_hour
        found = {}
        for system in self._systems:
            told = self._market.priced(offer, plan, system).price_per_hour
            if told is not None and bare is not None and told.amount >= bare.amount:
                found[system] = (told.amount - bare.amount) * HOURS_PER_MONTH
        return found

    def _price(self, price: Price | None) -> Decimal | None:
        if price is None:
            return None
        self.used.append(price)
        return price.amount


def _mark(plan: Plan) -> str:
    return "" if plan is Plan.ON_DEMAND else f":{plan}"
