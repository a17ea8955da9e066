"""What a sink has acknowledged, on disk, so that a killed copy goes on where it was."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from broker.disks.descriptor import Descriptor
from broker.disks.manifest import HEADER, Header, Manifest, count, read_header
from broker.disks.os_errors import broker_error
from broker.disks.records import RECORD, Records
from broker.errors import Conflict, Invalid

IN_DOUBT = b"\xff" * RECORD
"""The record of a block while it is written: after a kill nobody knows which bytes it holds."""


class Journal:
    """The digests of what the sink ``sink`` of ``size`` bytes holds, kept in ``path``.

    A file that speaks of another sink or size is started anew. It must be deleted together with the
    sink it speaks of, and with nothing else: the copy trusts that a sink without a journal is new.
    Conflict while another copy writes it.
    """

    def __init__(self, path: Path, *, sink: str, size: int) -> None:
        header = Header(size=size, sink=sink, complete=False)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = Descriptor(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            fcntl.flock(file.number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _begin(file, header)
        except BlockingIOError as error:
            raise Conflict(
                f"another copy writes the journal {path}", hint="Wait until it has ended"
            ) from error
        except OSError as error:
            raise broker_error(error, f"cannot write the journal {path}") from error
        self._header = header
        self._file: Descriptor | None = file
        self.records = Records(file, count(size), HEADER)

    def complete(self) -> Manifest:
        """Mark that every record is true of the source, and return them as its manifest."""
        file = self._file
        if file is None:
            raise Invalid("this journal was closed")
        header = self._header.model_copy(update={"complete": True})
        os.pwrite(file.number, header.encode(), 0)
        return Manifest(header.size, self.records)

    def close(self) -> None:
        """Let the next copy have the file. May be called twice."""
        if self._file is not None:
            # Said, not left to the last reference: a traceback may keep that for long.
            fcntl.flock(self._file.number, fcntl.LOCK_UN)
        self._file = None
        self.records.close()


def doubt(path: Path) -> None:
    """Let a journal speak of its sink alone: the source may change from now on. Quiet without one.

    It is no manifest any more, until a copy or a comparison has read all of the source again.
    """
    try:
        file = Descriptor(os.open(path, os.O_RDWR | os.O_CLOEXEC))
    except FileNotFoundError:
        return
    header = read_header(file)
    if header is not None and header.complete:
        os.pwrite(file.number, header.model_copy(update={"complete": False}).encode(), 0)


def _begin(file: Descriptor, header: Header) -> None:
    """Keep the records when the file speaks of the same disk, or start it anew."""
    old = read_header(file)
    if old is None or (old.sink, old.size) != (header.sink, header.size):
        os.ftruncate(file.number, 0)
        os.ftruncate(file.number, HEADER + count(header.size) * RECORD)
    os.pwrite(file.number, header.encode(), 0)
