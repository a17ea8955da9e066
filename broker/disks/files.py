"""Raw files and block devices as disks: one to read, and one to fill."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from broker.disks.contract import Extent
from broker.disks.descriptor import Descriptor
from broker.disks.manifest import Manifest
from broker.disks.os_errors import broker_error
from broker.errors import Conflict, Invalid


class FileSource:
    """A raw file or block device. Holes of a file are extents of zeroes. It is a Source."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file: Descriptor | None = Descriptor(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
            if stat.S_ISDIR(os.fstat(self._file.number).st_mode):
                raise Invalid(f"{path} is a folder")
            self.size = os.lseek(self._file.number, 0, os.SEEK_END)
        except OSError as error:
            raise broker_error(error, f"cannot read {path}") from error

    def extents(self) -> Iterator[Extent]:
        """Yield extents: ascending, touching, together exactly ``[0, size)``."""
        at = 0
        while at < self.size:
            data, end = self._data_after(at)
            if data > at:
                yield Extent(at, data - at, zero=True)
            if end > data:
                yield Extent(data, end - data, zero=False)
            at = end

    def pread_into(self, buffer: memoryview, offset: int) -> None:
        """Fill ``buffer`` with the bytes at ``offset``; Invalid beyond the end."""
        if offset < 0 or offset + len(buffer) > self.size:
            raise Invalid(f"{self.path}: read at {offset} ends beyond {self.size} bytes")
        file = self._opened()
        while buffer:
            try:
                got = os.preadv(file.number, [buffer], offset)
            except OSError as error:
                raise broker_error(error, f"cannot read {self.path} at {offset}") from error
            if not got:
                raise Conflict(f"{self.path} was cut short while it was read")
            buffer, offset = buffer[got:], offset + got

    def close(self) -> None:
        """Let go of the file. May be called twice."""
        self._file = None

    def _data_after(self, at: int) -> tuple[int, int]:
        """Return start and end of the first data at or after ``at``; both ``size`` for none."""
        file = self._opened()
        try:
            data = os.lseek(file.number, at, os.SEEK_DATA)
            return min(data, self.size), min(os.lseek(file.number, data, os.SEEK_HOLE), self.size)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return self.size, self.size
            if error.errno == errno.EINVAL:  # a block device, or a filesystem that cannot tell
                return at, self.size
            raise broker_error(error, f"cannot read {self.path}") from error

    def _opened(self) -> Descriptor:
        if self._file is None:
            raise Invalid(f"{self.path} was closed")
        return self._file


class FileSink:
    """A sparse raw file of ``size`` bytes, rounded up to whole blocks. It is a Sink.

    It is filled under ``path`` with ``.partial`` behind it, and gets its own name on commit. The
    same path again goes on with what was there.
    """

    def __init__(self, path: Path, size: int, *, block: int = 512) -> None:
        self.path = path
        self.block = block
        self.size = -(-size // block) * block
        self._partial = path.with_name(path.name + ".partial")
        self._file: Descriptor | None = None
        self.sealed = path.exists()
        held = path.stat().st_size if self.sealed else self._open()
        if held != self.size:
            raise Conflict(f"{path} is there with {held} bytes, not {self.size}")

    @property
    def id(self) -> str:
        """The path the file has when it is complete."""
        return str(self.path)

    def pwrite(self, data: memoryview, offset: int) -> None:
        """Write at ``offset``; Invalid when unaligned, QuotaExceeded when the disk is full."""
        if offset % self.block or len(data) % self.block:
            raise Invalid(f"a write of {len(data)} bytes at {offset} is not in whole blocks")
        if offset < 0 or offset + len(data) > self.size:
            raise Invalid(f"{self.path}: write at {offset} ends beyond {self.size} bytes")
        file = self._file
        if file is None:
            raise Conflict(f"{self.path} is closed or complete: it takes no more writes")
        while data:
            try:
                done = os.pwrite(file.number, data, offset)
            except OSError as error:
                raise broker_error(error, f"cannot write {self._partial}") from error
            data, offset = data[done:], offset + done

    def commit(self, manifest: Manifest) -> str:
        """Put the file on stable storage and give it its name. May be called twice."""
        file = self._file
        if not self.sealed:
            if file is None:
                raise Conflict(f"{self.path} was closed before it was complete")
            try:
                os.fsync(file.number)
                self._partial.rename(self.path)
            except OSError as error:
                raise broker_error(error, f"cannot complete {self.path}") from error
            self.sealed = True
            self._file = None
        return self.id

    def abort(self) -> None:
        """Delete what is not complete. May be called twice."""
        self._file = None
        try:
            self._partial.unlink(missing_ok=True)
        except OSError as error:
            raise broker_error(error, f"cannot delete {self._partial}") from error

    def close(self) -> None:
        """Let go of the file and keep what was written. May be called twice."""
        self._file = None

    def _open(self) -> int:
        """Open what an earlier run left, or a new file; return its length."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            self._file = Descriptor(os.open(self._partial, flags, 0o600))
            held = os.fstat(self._file.number).st_size
            if held == 0:
                os.ftruncate(self._file.number, self.size)
                held = self.size
        except OSError as error:
            raise broker_error(error, f"cannot write {self._partial}") from error
        return held
