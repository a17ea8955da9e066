"""Copying the disks of a migration, going on where an earlier try ended, and reading them back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from broker.disks.contract import Sink, Source, Streamed
from broker.disks.copy import copy
from broker.disks.descriptor import Descriptor
from broker.disks.journal import Journal
from broker.disks.manifest import HEADER, MANIFEST_BLOCK, Manifest, count, read_header
from broker.disks.progress import Progress
from broker.disks.records import Records
from broker.disks.verify import digest, verify
from broker.errors import DataMismatch, Invalid, NotFound
from broker.migrate.ends import Ends
from broker.migrate.events import BeganAnew, DiskProgress
from broker.migrate.facts import Copied, Facts
from broker.migrate.removal import remove_made
from broker.migrate.steps import CopyDisks, Disk, VerifyDisk


def copy_disks(step: CopyDisks, ends: Ends, facts: Facts, token: str) -> Facts:
    """Make new disks read as the step's volumes, and return the facts with what was done.

    What an earlier try sent is kept; the source is read again in full, unless all disks were
    whole when that died. DataMismatch when a disk does not hold what was written; that one is
    deleted.
    """
    whole = [_whole(disk, ends, own) for disk, own in step.tokens(token)]
    if all(whole):
        for disk, copied in zip(step.disks, whole, strict=True):
            assert copied is not None
            facts = facts.with_copied(disk.volume, copied)
        return facts
    with ExitStack() as stack:
        sources = [
            stack.enter_context(closing(ends.source.open_source(disk.volume)))
            for disk in step.disks
        ]
        for source, (disk, own) in zip(sources, step.tokens(token), strict=True):
            with _deleted_when_wrong(ends, own):
                facts = facts.with_copied(disk.volume, _Copy(step, disk, source, ends, own).make())
    return facts


def verify_disk(step: VerifyDisk, ends: Ends, facts: Facts) -> Facts:
    """Read a copied disk back; DataMismatch when it differs from its source, and it is deleted."""
    copied = facts.copied[step.volume]

    def tell(progress: Progress) -> None:
        ends.watch(DiskProgress(step=step, progress=progress))

    with _deleted_when_wrong(ends, copied.token):
        manifest = Manifest.load(ends.folder.journal(copied.token))
        with closing(ends.target.open_source(copied.disk)) as written:
            verify(manifest, written, progress=tell)
    return facts.with_read_back(step.volume, manifest.root)


def delete_copy(ends: Ends, token: str) -> None:
    """Delete the disk with this token, and what is known of it."""
    remove_made(ends.target, token)
    ends.folder.forget_copy(token)


def held_bytes(journal: Path) -> int:
    """Return how many bytes, in whole blocks, the disk of this journal holds; 0 without one."""
    if not journal.exists():
        return 0
    file = Descriptor(os.open(journal, os.O_RDONLY | os.O_CLOEXEC))
    header = read_header(file)
    if header is None:
        return 0
    blocks = count(header.size)
    held = sum(1 for _ in Records(file, blocks, HEADER).marked(0, blocks))
    return min(held * MANIFEST_BLOCK, header.size)


def _whole(disk: Disk, ends: Ends, token: str) -> Copied | None:
    """Return the copy of a run that had sent all of it, and died before it could say so.

    Its journal tells all of the source, which has held still since: there is nothing to read.
    """
    journal = ends.folder.journal(token)
    try:
        manifest = Manifest.load(journal)
    except (Invalid, NotFound):
        return None
    size = max(disk.size, manifest.size)
    with closing(ends.target.open_sink(size, name=disk.name, token=token)) as sink:
        if sink.id != manifest.sink:
            return None
        return Copied(
            token=token,
            disk=sink.commit(manifest),
            source_size=manifest.size,
            size=sink.size,
            root=manifest.root,
            read=0,
            sent=0,
            skipped=held_bytes(journal),
        )


@contextmanager
def _deleted_when_wrong(ends: Ends, token: str) -> Iterator[None]:
    try:
        yield
    except DataMismatch:
        delete_copy(ends, token)
        raise


class _Copy:
    """One disk on its way."""

    def __init__(self, step: CopyDisks, disk: Disk, source: Source, ends: Ends, token: str) -> None:
        self._step = step
        self._source = source
        self._ends = ends
        self._token = token
        self._name = disk.name
        self._size = max(disk.size, source.size)
        self._one_stream = (
            f"disk {disk.name} is sent from its beginning: its service takes a disk as one stream, "
            "and keeps nothing of one that broke"
        )
        self._journal = ends.folder.journal(token)
        self._read = 0

    def make(self) -> Copied:
        """Go on from what is known to be there, or start anew."""
        if not self._journal.exists():
            # Nobody knows any more what an earlier try has written.
            remove_made(self._ends.target, self._token)
        with closing(self._open()) as sink:
            if not sink.sealed:
                return self._copy(sink)
            finished = self._finished(sink)
            if finished is not None:
                return finished
            # It takes no more writes, and the source has changed since.
            sink.abort()
            delete_copy(self._ends, self._token)
        with closing(self._open()) as sink:
            return self._copy(sink)

    def _open(self) -> Sink:
        return self._ends.target.open_sink(self._size, name=self._name, token=self._token)

    def _copy(self, sink: Sink) -> Copied:
        streamed = isinstance(sink, Streamed)
        if streamed and held_bytes(self._journal):
            self._ends.watch(BeganAnew(step=self._step, why=self._one_stream))
        try:
            done = copy(self._source, sink, journal=self._journal, progress=self._tell)
        except BaseException as error:
            if streamed and not sink.sealed:
                self._ends.folder.forget_copy(self._token)
                error.add_note(f"next time {self._one_stream}")
            raise
        return Copied(
            token=self._token,
            disk=done.id,
            source_size=done.size,
            size=sink.size,
            root=done.root,
            read=done.bytes_read,
            sent=done.bytes_sent,
            skipped=done.bytes_skipped,
        )

    def _finished(self, sink: Sink) -> Copied | None:
        """Return the copy an earlier try has sealed, when the source still reads the same."""
        with closing(Journal(self._journal, sink=sink.id, size=self._source.size)) as journal:
            root = Manifest(self._source.size, journal.records).root
            if digest(self._source, progress=self._tell).root != root:
                return None
            disk = sink.commit(journal.complete())
        return Copied(
            token=self._token,
            disk=disk,
            source_size=self._source.size,
            size=sink.size,
            root=root,
            read=self._read,
            sent=0,
            skipped=self._read,
        )

    def _tell(self, progress: Progress) -> None:
        self._read = progress.done
        self._ends.watch(DiskProgress(step=self._step, progress=progress))
