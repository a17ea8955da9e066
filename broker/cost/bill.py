"""One machine's month at one place: a line for each thing that is paid for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from broker.catalog import Market, Place, Price, items
from broker.catalog.kinds import included, substitute
from broker.catalog.values import HOURS_PER_MONTH
from broker.cost.machine import Disk, Machine
from broker.model import Offer

PERFORMANCE = {"iops": "IOPS-month", "throughput": "MiBps-month"}
"""The unit of what a disk may be sold with apart."""


class Line(NamedTuple):
    """Something paid for. ``price`` and ``amount`` are None when nobody says what it costs.

    ``quantity`` is None when nobody says how much of it there is.
    """

    what: str
    item: str
    quantity: Decimal | None
    unit: str
    price: Price | None
    amount: Decimal | None


class Sum(NamedTuple):
    """A total. With anything ``unpriced`` it is a lower bound; it is never less than it says."""

    amount: Decimal
    currency: str
    unpriced: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether everything in it has a price."""
        return not self.unpriced

    def __str__(self) -> str:
        told = f"{self.amount:,.2f} {self.currency}"
        if self.exact:
            return told
        count = len(self.unpriced)
        names = ", ".join(self.unpriced[:3]) + ("..." if count > 3 else "")
        return f"≥ {told}, {count} {'item' if count == 1 else 'items'} unpriced: {names}"

    def times(self, months: int) -> Sum:
        """Return what so many months come to."""
        return self._replace(amount=self.amount * months)

    def short(self) -> str:
        """Return the amount alone, marked when it is a lower bound."""
        return f"{'' if self.exact else '≥ '}{self.amount:,.2f} {self.currency}"


class Bill(NamedTuple):
    """A machine's month at one place. ``offer`` is None when the place has no size that fits.

    ``why`` is how the size was found; ``blocked`` says what keeps the machine from being there,
    ``not_offered`` that the place it is said to be at does not have its size, and what to do.
    """

    machine: Machine
    place: Place
    offer: Offer | None
    lines: Sequence[Line]
    why: str = ""
    blocked: str = ""
    not_offered: str = ""

    def total(self, currency: str) -> Sum:
        """Return what the month comes to."""
        return total(self.lines, currency)


def total(lines: Iterable[Line], currency: str) -> Sum:
    """Add lines up; those without a price make the sum a lower bound."""
    amount = Decimal(0)
    unpriced: dict[str, None] = {}
    for line in lines:
        if line.amount is None:
            unpriced[line.item] = None
        else:
            amount += line.amount
    return Sum(amount, currency, tuple(unpriced))


def add(sums: Iterable[tuple[Sum, int]], currency: str) -> Sum:
    """Add up so many of each sum, all in one currency."""
    amount = Decimal(0)
    unpriced: dict[str, None] = {}
    for each, count in sums:
        if each.currency != currency:
            raise ValueError(f"{each.currency} cannot be added to {currency}")
        amount += each.amount * count
        unpriced.update(dict.fromkeys(each.unpriced))
    return Sum(amount, currency, tuple(unpriced))


