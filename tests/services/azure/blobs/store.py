"""The page blobs behind disks and snapshots: bytes in Azurite, written ranges here.

Azurite does not tell what changed between two snapshots and does not merge neighbouring ranges,
so the ranges are kept on this side of it.
"""

from __future__ import annotations

import itertools
import math
import threading
from dataclasses import dataclass, field

from tests.services.azure.blobs.azurite import Azurite, Reply, page_write
from tests.services.azure.blobs.extents import Extents

PAGE = 512
MAX_PUT = 4 * 1024 * 1024
"""https://learn.microsoft.com/rest/api/storageservices/put-page: at most 4 MiB at once."""


@dataclass
class Blob:
    """One page blob. Only those of one ``family`` can be compared.

    ``taken`` orders them: a snapshot's is when its copy was made, a disk's own is later than all.
    """

    name: str
    size: int
    family: str
    extents: Extents = field(default_factory=Extents)
    taken: float = math.inf
    lock: threading.Lock = field(default_factory=threading.Lock)


class Store:
    """Page blobs by name. Callers keep ranges inside the blob and on page boundaries."""

    def __init__(self, azurite: Azurite) -> None:
        self.azurite = azurite
        self._blobs: dict[str, Blob] = {}
        self._stamps = itertools.count(1)

    def __getitem__(self, name: str) -> Blob:
        return self._blobs[name]

    def create(self, name: str, size: int) -> Blob:
        """A new blob of zeros."""
        if not self._blobs:
            self.azurite.open()
        self.azurite.create(name, size)
        blob = self._blobs[name] = Blob(name, size, family=name)
        return blob

    def copy(self, name: str, to: str, *, snapshot_of: str | None = None) -> Blob:
        """Another blob with the bytes this one has now.

        A copy that nobody writes to joins the family it is a ``snapshot_of``; others begin their
        own.
        """
        origin = self._blobs[name]
        with origin.lock:
            self.azurite.copy(name, to)
            blob = Blob(to, origin.size, snapshot_of or to, origin.extents.copy())
            blob.taken = next(self._stamps) if snapshot_of else math.inf
        self._blobs[to] = blob
        return blob

    def resize(self, name: str, size: int) -> None:
        blob = self._blobs[name]
        with blob.lock:
            self.azurite.resize(name, size)
            blob.extents.clear(size, max(size, blob.size))
            blob.size = size

    def delete(self, name: str) -> None:
        """Quiet when there is none."""
        if self._blobs.pop(name, None):
            self.azurite.delete(name)

    def forget(self) -> None:
        """Delete all of them."""
        for name in list(self._blobs):
            self.delete(name)

    def write(self, name: str, offset: int, data: bytes | memoryview) -> None:
        for start in range(0, len(data), MAX_PUT):
            part = data[start : start + MAX_PUT]
            self.azurite.write(name, offset + start, part)
            self._written(self._blobs[name], offset + start, len(part))

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        left = self._blobs[name].size - offset if length is None else length
        return self.azurite.read(name, offset, left)

    def put_page(
        self, blob: Blob, offset: int, data: bytes | memoryview, conditions: dict[str, str]
    ) -> Reply:
        """Write pages if the conditions hold; Azurite's answer."""
        headers = page_write(offset, len(data)) | conditions
        reply = self.azurite.ask("PUT", blob.name, "comp=page", headers, data)
        if reply.status == 201:
            self._written(blob, offset, len(data))
        return reply

    def clear_page(self, blob: Blob, offset: int, length: int, conditions: dict[str, str]) -> Reply:
        """Clear pages if the conditions hold; Azurite's answer."""
        headers = page_write(offset, length) | {"x-ms-page-write": "clear"} | conditions
        reply = self.azurite.ask("PUT", blob.name, "comp=page", headers)
        if reply.status == 201:
            with blob.lock:
                blob.extents.clear(offset, offset + length)
        return reply

    def _written(self, blob: Blob, offset: int, length: int) -> None:
        with blob.lock:
            blob.extents.write(offset, offset + length, next(self._stamps))
