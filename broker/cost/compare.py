"""What machines cost now, and what they would cost elsewhere."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

from broker.catalog import Catalogue, Market, Place, Price, items
from broker.catalog.market import Rates
from broker.cost.bill import Bill, Line, Sum, Till, add, egress_price, total
from broker.cost.machine import Machine
from broker.errors import ConfigError
from broker.model import Firmware, Offer
from broker.sizing import Mapped, map_size

Leaving = Mapping[tuple[str, str], Price | None]
"""What a GiB costs that leaves, by place and account."""

MONTHS = 36
DAYS_PER_MONTH = Decimal(365) / 12
BLOCKS_PER_GIB = 2048
"""Of 512 KiB: what block interfaces write at a time."""

DOUBLE_RUNNING_DAYS = 7
"""How long a machine runs on both sides while people make sure that it may be switched off."""


@dataclass(frozen=True)
class Column:
    """All machines at one place, or where they are now (``place`` is None).

    ``overfull`` says what hosts of one's own there lack to carry all of them: then its sums are of
    hosts that would have to be bought.
    """

    name: str
    place: Place | None
    bills: Sequence[Bill]
    monthly: Sum
    one_off: Sum
    moves: Sequence[Line] = ()
    overfull: str = ""

    @property
    def blocked(self) -> list[Bill]:
        """The machines that cannot be there."""
        return [bill for bill in self.bills if bill.blocked]

    def after(self, months: int) -> Sum:
        """Return what so many months cost, moving there included."""
        amount = self.monthly.amount * months + self.one_off.amount
        unpriced = dict.fromkeys((*self.monthly.unpriced, *self.one_off.unpriced))
        return Sum(amount, self.monthly.currency, tuple(unpriced))


@dataclass(frozen=True)
class Report:
    """The comparison: ``now``, and one column a place asked for.

    ``unused`` are currencies in which there are prices that could not be used.
    """

    currency: str
    made_on: datetime.date
    now: Column
    targets: Sequence[Column]
    unused: Sequence[str] = ()

    @property
    def columns(self) -> list[Column]:
        """Now, then the targets."""
        return [self.now, *self.targets]

    def break_even(self, column: Column) -> Decimal | None:
        """Return after how many months moving there has paid for itself; None when it never does.

        None too while the two sums are lower bounds: what is not known could turn it round.
        """
        saved = self.now.monthly.amount - column.monthly.amount
        if saved <= 0 or not (self.now.monthly.exact and column.after(0).exact):
            return None
        if column.blocked or column.overfull:
            return None
        return column.one_off.amount / saved

    def pays_off(self, column: Column) -> str:
        """Return in a few words when moving there has paid for itself."""
        if column.place is None:
            return ""
        if (months := self.break_even(column)) is not None:
            return f"{months:.1f} months"
        if column.blocked or column.overfull:
            return "not possible"
        known = self.now.monthly.exact and column.after(0).exact
        return "never" if known else "not known"

    def by_label(self, key: str) -> dict[str, list[Sum]]:
        """Return the columns' monthly totals by the value of one label; "" are those without it."""
        return self._by(lambda machine: machine.labels.get(key, ""))

    def by_provider(self) -> dict[str, list[Sum]]:
        """Return the columns' monthly totals by whose machines they are now."""
        return self._by(lambda machine: machine.place.provider)

    def _by(self, group: Callable[[Machine], str]) -> dict[str, list[Sum]]:
        groups: dict[str, list[int]] = {}
        for index, bill in enumerate(self.now.bills):
            groups.setdefault(group(bill.machine), []).append(index)
        return {
            name: [
                add((column.bills[index].total(self.currency) for index in mine), self.currency)
                for column in self.columns
            ]
            for name, mine in sorted(groups.items())
        }

    def prices(self) -> list[Price]:
        """Return every price used, once."""
        used = {
            id(line.price): line.price
            for column in self.columns
            for line in chain(
                chain.from_iterable(bill.lines for bill in column.bills), column.moves
            )
            if line.price is not None
        }
        return sorted(used.values(), key=lambda price: (str(price.place), price.item))


def compare(
    machines: Sequence[Machine],
    places: Iterable[Place] = (),
    *,
    catalogue: Catalogue,
    currency: str = "USD",
    rates: Rates | None = None,
    account: str = "",
    double_running_days: int = DOUBLE_RUNNING_DAYS,
) -> Report:
    """Return what ``machines`` cost now and at each of ``places``; ConfigError for no machines.

    Each machine's size is mapped to the cheapest that has all it needs. ``account`` is whose prices
    count at the places; now, each machine's own account's do.
    """
    if not machines:
        raise ConfigError("there are no machines to price")
    desk = _Desk(catalogue, currency, rates, account)
    now = _now(machines, desk)
    leaving = _leaving(machines, desk)
    targets = [_there(machines, now, place, desk, leaving, double_running_days) for place in places]
    today = datetime.datetime.now(datetime.UTC).date()
    return Report(currency, today, now, targets, desk.other_currencies())


