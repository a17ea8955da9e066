"""The markets of one comparison, and what was asked of them so far."""

from __future__ import annotations

from decimal import Decimal

from broker.catalog import Catalogue, Market, Place, items
from broker.catalog.market import Rates
from broker.cost.bill import Till, egress_price
from broker.cost.machine import Machine
from broker.model import Firmware, Offer
from broker.offered import not_offered
from broker.sizing import Mapped, map_size


class Desk:
    """The markets of one comparison, and the sizes mapped so far."""

    def __init__(
        self, catalogue: Catalogue, currency: str, rates: Rates | None, account: str
    ) -> None:
        """Take the catalogue, and whose prices in which currency count at the places asked for."""
        self.currency = currency
        self.account = account
        self._catalogue = catalogue
        self._rates = rates
        self._markets: dict[tuple[str, str], Market] = {}
        self._mapped: dict[tuple[object, ...], Mapped] = {}
        self._held: dict[tuple[object, ...], tuple[Offer, str]] = {}

    def market(self, place: Place, account: str) -> Market:
        """Return what a place sells, at an account's prices."""
        key = (str(place), account)
        if key not in self._markets:
            self._markets[key] = Market(
                self._catalogue, place, account=account, currency=self.currency, rates=self._rates
            )
        return self._markets[key]

    def other_currencies(self) -> list[str]:
        """Return in which currencies there are prices that could not be used."""
        return sorted(
            {each for market in self._markets.values() for each in market.other_currencies()}
        )

    def till(self, place: Place, account: str, sent: Decimal) -> Till:
        """Return what prices machines at a place, from where they send so many GiB together."""
        market = self.market(place, account)
        return Till(market, egress_price(market, sent))

    def held(self, machine: Machine, market: Market) -> tuple[Offer, str]:
        """Return the size a machine has, and what to know where its place does not offer it."""
        size, name = machine.size, machine.offer
        alike = (machine.home, name, size.vcpus, size.memory, size.arch, size.gpus)
        if alike not in self._held:
            offer = Offer(
                id=name or f"{size.vcpus}x{size.memory / 1024:g}",
                size=size,
                firmware=frozenset({Firmware.UNKNOWN}),
            )
            absent = not_offered(machine.need(), name, market, self._catalogue) if name else ""
            self._held[alike] = offer, absent
        return self._held[alike]

    def mapped(self, machine: Machine, market: Market) -> Mapped:
        """Return what a market has for a machine."""
        size = machine.size
        alike = (
            str(market.place), size.vcpus, size.memory, size.arch, size.gpus, machine.firmware,
            len(machine.disks), machine.nics, machine.burstable, machine.character, machine.plan,
            machine.os, machine.cpu_p95, machine.memory_p95,
        )  # fmt: skip
        if alike not in self._mapped:
            self._mapped[alike] = map_size(
                machine.need(), market, plan=machine.plan, system=machine.os or items.LINUX
            )
        return self._mapped[alike]
