"""The one function through which every disk's bytes pass."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from blake3 import blake3

from broker.disks.blocks import Block, data_blocks, is_zero, read_block
from broker.disks.contract import Sink, Source, Streamed
from broker.disks.journal import IN_DOUBT, Journal
from broker.disks.manifest import MANIFEST_BLOCK
from broker.disks.progress import Callback, Tally
from broker.disks.records import ZERO, Records
from broker.disks.workers import Workers
from broker.errors import Invalid, Unsupported
from broker.model.base import Bytes, Strict

WORKERS = 6
"""Enough in flight to fill 1 Gbit/s at 20 ms a block. Onto a local disk, where writers only take
turns, 2 are 8 % faster and 8 are 4 % slower (measured with tests/bench/copy.py on two processors).
"""

GRAIN = 32 * 1024
"""Zeroes are left out of a block in runs of this: shorter ones cost less to send than to skip."""


class Copied(Strict):
    """What a finished copy did, in this run; ``root`` is over the source's ``size`` bytes.

    ``blocks`` counts those with anything but zeroes; ``bytes_skipped`` were read, and held already.
    """

    id: str
    size: Bytes
    root: str
    blocks: int
    bytes_read: Bytes
    bytes_sent: Bytes
    bytes_skipped: Bytes
    seconds: float


def copy(
    source: Source,
    sink: Sink,
    *,
    journal: Path,
    workers: int = WORKERS,
    progress: Callback | None = None,
) -> Copied:
    """Make ``sink`` read as ``source``, padded with zeroes, commit it, and return what was done.

    Run again with the same sink and journal after an error, Ctrl-C or a kill, it sends only what
    the sink does not hold; the source is read again in full, so it may have changed in between. A
    finished journal loads as the source's manifest. The first error is raised as it is; the sink is
    neither closed nor aborted.
    """
    began = time.monotonic()
    if source.size > sink.size:
        raise Invalid(f"a disk of {source.size} bytes does not fit into one of {sink.size}")
    if MANIFEST_BLOCK % sink.block:
        raise Unsupported(f"blocks of {sink.block} bytes do not divide {MANIFEST_BLOCK}")
    held = Journal(journal, sink=sink.id, size=source.size)
    transfer = _Transfer(source, sink, held.records)
    streamed = sink if isinstance(sink, Streamed) else None
    if streamed and streamed.in_order:
        workers = 1
    threads = Workers(workers, _to_visit(source, held.records), transfer.visit)
    try:
        if streamed:
            streamed.expect(_most_sent(source, max(GRAIN, sink.block)))
        threads.run(source, progress)
        manifest = held.complete()
        sealed, root = sink.commit(manifest), manifest.root
    finally:
        threads.at_end(held.close)
    return Copied(
        id=sealed,
        size=source.size,
        root=root,
        blocks=sum(tally.blocks for tally in threads.tallies),
        bytes_read=sum(tally.read for tally in threads.tallies),
        bytes_sent=sum(tally.sent for tally in threads.tallies),
        bytes_skipped=sum(tally.skipped for tally in threads.tallies),
        seconds=time.monotonic() - began,
    )


class _Transfer:
    """One block from the source to the sink, in whichever thread."""

    def __init__(self, source: Source, sink: Sink, records: Records) -> None:
        self._source = source
        self._sink = sink
        self._sealed = sink.sealed
        self._align = sink.block
        self._records = records

    def visit(self, block: Block, buffer: memoryview, tally: Tally) -> None:
        """Read and hash a block, send it unless the sink holds it, and note that it does."""
        view = read_block(self._source, block, buffer)
        digest = ZERO if is_zero(view) else blake3(view).digest()
        held = self._records[block.number]
        read = sum(length for _, length in block.pieces)
        if held == digest:
            tally.skipped += read
        else:
            if not self._sealed:
                # Killed in the middle, the sink holds neither the old bytes nor the new.
                self._records[block.number] = IN_DOUBT
                tally.sent += self._send(block, buffer, len(view), fresh=held == ZERO)
            self._records[block.number] = digest
        tally.blocks += digest != ZERO
        tally.read += read

    def _send(self, block: Block, buffer: memoryview, length: int, *, fresh: bool) -> int:
        """Write the block, only what is not zero if the sink's is still ``fresh``."""
        padded = -(-length // self._align) * self._align
        buffer[length:padded] = bytes(padded - length)
        sent = 0
        runs = _data_runs(buffer[:padded], max(GRAIN, self._align)) if fresh else [(0, padded)]
        for start, stop in runs:
            self._sink.pwrite(buffer[start:stop], block.number * MANIFEST_BLOCK + start)
            sent += stop - start
        return sent


def _most_sent(source: Source, grain: int) -> int:
    """Return what is written at most: each piece of data, in whole grains."""
    return sum(
        (-(-(offset + length) // grain) - offset // grain) * grain
        for block in data_blocks(source)
        for offset, length in block.pieces
    )


def _to_visit(source: Source, records: Records) -> Iterator[Block]:
    """Yield the blocks with data, and those without that an earlier run has written."""
    ahead = 0
    for block in data_blocks(source):
        yield from (Block(number, ()) for number in records.marked(ahead, block.number))
        yield block
        ahead = block.number + 1
    yield from (Block(number, ()) for number in records.marked(ahead, records.count))


def _data_runs(view: memoryview, grain: int) -> Iterator[tuple[int, int]]:
    """Yield start and stop of each run of grains that are not all zero."""
    start: int | None = None
    for at in range(0, len(view), grain):
        zero = is_zero(view[at : at + grain])
        if zero and start is not None:
            yield start, at
            start = None
        elif not zero and start is None:
            start = at
    if start is not None:
        yield start, len(view)
