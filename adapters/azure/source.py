"""A snapshot, read in ranges."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

from adapters.azure.errors import PROVIDER
from adapters.azure.pages import Pages, Range
from broker.disks.contract import Extent
from broker.errors import Invalid, Unsupported


class SnapshotSource:
    """A complete snapshot of ``size`` bytes; what the service shows is longer by a VHD's footer.

    ``family`` is shared by those incremental snapshots of one disk that the service can compare.
    ``on_close`` gives back what was made only for reading.
    """

    def __init__(
        self, size: int, pages: Pages, *, family: str | None, on_close: Callable[[], None]
    ) -> None:
        self._size = size
        self._pages = pages
        self._family = family
        self._on_close = on_close
        self._lock = threading.Lock()
        self._closed = False

    @property
    def size(self) -> int:
        """Length of the disk in bytes."""
        return self._size

    def extents(self) -> Iterator[Extent]:
        """Yield what was ever written, and the gaps between as zero."""
        position = 0
        for start, stop, _ in _joined(self._within(self._pages.ranges())):
            if start > position:
                yield Extent(position, start - position, zero=True)
            yield Extent(start, stop - start, zero=False)
            position = stop
        if position < self._size:
            yield Extent(position, self._size - position, zero=True)

    def changed(self, since: SnapshotSource) -> Iterator[tuple[int, int]]:
        """Yield offset and length of each run that is not as it was in an earlier snapshot.

        Unsupported unless both are incremental snapshots of one disk.
        """
        if self._family is None or self._family != since._family:
            raise Unsupported(
                "only incremental snapshots of one disk can be compared", provider=PROVIDER
            )
        ranges = self._pages.ranges(since._pages.access.url())
        for start, stop, _ in _joined(self._within(ranges)):
            yield start, stop - start

    def pread_into(self, buffer: memoryview, offset: int) -> None:
        """Fill ``buffer`` with the bytes at ``offset``; reading beyond the end raises Invalid."""
        if offset < 0 or offset + len(buffer) > self._size:
            raise Invalid(f"bytes {offset} to {offset + len(buffer)} are not all on the disk")
        if len(buffer):
            self._pages.get(buffer, offset)

    def close(self) -> None:
        """Close connections, and give back what was made for this source. May be called twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._pages.close()
        self._on_close()

    def _within(self, ranges: Iterable[Range]) -> Iterator[Range]:
        """Leave the footer out."""
        for each in ranges:
            if each.start < self._size:
                yield each._replace(stop=min(each.stop, self._size))


def _joined(ranges: Iterable[Range]) -> Iterator[Range]:
    """Yield ranges with neighbours made one."""
    last: Range | None = None
    for each in ranges:
        if last is not None and each.start <= last.stop:
            last = last._replace(stop=max(last.stop, each.stop))
            continue
        if last is not None:
            yield last
        last = each
    if last is not None:
        yield last
