"""What machines cost where they are and elsewhere, side by side."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from broker.catalog import Place, Price
from broker.cost.bill import Bill, Line, Sum, add
from broker.cost.fleet import Fleet, Lazy

MONTHS = 36


@dataclass(frozen=True)
class Column:
    """All machines at one place, or where they are now (``place`` is None).

    ``by_kind`` has the bill of each kind of machine, ``prices`` is what they are made of.
    ``cannot`` are the kinds that cannot be there. ``overfull`` says what hosts of one's own there
    lack to carry all of them: then its sums are of hosts that would have to be bought.
    """

    name: str
    place: Place | None
    fleet: Fleet
    by_kind: Sequence[Bill]
    monthly: Sum
    one_off: Sum
    prices: Sequence[Price]
    moves: Sequence[Line] = ()
    cannot: frozenset[int] = frozenset()
    overfull: str = ""

    @cached_property
    def bills(self) -> Sequence[Bill]:
        """The bill of each machine, made when it is asked for."""
        return Lazy(len(self.fleet), self._bill)

    @cached_property
    def blocked(self) -> Sequence[Bill]:
        """The bills of the machines that cannot be there."""
        return self._bills_of(self.cannot)

    def counted(self) -> Iterator[tuple[Bill, int]]:
        """Yield the bill of each kind, and how many machines have it."""
        return zip(self.by_kind, self.fleet.counts, strict=True)

    def after(self, months: int) -> Sum:
        """Return what so many months cost, moving there included."""
        amount = self.monthly.amount * months + self.one_off.amount
        unpriced = dict.fromkeys((*self.monthly.unpriced, *self.one_off.unpriced))
        return Sum(amount, self.monthly.currency, tuple(unpriced))

    def _bill(self, number: int) -> Bill:
        return self.by_kind[self.fleet.kind_of[number]]._replace(machine=self.fleet[number])

    def _bills_of(self, kinds: frozenset[int]) -> Sequence[Bill]:
        of = self.fleet.kind_of
        numbers = [number for number in range(len(of)) if of[number] in kinds] if kinds else []
        return Lazy(len(numbers), lambda index: self._bill(numbers[index]))


@dataclass(frozen=True)
class Report:
    """The comparison: ``now``, and one column a place asked for.

    ``unused`` are currencies in which there are prices that could not be used. ``not_offered``
    says which places do not offer the size that machines there are said to have, and what to do.
    ``untold`` is of how many machines nobody tells each of ``MAYBE_UNTOLD``.
    """

    currency: str
    made_on: datetime.date
    now: Column
    targets: Sequence[Column]
    unused: Sequence[str] = ()
    not_offered: Sequence[str] = ()
    untold: Mapping[str, int] = field(default_factory=dict)

    @property
    def fleet(self) -> Fleet:
        """The machines it is about."""
        return self.now.fleet

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
        if column.cannot or column.overfull:
            return None
        return column.one_off.amount / saved

    def pays_off(self, column: Column) -> str:
        """Return in a few words when moving there has paid for itself."""
        if column.place is None:
            return ""
        if (months := self.break_even(column)) is not None:
            return f"{months:.1f} months"
        if column.cannot or column.overfull:
            return "not possible"
        known = self.now.monthly.exact and column.after(0).exact
        return "never" if known else "not known"

    def by_label(self, key: str) -> dict[str, list[Sum]]:
        """Return the columns' monthly totals by the value of one label; "" are those without it."""
        fleet = self.fleet
        return self._by(fleet.own(number)[1].get(key, "") for number in range(len(fleet)))

    def by_provider(self) -> dict[str, list[Sum]]:
        """Return the columns' monthly totals by whose machines they are now."""
        providers = [kind.place.provider for kind in self.fleet.kinds]
        return self._by(providers[kind] for kind in self.fleet.kind_of)

    def _by(self, groups: Iterable[str]) -> dict[str, list[Sum]]:
        """Return the totals of groups of machines; ``groups`` tells each machine's."""
        counts: dict[str, Counter[int]] = {}
        for group, kind in zip(groups, self.fleet.kind_of, strict=True):
            counts.setdefault(group, Counter())[kind] += 1
        found: dict[str, list[Sum]] = {group: [] for group in sorted(counts)}
        for column in self.columns:
            totals = [bill.total(self.currency) for bill in column.by_kind]
            for group, sums in found.items():
                mine = ((totals[kind], count) for kind, count in counts[group].items())
                sums.append(add(mine, self.currency))
        return found

    def prices(self) -> list[Price]:
        """Return every price used, once."""
        used = {id(price): price for column in self.columns for price in column.prices}
        return sorted(used.values(), key=lambda price: (str(price.place), price.item))
