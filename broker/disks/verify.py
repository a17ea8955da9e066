"""The proof: read a disk back and compare it with what was copied."""

from __future__ import annotations

from itertools import islice

from blake3 import blake3

from broker.disks.blocks import Block, data_blocks, is_zero, read_block
from broker.disks.contract import Source
from broker.disks.copy import WORKERS
from broker.disks.manifest import MANIFEST_BLOCK, Manifest, count
from broker.disks.progress import Callback, Tally
from broker.disks.records import Records
from broker.disks.workers import Workers
from broker.errors import DataMismatch

_NAMED = 10
"""Blocks a message names; the rest it counts."""


def digest(source: Source, *, workers: int = WORKERS, progress: Callback | None = None) -> Manifest:
    """Return the manifest of all that ``source`` holds, reading only its data."""
    return _digest(source, source.size, workers, progress)


def verify(
    manifest: Manifest,
    target: Source,
    *,
    workers: int = WORKERS,
    progress: Callback | None = None,
) -> None:
    """Read ``target`` back; DataMismatch unless it is ``manifest``'s disk and zeroes behind it."""
    if target.size < manifest.size:
        raise DataMismatch(f"{manifest.size} bytes were copied, only {target.size} are there")
    found = _digest(target, manifest.size, workers, progress)
    if found.root == manifest.root:
        return
    named = list(islice(manifest.differing(found), _NAMED))
    total = sum(1 for _ in manifest.differing(found))
    more = f" and {total - len(named)} more" if total > len(named) else ""
    raise DataMismatch(
        f"{total} of {manifest.blocks} blocks of {MANIFEST_BLOCK} bytes read back differ:"
        f" {', '.join(map(str, named))}{more}"
    )


def _digest(source: Source, size: int, workers: int, progress: Callback | None) -> Manifest:
    """Return the manifest of the first ``size`` bytes; DataMismatch when zeroes do not follow."""
    records = Records.temporary(count(size))

    def visit(block: Block, buffer: memoryview, tally: Tally) -> None:
        view = read_block(source, block, buffer)
        start = block.number * MANIFEST_BLOCK
        inside, behind = view[: max(0, size - start)], view[max(0, size - start) :]
        if not is_zero(inside):
            records[block.number] = blake3(inside).digest()
        if not is_zero(behind):
            raise DataMismatch(f"the disk has data behind the {size} bytes that were copied")
        tally.read += sum(length for _, length in block.pieces)

    Workers(workers, data_blocks(source), visit).run(source, progress)
    return Manifest(size, records)
