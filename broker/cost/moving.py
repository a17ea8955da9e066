"""What moving once costs, of all machines together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

from broker.catalog import Market, Price, items
from broker.cost.bill import Line, Sum
from broker.cost.machine import Machine

Leaving = Mapping[tuple[str, str], Price | None]
"""What a GiB costs that leaves, by place and account."""

DAYS_PER_MONTH = Decimal(365) / 12
BLOCKS_PER_GIB = 2048
"""Of 512 KiB: what block interfaces write at a time."""

DOUBLE_RUNNING_DAYS = 7
"""How long a machine runs on both sides while people make sure that it may be switched off."""


class Moves:
    """What leaves, what is written, and both sides running: a line for each price."""

    def __init__(self, market: Market, leaving: Leaving, days: int) -> None:
        """Take where machines go to, what leaving costs, and for how long both sides run."""
        self._market = market
        self._leaving = leaving
        self._share = Decimal(days) / DAYS_PER_MONTH
        self._gib: dict[tuple[str, str], Decimal] = {}
        self._machines = 0
        self._month = Decimal(0)
        self._untold: Counter[str] = Counter()

    def add(self, machine: Machine, there: Sum, count: int) -> None:
        """Let so many machines alike move; ``there`` is what a month of one comes to."""
        if gib := machine.gib:
            home = machine.home
            self._gib[home] = self._gib.get(home, Decimal(0)) + gib * count
        self._machines += count
        self._month += there.amount * count
        for item in there.unpriced:
            self._untold[item] += count

    def lines(self) -> list[Line]:
        """Return what all of it costs."""
        if not self._machines:
            return []
        found = []
        for home, gib in self._gib.items():
            price = self._leaving[home]
            sent = None if price is None else gib * price.amount
            found.append(Line("egress once", f"{items.EGRESS}*", gib, "GiB", price, sent))
        if thousands := sum(self._gib.values(), Decimal(0)) * BLOCKS_PER_GIB / 1000:
            price = self._market.price(items.BLOCKS)
            written = None if price is None else thousands * price.amount
            found.append(
                Line("blocks once", items.BLOCKS, thousands, "1000 requests", price, written)
            )
        for item, count, amount in (
            ("a month there", self._machines, self._month * self._share),
            *((item, count, None) for item, count in self._untold.items()),
        ):
            found.append(Line("double running", item, self._share * count, "month", None, amount))
        return found
