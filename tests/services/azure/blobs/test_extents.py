"""The written ranges of a blob, against a list with a stamp for every page."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.services.azure.blobs.extents import Extents, Range

PAGES = 24

step = st.tuples(
    st.integers(0, PAGES - 1), st.integers(1, PAGES), st.sampled_from(["write", "clear"])
)
steps = st.lists(step, max_size=12)


def apply(extents: Extents, pages: list[int | None], todo: list[tuple[int, int, str]]) -> None:
    for stamp, (start, length, what) in enumerate(todo, start=len(todo) * 1000):
        end = min(start + length, PAGES)
        if what == "write":
            extents.write(start, end, stamp)
        else:
            extents.clear(start, end)
        pages[start:end] = [stamp if what == "write" else None] * (end - start)


def ranges(marked: list[bool]) -> list[Range]:
    found, start = [], None
    for index, mark in enumerate([*marked, False]):
        if mark and start is None:
            start = index
        elif not mark and start is not None:
            found.append((start, index))
            start = None
    return found


@given(before=steps, after=steps, low=st.integers(0, PAGES), high=st.integers(0, PAGES))
def test_ranges_and_differences_are_those_of_single_pages(
    before: list[tuple[int, int, str]], after: list[tuple[int, int, str]], low: int, high: int
) -> None:
    extents = Extents()
    pages: list[int | None] = [None] * PAGES
    apply(extents, pages, before)
    older, was = extents.copy(), list(pages)
    apply(extents, pages, [*after, *after])  # stamps of their own: the list is longer

    within = [low <= i < high and page is not None for i, page in enumerate(pages)]
    assert extents.within(low, high) == ranges(within)
    written, cleared = extents.since(older)
    both = list(zip(was, pages, strict=True))
    assert written == ranges([now is not None and now != then for then, now in both])
    assert cleared == ranges([now is None and then is not None for then, now in both])
