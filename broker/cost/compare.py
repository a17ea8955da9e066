"""The comparison: every machine priced where it is and at each place asked for."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

from broker.catalog import Catalogue, Place, Price
from broker.catalog.market import Rates
from broker.cost.bill import Bill, Line, Sum, egress_price, total
from broker.cost.desk import Desk
from broker.cost.fleet import Fleet, Lazy
from broker.cost.machine import MAYBE_UNTOLD, Machine
from broker.cost.moving import DOUBLE_RUNNING_DAYS, Moves
from broker.cost.report import Column, Report
from broker.cost.room import Room
from broker.errors import ConfigError


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
    desk = Desk(catalogue, currency, rates, account)
    fleet = Fleet.of(machines)
    whole = _Whole(fleet)
    now = _Now(fleet, whole, desk)
    targets = [_There(place, now, whole, desk, double_running_days) for place in places]
    for kind, count in enumerate(fleet.counts):
        now.add(kind, count)
        for target in targets:
            target.add(kind, count)
    today = datetime.datetime.now(datetime.UTC).date()
    return Report(
        currency,
        today,
        now.column(),
        [target.column(fleet) for target in targets],
        desk.other_currencies(),
        now.not_offered(),
        whole.untold,
    )


class _Whole:
    """What must be known of all machines before one is priced.

    What they send in a month, and what would leave if all moved, by who pays for it: traffic has
    tiers that count for all machines of an account together. And of how many what is not told.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.sent: dict[tuple[str, str], Decimal] = {}
        self.leaving: dict[tuple[str, str], Decimal] = {}
        self.untold: dict[str, int] = dict.fromkeys(MAYBE_UNTOLD, 0)
        for machine, count in zip(fleet.kinds, fleet.counts, strict=True):
            home = machine.home
            sent = (machine.egress_gib or 0) * count
            self.sent[home] = self.sent.get(home, Decimal(0)) + sent
            self.leaving[home] = self.leaving.get(home, Decimal(0)) + machine.gib * count
            for name in MAYBE_UNTOLD:
                if getattr(machine, name) is None:
                    self.untold[name] += count


class _Now:
    """The machines where they are."""

    def __init__(self, fleet: Fleet, whole: _Whole, desk: Desk) -> None:
        self.bills = Lazy(len(fleet.kinds), self._bill)
        self._fleet = fleet
        self._desk = desk
        self._tills = {
            home: desk.till(Place.parse(home[0]), home[1], sent)
            for home, sent in whole.sent.items()
        }
        self._added = _Added(desk.currency)
        self._absent: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def _bill(self, kind: int) -> Bill:
        machine = self._fleet.kinds[kind]
        till = self._tills[machine.home]
        offer, absent = self._desk.held(machine, till.market)
        return Bill(machine, machine.place, offer, till.lines(machine, offer), not_offered=absent)

    def add(self, kind: int, count: int) -> None:
        """Add the machines of one kind."""
        bill = self.bills[kind]
        self._added.add(bill, count)
        if absent := bill.not_offered:
            self._absent[absent] += count
            self._first.setdefault(absent, bill.machine.name)

    def column(self) -> Column:
        added, nothing = self._added, Sum(Decimal(0), self._desk.currency)
        return Column("now", None, self._fleet, self.bills, added.sum(), nothing, added.prices())

    def not_offered(self) -> list[str]:
        """Return of which machines the place does not offer the size, each case once."""
        return [
            f"{absent} ({self._first[absent]}{f' and {count - 1} more' if count > 1 else ''})"
            for absent, count in self._absent.items()
        ]


class _There:
    """The machines at a place asked for."""

    def __init__(self, place: Place, now: _Now, whole: _Whole, desk: Desk, days: int) -> None:
        self.bills = Lazy(len(now.bills), self._bill)
        self._place = place
        self._now = now
        self._desk = desk
        self._till = desk.till(place, desk.account, sum(whole.sent.values(), Decimal(0)))
        leaving = {
            home: egress_price(desk.market(Place.parse(home[0]), home[1]), gib, whole.sent[home])
            for home, gib in whole.leaving.items()
        }
        self._added = _Added(desk.currency)
        self._moves = Moves(self._till.market, leaving, days)
        self._room = Room(self._till.market.hosts)
        self._cannot: set[int] = set()

    def _bill(self, kind: int) -> Bill:
        stays = self._now.bills[kind]
        machine = stays.machine
        if machine.place == self._place:
            return stays
        match = self._desk.mapped(machine, self._till.market).match
        if match.offer is None:
            lines = [Line("compute", f"no size at {self._place}", Decimal(1), "hour", None, None)]
            return Bill(machine, self._place, None, lines, blocked=match.reason)
        lines = self._till.lines(machine, match.offer)
        return Bill(machine, self._place, match.offer, lines, why=match.reason)

    def add(self, kind: int, count: int) -> None:
        """Add the machines of one kind."""
        bill = self.bills[kind]
        month = self._added.add(bill, count)
        if bill.offer is None:
            self._cannot.add(kind)
            return
        self._room.take(bill.offer.size, count)
        if bill.machine.place != self._place:
            self._moves.add(bill.machine, month, count)

    def column(self, fleet: Fleet) -> Column:
        moves = self._moves.lines()
        self._added.use(moves)
        return Column(
            str(self._place),
            self._place,
            fleet,
            self.bills,
            self._added.sum(),
            total(moves, self._desk.currency),
            self._added.prices(),
            moves,
            frozenset(self._cannot),
            self._room.lacks(),
        )


class _Added:
    """The bills of a column, added up as they are made."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._amount = Decimal(0)
        self._unpriced: dict[str, None] = {}
        self._prices: dict[int, Price] = {}

    def add(self, bill: Bill, count: int) -> Sum:
        """Add so many bills alike; return what one of them comes to."""
        one = bill.total(self._currency)
        self._amount += one.amount * count
        self._unpriced.update(dict.fromkeys(one.unpriced))
        self.use(bill.lines)
        return one

    def use(self, lines: Iterable[Line]) -> None:
        for line in lines:
            if line.price is not None:
                self._prices[id(line.price)] = line.price

    def sum(self) -> Sum:
        return Sum(self._amount, self._currency, tuple(self._unpriced))

    def prices(self) -> Sequence[Price]:
        return tuple(self._prices.values())
