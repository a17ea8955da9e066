"""Copying one disk of a migration, going on where an earlier try ended, and reading it back."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from broker.disks.contract import Source
from broker.disks.copy import copy
from broker.disks.descriptor import Descriptor
from broker.disks.manifest import HEADER, MANIFEST_BLOCK, Manifest, count, read_header
from broker.disks.progress import Progress
from broker.disks.records import Records
from broker.disks.verify import digest, verify
from broker.errors import BrokerError
from broker.migrate.ends import Ends
from broker.migrate.events import DiskProgress
from broker.migrate.facts import Copied, Facts
from broker.migrate.reverse import remove_made
from broker.migrate.steps import CopyVolume, VerifyVolume


def copy_volume(step: CopyVolume, ends: Ends, facts: Facts, token: str) -> Copied:
    """Make the disk that ``token`` names read as the volume, and return what was done.

    What an earlier try sent is kept; the source is read again in full.
    """
    read_from = facts.snapshots.get(step.volume, step.volume)
    with closing(ends.source.open_source(read_from)) as source:
        journal = ends.folder.journal(token)
        if not journal.exists():
            # Nobody knows any more what an earlier try has written.
            remove_made(ends.target, token)
        again = _sealed_before(step, ends, source, token)
        return again or _copy(step, ends, source, token)


def verify_volume(step: VerifyVolume, ends: Ends, facts: Facts) -> str:
    """Return the root hash of the copied disk as it reads now; DataMismatch when it differs."""
    copied = facts.copied[step.volume]
    manifest = Manifest.load(ends.folder.journal(copied.token))

    def tell(progress: Progress) -> None:
        ends.watch(DiskProgress(step=step, progress=progress))

    with closing(ends.target.open_source(copied.disk)) as written:
        verify(manifest, written, progress=tell)
    return manifest.root


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


def _copy(step: CopyVolume, ends: Ends, source: Source, token: str) -> Copied:
    def tell(progress: Progress) -> None:
        ends.watch(DiskProgress(step=step, progress=progress))

    size = max(step.size, source.size)
    with closing(ends.target.open_sink(size, name=step.name, token=token)) as sink:
        done = copy(source, sink, journal=ends.folder.journal(token), progress=tell)
        return Copied(
            token=token,
            disk=done.id,
            source_size=done.size,
            size=sink.size,
            root=done.root,
            read=done.bytes_read,
            sent=done.bytes_sent,
            skipped=done.bytes_skipped,
        )


def _sealed_before(step: CopyVolume, ends: Ends, source: Source, token: str) -> Copied | None:
    """Return the copy an earlier try has finished, when the source still reads the same.

    A finished disk takes no more writes: where the source has changed it is deleted.
    """
    read = 0

    def tell(progress: Progress) -> None:
        nonlocal read
        read = progress.done
        ends.watch(DiskProgress(step=step, progress=progress))

    size = max(step.size, source.size)
    with closing(ends.target.open_sink(size, name=step.name, token=token)) as sink:
        if not sink.sealed:
            return None
        try:
            finished = Manifest.load(ends.folder.journal(token))
        except BrokerError:
            finished = None
        if finished is not None and digest(source, progress=tell).root == finished.root:
            return Copied(
                token=token,
                disk=sink.commit(finished),
                source_size=finished.size,
                size=sink.size,
                root=finished.root,
                read=read,
                sent=0,
                skipped=read,
            )
    remove_made(ends.target, token)
    ends.folder.forget_copy(token)
    return None