class _Desk:
    """The markets of one comparison, and the sizes mapped so far."""

    def __init__(
        self, catalogue: Catalogue, currency: str, rates: Rates | None, account: str
    ) -> None:
        self.currency = currency
        self.account = account
        self._catalogue = catalogue
        self._rates = rates
        self._markets: dict[tuple[str, str], Market] = {}
        self._mapped: dict[tuple[object, ...], Mapped] = {}

    def market(self, place: Place, account: str) -> Market:
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

    def till(self, place: Place, account: str, machines: Iterable[Machine]) -> Till:
        """Return what prices ``machines`` at a place, where they send all they send."""
        market = self.market(place, account)
        sent = sum((machine.egress_gib or Decimal(0) for machine in machines), Decimal(0))
        return Till(market, egress_price(market, sent))

    def mapped(self, machine: Machine, market: Market) -> Mapped:
        size = machine.size
        alike = (
            str(market.place), size.vcpus, size.memory, size.arch, size.gpus, machine.firmware,
            len(machine.disks), machine.nics, machine.burstable, machine.plan, machine.os,
            machine.cpu_p95, machine.memory_p95,
        )  # fmt: skip
        if alike not in self._mapped:
            self._mapped[alike] = map_size(
                machine.need(), market, plan=machine.plan, system=machine.os or items.LINUX
            )
        return self._mapped[alike]


def _now(machines: Sequence[Machine], desk: _Desk) -> Column:
    groups: dict[tuple[str, str], list[Machine]] = {}
    for machine in machines:
        groups.setdefault(machine.home, []).append(machine)
    tills = {
        key: desk.till(group[0].place, group[0].account, group) for key, group in groups.items()
    }
    bills = []
    for machine in machines:
        offer = Offer(
            id=machine.offer or f"{machine.size.vcpus}x{machine.size.memory / 1024:g}",
            size=machine.size,
            firmware=frozenset({Firmware.UNKNOWN}),
        )
        told = tills[machine.home].lines(machine, offer)
        bills.append(Bill(machine, machine.place, offer, told))
    monthly = total((line for bill in bills for line in bill.lines), desk.currency)
    return Column("now", None, bills, monthly, Sum(Decimal(0), desk.currency))


def _leaving(machines: Sequence[Machine], desk: _Desk) -> Leaving:
    """Return what a GiB costs that leaves, by whose machines where all move at once."""
    leaving: dict[tuple[str, str], Decimal] = {}
    sent: dict[tuple[str, str], Decimal] = {}
    for machine in machines:
        leaving[machine.home] = leaving.get(machine.home, Decimal(0)) + machine.gib
        sent[machine.home] = sent.get(machine.home, Decimal(0)) + (machine.egress_gib or 0)
    return {
        home: egress_price(desk.market(Place.parse(home[0]), home[1]), gib, sent[home])
        for home, gib in leaving.items()
    }


def _there(
    machines: Sequence[Machine],
    now: Column,
    place: Place,
    desk: _Desk,
    leaving: Leaving,
    days: int,
) -> Column:
    till = desk.till(place, desk.account, machines)
    bills: list[Bill] = []
    moves = _Moves()
    for machine, stays in zip(machines, now.bills, strict=True):
        if machine.place == place:
            bills.append(stays)
            continue
        mapped = desk.mapped(machine, till.market)
        offer = mapped.match.offer
        if offer is None:
            missing = Line("compute", f"no size at {place}", Decimal(1), "hour", None, None)
            bills.append(Bill(machine, place, None, [missing], blocked=mapped.match.reason))
            continue
        told = till.lines(machine, offer)
        bills.append(Bill(machine, place, offer, told, why=mapped.match.reason))
        moves.add(_move(machine, told, leaving[machine.home], till.market, days))
    monthly = total((line for bill in bills for line in bill.lines), desk.currency)
    one_off = total(moves.lines(), desk.currency)
    overfull = _overfull(bills, till.market)
    return Column(str(place), place, bills, monthly, one_off, moves.lines(), overfull)


class _Moves:
    """What moving costs, of all machines together: a line for each price."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, int], Line] = {}

    def add(self, lines: Iterable[Line]) -> None:
        for line in lines:
            key = (line.what, line.item, id(line.price))
            if (sum_ := self._sums.get(key)) is not None:
                amount = None
                if sum_.amount is not None and line.amount is not None:
                    amount = sum_.amount + line.amount
                quantity = (sum_.quantity or 0) + (line.quantity or 0)
                line = line._replace(quantity=Decimal(quantity), amount=amount)
            self._sums[key] = line

    def lines(self) -> list[Line]:
        return list(self._sums.values())


def _overfull(bills: Iterable[Bill], market: Market) -> str:
    """Return what hosts of one's own lack to carry all machines at once; empty when nothing."""
    if not market.hosts:
        return ""
    sizes = [bill.offer.size for bill in bills if bill.offer is not None]
    for what, needed, there in (
        ("vCPUs", sum(s.vcpus for s in sizes), sum(h.vcpus for h in market.hosts)),
        ("MiB of memory", sum(s.memory for s in sizes), sum(h.memory for h in market.hosts)),
    ):
        if needed > there:
            return f"all machines together need {needed} {what}; the hosts there have {there}"
    return ""


def _move(
    machine: Machine, there: Iterable[Line], leaving: Price | None, market: Market, days: int
) -> Iterator[Line]:
    """Yield what moving once costs: what leaves, what is written, and both sides running."""
    if gib := machine.gib:
        sent = None if leaving is None else gib * leaving.amount
        yield Line("egress once", f"{items.EGRESS}*", gib, "GiB", leaving, sent)
        thousands = gib * BLOCKS_PER_GIB / 1000
        price = market.price(items.BLOCKS)
        written = None if price is None else thousands * price.amount
        yield Line("blocks once", items.BLOCKS, thousands, "1000 requests", price, written)
    twice = total(there, market.currency)
    share = Decimal(days) / DAYS_PER_MONTH
    yield Line("double running", "a month there", share, "month", None, twice.amount * share)
    for item in twice.unpriced:
        yield Line("double running", item, share, "month", None, None)
