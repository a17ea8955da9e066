"""The cheapest fitting offer for very many needs at once.

A table over the vCPU and memory levels that offers really have: in each cell the cheapest offer
that has at least so much of both, for each architecture. A need is then two binary searches and one
look-up, and a hundred thousand of them are a few NumPy calls.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from broker.model import Arch, Offer

Integers = npt.NDArray[np.int64]

NONE = -1
"""What a need gets that no offer fits."""


class CheapestTable:
    """Built once for some offers; those without a price, and in all but one currency, stay out.

    Everything but architecture, vCPUs and memory must hold for all needs alike: leave out before
    what lacks it.
    """

    def __init__(self, offers: Sequence[Offer], currency: str = "USD") -> None:
        self.offers = sorted(
            (
                offer
                for offer in offers
                if offer.price_per_hour and offer.price_per_hour.currency == currency
            ),
            key=lambda offer: (
                offer.price_per_hour.amount if offer.price_per_hour else 0,
                offer.size.vcpus,
                offer.size.memory,
                offer.id,
            ),
        )
        self._arches = sorted({offer.size.arch for offer in self.offers})
        vcpus = np.array([offer.size.vcpus for offer in self.offers], np.int64)
        memory = np.array([offer.size.memory for offer in self.offers], np.int64)
        arch = np.array([self._arches.index(offer.size.arch) for offer in self.offers], np.int64)
        self._vcpus, row = np.unique(vcpus, return_inverse=True)
        self._memory, column = np.unique(memory, return_inverse=True)
        # One row and column more than there are levels: where a need beyond the largest ends up.
        shape = (len(self._arches) + 1, len(self._vcpus) + 1, len(self._memory) + 1)
        table = np.full(shape, len(self.offers), np.int64)
        np.minimum.at(table, (arch, row, column), np.arange(len(self.offers)))
        for axis in (1, 2):  # what is large enough for a level is so for all below it
            table = np.flip(np.minimum.accumulate(np.flip(table, axis), axis), axis)
        table[table == len(self.offers)] = NONE
        self._table = table

    def arches(self, wanted: Sequence[Arch]) -> Integers:
        """Return architectures as ``cheapest`` takes them."""
        known = {arch: number for number, arch in enumerate(self._arches)}
        return np.array([known.get(arch, len(known)) for arch in wanted], np.int64)

    def cheapest(self, vcpus: Integers, memory: Integers, arches: Integers) -> Integers:
        """Return for each need the number of its offer in ``offers``, NONE where nothing fits."""
        rows = np.searchsorted(self._vcpus, vcpus)
        columns = np.searchsorted(self._memory, memory)
        found: Integers = self._table[arches, rows, columns]
        return found
