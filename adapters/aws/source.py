"""A snapshot, read block by block."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from adapters.aws.blocks import BLOCK, Blocks
from adapters.aws.errors import calling
from broker.disks.contract import Extent
from broker.errors import Invalid
from broker.model import GIB

if TYPE_CHECKING:
    from mypy_boto3_ebs import EBSClient

LISTED_A_CALL = 10_000
"""The most blocks one call lists."""


class SnapshotSource:
    """A complete snapshot. ``on_close`` gives back what was made only for reading."""

    def __init__(
        self,
        snapshot: str,
        size_gib: int,
        ebs: EBSClient,
        blocks: Blocks,
        on_close: Callable[[], None],
    ) -> None:
        self._snapshot = snapshot
        self._size = size_gib * GIB
        self._ebs = ebs
        self._blocks = blocks
        self._on_close = on_close
        self._tokens: dict[int, str] | None = None
        self._lock = threading.Lock()
        self._closed = False

    @property
    def size(self) -> int:
        """Length of the disk in bytes."""
        return self._size

    def extents(self) -> Iterator[Extent]:
        """Yield what was ever written, and the gaps between as zero."""
        position, start, end = 0, 0, 0
        for index in sorted(self._listed()):
            if index * BLOCK != end or end == start:
                if end > start:
                    yield Extent(start, end - start, zero=False)
                position, start = end, index * BLOCK
                if start > position:
                    yield Extent(position, start - position, zero=True)
            end = (index + 1) * BLOCK
        if end > start:
            yield Extent(start, end - start, zero=False)
        if end < self._size:
            yield Extent(end, self._size - end, zero=True)

    def pread_into(self, buffer: memoryview, offset: int) -> None:
        """Fill ``buffer`` with the bytes at ``offset``; reading beyond the end raises Invalid."""
        if offset < 0 or offset + len(buffer) > self._size:
            raise Invalid(f"bytes {offset} to {offset + len(buffer)} are not all on the disk")
        filled = 0
        while filled < len(buffer):
            index, inside = divmod(offset + filled, BLOCK)
            length = min(BLOCK - inside, len(buffer) - filled)
            self._read(index, inside, buffer[filled : filled + length])
            filled += length

    def close(self) -> None:
        """Close connections, and delete the snapshot if it was taken for this source."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._blocks.close()
        self._on_close()

    def _read(self, index: int, inside: int, into: memoryview) -> None:
        token = self._listed().get(index)
        if token is None:
            into[:] = bytes(len(into))
        elif len(into) == BLOCK:
            self._blocks.get(self._snapshot, index, token, into)
        else:
            whole = memoryview(bytearray(BLOCK))
            self._blocks.get(self._snapshot, index, token, whole)
            into[:] = whole[inside : inside + len(into)]

    def _listed(self) -> dict[int, str]:
        """The token of every block that was written; listed once, tokens are good for a week."""
        with self._lock:
            if self._tokens is None:
                self._tokens = self._list()
            return self._tokens

    def _list(self) -> dict[int, str]:
        tokens: dict[int, str] = {}
        asked: dict[str, Any] = {"SnapshotId": self._snapshot, "MaxResults": LISTED_A_CALL}
        while True:
            with calling("list blocks"):
                page = self._ebs.list_snapshot_blocks(**asked)
            # an empty page may be followed by others: only the token tells
            tokens |= {each["BlockIndex"]: each["BlockToken"] for each in page["Blocks"]}
            if not page.get("NextToken"):
                return tokens
            asked["NextToken"] = page["NextToken"]
