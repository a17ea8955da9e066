"""Which byte ranges of a page blob were written, and which write each one comes from.

The stamp of the write makes a difference between two states of one disk exact: a page that was
written again with the same bytes has changed, a page no write touched since has not.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from operator import itemgetter

Range = tuple[int, int]
"""Bytes from the first number up to, not including, the second."""


class Extents:
    """Sorted ranges that do not overlap, each with the stamp of the write it comes from."""

    def __init__(self, pieces: Iterable[tuple[int, int, int]] = ()) -> None:
        self._pieces = list(pieces)

    def copy(self) -> Extents:
        return Extents(self._pieces)

    def write(self, start: int, end: int, stamp: int) -> None:
        self._replace(start, end, [(start, end, stamp)])

    def clear(self, start: int, end: int) -> None:
        self._replace(start, end, [])

    def within(self, start: int, end: int) -> list[Range]:
        """The written ranges inside these bounds, neighbours merged."""
        cut = ((max(a, start), min(b, end)) for a, b, _ in self._pieces)
        return list(_merged((a, b) for a, b in cut if a < b))

    def since(self, older: Extents) -> tuple[list[Range], list[Range]]:
        """What was written, and what was cleared, between the older state and this one."""
        edges = sorted({edge for x in (self, older) for piece in x._pieces for edge in piece[:2]})
        written, cleared = [], []
        now, then = _Cursor(self._pieces), _Cursor(older._pieces)
        for start, end in itertools.pairwise(edges):
            here, before = now.stamp(start), then.stamp(start)
            if here is not None and here != before:
                written.append((start, end))
            elif here is None and before is not None:
                cleared.append((start, end))
        return list(_merged(written)), list(_merged(cleared))

    def _replace(self, start: int, end: int, by: list[tuple[int, int, int]]) -> None:
        first = bisect_right(self._pieces, start, key=itemgetter(1))
        last = bisect_left(self._pieces, end, key=itemgetter(0))
        if first < last:
            before, after = self._pieces[first], self._pieces[last - 1]
            if before[0] < start:
                by = [(before[0], start, before[2]), *by]
            if after[1] > end:
                by = [*by, (end, after[1], after[2])]
        self._pieces[first:last] = by


class _Cursor:
    """Looks stamps up at growing offsets."""

    def __init__(self, pieces: list[tuple[int, int, int]]) -> None:
        self._pieces = pieces
        self._index = 0

    def stamp(self, offset: int) -> int | None:
        while self._index < len(self._pieces) and self._pieces[self._index][1] <= offset:
            self._index += 1
        if self._index == len(self._pieces) or self._pieces[self._index][0] > offset:
            return None
        return self._pieces[self._index][2]


def _merged(ranges: Iterable[Range]) -> Iterator[Range]:
    current: Range | None = None
    for start, end in ranges:
        if current is None:
            current = (start, end)
        elif current[1] == start:
            current = (current[0], end)
        else:
            yield current
            current = (start, end)
    if current is not None:
        yield current