class Till:
    """Prices machines at one place. What was priced once is not priced again.

    ``egress`` is what a GiB sent costs there, for all that is sent from there together.
    """

    def __init__(self, market: Market, egress: Price | None) -> None:
        self.market = market
        self._egress = egress
        self._compute: dict[tuple[str, str, str | None, Decimal], tuple[Line, ...]] = {}
        self._disks: dict[tuple[str | None, Decimal, int, int, str], tuple[Line, ...]] = {}

    def lines(self, machine: Machine, offer: Offer) -> list[Line]:
        """Return what a machine pays for as a machine of ``offer``; nothing is left out."""
        found: list[Line] = []
        if machine.billed is not False:
            compute = (offer.id, str(machine.plan), machine.os, machine.hours)
            if compute not in self._compute:
                self._compute[compute] = tuple(_compute(machine, offer, self.market))
            found += self._compute[compute]
        provider = machine.place.provider
        for disk in machine.disks:
            key = (disk.kind, disk.gib, disk.iops, disk.mibps, provider)
            if key not in self._disks:
                self._disks[key] = tuple(_disk(disk, provider, self.market))
            found += self._disks[key]
        if machine.addresses:
            hours = Decimal(machine.addresses * HOURS_PER_MONTH)
            price = self.market.price(items.ADDRESS)
            found.append(_line("address", items.ADDRESS, hours, "hour", price))
        if (kept := machine.snapshots_gib) != 0:
            price = self.market.price(items.SNAPSHOT)
            found.append(_line("snapshot", items.SNAPSHOT, kept, "GiB-month", price))
        if (sent := machine.egress_gib) != 0:
            found.append(_line("egress", f"{items.EGRESS}*", sent, "GiB", self._egress))
        return found


def egress_price(market: Market, gib: Decimal, beyond: Decimal = Decimal(0)) -> Price | None:
    """Return the mean price of a GiB when so many are sent in a month; None when none is known.

    Tiers count for all of an account's traffic together, so no machine has a tier of its own;
    ``beyond`` is what is sent in that month anyway.
    """
    tiers = market.tiers(items.EGRESS)
    if not tiers or tiers[0][0] != 0:
        return None
    if gib <= 0:
        return tiers[0][1]
    paid = Decimal(0)
    for index, (start, price) in enumerate(tiers):
        end = Decimal(tiers[index + 1][0]) if index + 1 < len(tiers) else beyond + gib
        here = min(end, beyond + gib) - max(Decimal(start), beyond)
        paid += max(Decimal(0), here) * price.amount
    last = tiers[-1][1]
    mean = {"item": f"{items.EGRESS}*", "amount": paid / gib}
    return last.model_copy(update=mean | {"source": f"{last.source} (mean of its tiers)"})


def _compute(machine: Machine, offer: Offer, market: Market) -> Iterator[Line]:
    for part in market.compute(offer, machine.plan, machine.os):
        yield _line("compute", part.item, part.quantity * machine.hours, "hour", part.price)


def _disk(disk: Disk, provider: str, market: Market) -> Iterator[Line]:
    rated = bool(disk.iops or disk.mibps)
    kind = substitute(disk.kind, provider, market, rated=rated)
    if kind is None:
        yield _line("disk", items.disk(disk.kind or "unknown", "gib"), disk.gib, "GiB-month", None)
        return
    steps = items.steps(kind)
    whole = sorted(int(item.removeprefix(steps)) for item in market.begins(steps))
    if whole:
        step = next((size for size in whole if size >= disk.gib), None)
        name = f"{steps}{step if step is not None else disk.gib}"
        yield _line("disk", name, Decimal(1), "disk-month", market.price(name))
        return
    name = items.disk(kind, "gib")
    yield _line("disk", name, disk.gib, "GiB-month", market.price(name))
    free = included(kind, market)
    for what, wanted, without in (
        ("iops", disk.iops, free.iops),
        ("throughput", disk.mibps, free.mibps),
    ):
        if without is None:
            continue
        name, unit = items.disk(kind, what), PERFORMANCE[what]
        if without == 0 == wanted:  # all of it is paid, and nobody told how much it is
            yield _line(f"disk {what}", name, None, unit, None)
        elif wanted > without:
            beyond = Decimal(wanted - without)
            yield _line(f"disk {what}", name, beyond, unit, market.price(name))


def _line(what: str, item: str, quantity: Decimal | None, unit: str, price: Price | None) -> Line:
    if quantity is None or price is None:
        return Line(what, item, quantity, unit, None, None)
    return Line(what, item, quantity, price.unit, price, quantity * price.amount)


def quantity_text(line: Line) -> str:
    """Return how much of it there is, as people write it; empty when nobody says so."""
    return "" if line.quantity is None else f"{line.quantity.normalize():f}"
