"""A snapshot that is being written, block by block."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from adapters.aws.blocks import BLOCK, Blocks
from adapters.aws.errors import PROVIDER, calling
from adapters.aws.waiting import VISIBLE_SECONDS
from broker.disks.blocks import is_zero
from broker.disks.manifest import MANIFEST_BLOCK, Manifest
from broker.errors import Conflict, DataMismatch, Invalid, NotFound, Transient
from broker.model import GIB

if TYPE_CHECKING:
    from mypy_boto3_ebs import EBSClient

assert MANIFEST_BLOCK == BLOCK


class SnapshotSink:
    """One snapshot, open for writing until it is committed.

    Blocks of zeroes are not sent to a fresh snapshot: what was never written reads as zeroes. One
    that an earlier run began holds blocks we know no hash of, as it cannot be read before it is
    sealed: there zeroes are sent too, as they may replace something.
    """

    def __init__(
        self,
        snapshot: str,
        size_gib: int,
        ebs: EBSClient,
        blocks: Blocks,
        *,
        fresh: bool,
        sealed: bool,
        wait_completed: Callable[[], object],
        is_completed: Callable[[], bool],
        delete: Callable[[], None],
    ) -> None:
        self._snapshot = snapshot
        self._size = size_gib * GIB
        self._ebs = ebs
        self._blocks = blocks
        self._fresh = fresh
        self._sealed = sealed
        self._wait_completed = wait_completed
        self._is_completed = is_completed
        self._delete = delete
        self._digests: dict[int, bytes] = {}
        self._opened = time.monotonic()
        self._lock = threading.Lock()

    @property
    def id(self) -> str:
        """The snapshot's id."""
        return self._snapshot

    @property
    def size(self) -> int:
        """Length in bytes: what was asked for, rounded up to whole GiB."""
        return self._size

    @property
    def block(self) -> int:
        """Writes start and end on multiples of this."""
        return BLOCK

    @property
    def sealed(self) -> bool:
        """True when it was committed: it takes no more writes."""
        return self._sealed

    def pwrite(self, data: memoryview, offset: int) -> None:
        """Write at ``offset``. The same bytes may come twice; an unaligned write raises Invalid."""
        if offset % BLOCK or len(data) % BLOCK:
            raise Invalid(f"a write of {len(data)} bytes at {offset} is not of whole blocks")
        if offset < 0 or offset + len(data) > self._size:
            raise Invalid(f"bytes {offset} to {offset + len(data)} are not all on the disk")
        if self._sealed:
            raise Conflict(f"{self._snapshot} is committed: it takes no more writes")
        for start in range(0, len(data), BLOCK):
            self._put((offset + start) // BLOCK, data[start : start + BLOCK])

    def commit(self, manifest: Manifest) -> str:
        """Seal the snapshot and return its id once it is complete. May be called twice.

        The service checks the number of blocks, and the hash over all of them where we know all;
        DataMismatch when it disagrees.
        """
        if not self._sealed:
            self._complete(manifest)
            self._sealed = True
        self._wait_completed()
        return self._snapshot

    def abort(self) -> None:
        """Delete what was filled so far. May be called twice; quiet when it is gone."""
        self._delete()
        self.close()

    def close(self) -> None:
        """Close connections and keep what was written. May be called twice."""
        self._blocks.close()

    def _put(self, index: int, data: memoryview) -> None:
        if self._fresh and index not in self._digests and is_zero(data):
            return
        digest = hashlib.sha256(data).digest()
        try:
            self._blocks.put(self._snapshot, index, data, digest)
        except NotFound as error:
            if time.monotonic() - self._opened > VISIBLE_SECONDS:
                raise
            raise Transient(
                f"{self._snapshot} is not visible everywhere yet", provider=PROVIDER
            ) from error
        with self._lock:
            self._digests[index] = digest

    def _complete(self, manifest: Manifest) -> None:
        earlier = {index for index in _data(manifest) if index not in self._digests}
        checked = {} if earlier else self._aggregate()
        try:
            with calling("complete disk"):
                self._ebs.complete_snapshot(
                    SnapshotId=self._snapshot,
                    ChangedBlocksCount=len(self._digests) + len(earlier),
                    **checked,  # type: ignore[arg-type]
                )
        except Invalid as error:
            if self._is_completed():
                return
            raise DataMismatch(
                f"{self._snapshot} does not hold what was written: {error.message}",
                hint="Start the copy of this disk anew",
                provider=PROVIDER,
                operation="complete disk",
                code=error.code,
                request_id=error.request_id,
            ) from error

    def _aggregate(self) -> dict[str, str]:
        """The hash over the hashes of all blocks, in order."""
        linear = b"".join(self._digests[index] for index in sorted(self._digests))
        return {
            "Checksum": base64.b64encode(hashlib.sha256(linear).digest()).decode(),
            "ChecksumAlgorithm": "SHA256",
            "ChecksumAggregationMethod": "LINEAR",
        }


def _data(manifest: Manifest) -> set[int]:
    """The blocks that the manifest says are not all zeroes."""
    count = -(-manifest.size // MANIFEST_BLOCK)
    return {index for index in range(count) if manifest.digest(index) is not None}
