"""Many machines, of which many are alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import TypeVar, overload

from broker.cost.machine import Machine
from broker.model import Labels

Item = TypeVar("Item", covariant=True)

KEPT = 20_000
"""A report of so many machines makes none of its values twice; a longer one stays as small."""


class Lazy(Sequence[Item]):
    """Values that are made when somebody asks for them; the last ones are kept."""

    def __init__(self, count: int, make: Callable[[int], Item]) -> None:
        """Take how many there are, and what makes the one of a number."""
        self._count = count
        self._make = lru_cache(maxsize=KEPT)(make)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Item]:
        return map(self._make, range(self._count))

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        if isinstance(index, slice):
            return [self._make(each) for each in range(self._count)[index]]
        return self._make(range(self._count)[index])


class Fleet(Lazy[Machine]):
    """Machines in their order. Those that differ in name and labels alone are of one kind.

    A machine's price is its kind's, so each kind is priced once.
    """

    def __init__(
        self,
        kinds: Sequence[Machine],
        kind_of: Sequence[int],
        own: Callable[[int], tuple[str, Labels]],
    ) -> None:
        """Take the kinds, which of them each machine is of, and its own name and labels."""
        self.kinds = kinds
        self.kind_of = kind_of
        self.own = own
        super().__init__(len(kind_of), self._machine)

    @classmethod
    def of(cls, machines: Sequence[Machine]) -> Fleet:
        """Return machines as a fleet; a list of them has as many kinds."""
        if isinstance(machines, Fleet):
            return machines
        return cls(
            machines,
            range(len(machines)),
            lambda number: (machines[number].name, machines[number].labels),
        )

    def completed(self, **told: object) -> Fleet:
        """Return the fleet with what nobody tells of a machine taken from ``told``."""
        kinds = Lazy(len(self.kinds), lambda number: self.kinds[number].completed(**told))
        return Fleet(kinds, self.kind_of, self.own)

    @cached_property
    def counts(self) -> Sequence[int]:
        """How many machines are of each kind."""
        counted = Counter(self.kind_of)
        return [counted[number] for number in range(len(self.kinds))]

    def _machine(self, number: int) -> Machine:
        kind = self.kinds[self.kind_of[number]]
        name, labels = self.own(number)
        if kind.name == name and kind.labels == labels:
            return kind
        return kind.model_copy(update={"name": name, "labels": labels})
