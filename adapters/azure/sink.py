"""A managed disk that is being uploaded."""

from __future__ import annotations

from collections.abc import Callable

from adapters.azure.errors import PROVIDER
from adapters.azure.pages import PAGE, Pages
from broker.disks.manifest import Manifest
from broker.errors import Conflict, Invalid


class DiskSink:
    """One disk, open for writing until it is committed.

    A page that was never written reads as zeroes, so zeroes need not be sent. What was written
    stays when the connection goes, until the disk is committed or deleted.
    """

    block = PAGE

    def __init__(
        self,
        id: str,
        size: int,
        pages: Pages,
        *,
        sealed: bool,
        footer: Callable[[], bytes],
        seal: Callable[[], None],
        is_sealed: Callable[[], bool],
        delete: Callable[[], None],
    ) -> None:
        self.id = id
        self.size = size
        self.sealed = sealed
        self._pages = pages
        self._footer = footer
        self._seal = seal
        self._is_sealed = is_sealed
        self._delete = delete

    def pwrite(self, data: memoryview, offset: int) -> None:
        """Write at ``offset``. The same bytes may come twice; an unaligned write raises Invalid."""
        if offset % PAGE or len(data) % PAGE:
            raise Invalid(
                f"a write of {len(data)} bytes at {offset} is not in whole pages of {PAGE}",
                provider=PROVIDER,
            )
        if offset < 0 or offset + len(data) > self.size:
            raise Invalid(f"bytes {offset} to {offset + len(data)} are not all on the disk")
        if self.sealed:
            raise Conflict(f"{self.id} is committed: it takes no more writes", provider=PROVIDER)
        self._pages.put(data, offset)

    def commit(self, manifest: Manifest) -> str:
        """Write the footer, end the upload and return the disk's id. May be called twice."""
        if not self.sealed:
            self.end()
        return self.id

    def end(self) -> None:
        """Write the footer and end the upload, whatever was written before."""
        try:
            self._pages.put(memoryview(self._footer()), self.size)
            self._seal()
        except Conflict:
            # an earlier try, of which we were not told, has ended it since
            if not self._is_sealed():
                raise
        self.sealed = True

    def abort(self) -> None:
        """Delete what was filled so far. May be called twice; quiet when it is gone."""
        self._delete()
        self.close()

    def close(self) -> None:
        """Close connections and keep what was written. May be called twice."""
        self._pages.close()
