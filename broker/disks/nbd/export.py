"""An NBD export as a disk to read, and to write."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from broker.disks.contract import Extent
from broker.disks.nbd.channel import Address
from broker.disks.nbd.connection import Connection
from broker.disks.nbd.handshake import Flag
from broker.errors import AccessDenied, Invalid, NotFound, Transient, Unsupported

ALLOCATION = "base:allocation"
_READS_AS_ZERO = 1 << 1
_DIRTY = 1 << 0

STATUS_SPAN = 1 << 30
"""Bytes asked about in one block status: 32 bits on the wire, and a whole GiB stays aligned."""


class NbdExport:
    """A disk behind an NBD server, given by a unix socket or by host and port. It is a Source.

    ``context`` names a second meta context, ``qemu:dirty-bitmap:NAME``, for ``changed``. Each
    thread has a connection to itself while it asks, so a server must take as many as there are
    threads. A call that raised Transient may be tried again: it gets a new connection.
    """

    def __init__(self, address: Address, name: str = "", *, context: str | None = None) -> None:
        self._address = address
        self._name = name
        self._context = context
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._closed = False
        with self._connection() as connection:
            self._agreed = connection.agreed
        if context is not None and context not in self._agreed.contexts:
            self.close()
            raise NotFound(f"the NBD export {name!r} has no context {context}")

    @property
    def size(self) -> int:
        """Length of the disk in bytes."""
        return self._agreed.size

    @property
    def read_only(self) -> bool:
        """True when the server takes no writes."""
        return Flag.READ_ONLY in self._agreed.flags

    @property
    def block(self) -> int:
        """Writes start and end on multiples of this. Reads may start anywhere."""
        return self._agreed.minimum_block

    def extents(self) -> Iterator[Extent]:
        """Yield extents, ascending, touching, together ``[0, size)``; all data when not told."""
        if ALLOCATION not in self._agreed.contexts:
            yield Extent(0, self.size, zero=False)
            return
        for offset, length, flags in self._status(ALLOCATION):
            yield Extent(offset, length, bool(flags & _READS_AS_ZERO))

    def changed(self) -> Iterator[tuple[int, int]]:
        """Yield offset and length of each run the dirty bitmap marks, ascending."""
        if self._context is None:
            raise Invalid("this export was opened without a dirty bitmap")
        for offset, length, flags in self._status(self._context):
            if flags & _DIRTY:
                yield offset, length

    def pread_into(self, buffer: memoryview, offset: int) -> None:
        """Fill ``buffer`` with the bytes at ``offset``; Invalid beyond the end."""
        self._within(offset, len(buffer))
        block = self.block
        start = offset - offset % block
        stop = -(-(offset + len(buffer)) // block) * block
        with self._connection() as connection:
            if start == offset and stop - start == len(buffer):
                for piece, at in self._pieces(buffer, offset):
                    connection.read(piece, at)
                return
            whole = memoryview(bytearray(stop - start))
            for piece, at in self._pieces(whole, start):
                connection.read(piece, at)
        buffer[:] = whole[offset - start : offset - start + len(buffer)]

    def pwrite(self, data: memoryview, offset: int) -> None:
        """Write at ``offset``; Invalid when unaligned or beyond the end."""
        self._writable(offset, len(data))
        with self._connection() as connection:
            for piece, at in self._pieces(data, offset):
                connection.write(piece, at)

    def zero(self, offset: int, length: int) -> None:
        """Make a range read as zeroes; Unsupported when the server cannot."""
        self._writable(offset, length)
        if Flag.WRITE_ZEROES not in self._agreed.flags:
            raise Unsupported("this NBD server cannot write zeroes")
        with self._connection() as connection:
            for at in range(offset, offset + length, STATUS_SPAN):
                connection.zero(at, min(STATUS_SPAN, offset + length - at))

    def flush(self) -> None:
        """Return when every write answered so far is on stable storage.

        No write may be under way: a server may keep one cache for each connection.
        """
        if Flag.FLUSH not in self._agreed.flags:
            return
        with self._connection() as connection:
            connection.flush()
        if Flag.MULTI_CONN not in self._agreed.flags:
            with self._lock:
                for connection in self._idle:
                    connection.flush()

    def close(self) -> None:
        """Close every connection, also one that waits for an answer. May be called twice."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            for connection in self._open - set(idle):
                connection.cut()
        for connection in idle:
            self._discard(connection)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """Lend a connection to this thread alone."""
        connection = self._borrow()
        try:
            yield connection
        finally:
            with self._lock:
                keep = connection.idle and not self._closed
                if keep:
                    self._idle.append(connection)
            if not keep:
                self._discard(connection)

    def _borrow(self) -> Connection:
        with self._lock:
            if self._closed:
                raise Transient("this NBD export was closed")
            if self._idle:
                return self._idle.pop()
        contexts = [ALLOCATION, *([self._context] if self._context else [])]
        connection = Connection(self._address, self._name, contexts)
        with self._lock:
            self._open.add(connection)
        return connection

    def _discard(self, connection: Connection) -> None:
        with self._lock:
            self._open.discard(connection)
        connection.close()

    def _status(self, context: str) -> Iterator[tuple[int, int, int]]:
        offset = 0
        while offset < self.size:
            with self._connection() as connection:
                runs = connection.status(context, offset, min(STATUS_SPAN, self.size - offset))
            for run in runs:
                length = min(run.length, self.size - offset)
                if length:
                    yield offset, length, run.flags
                offset += length

    def _pieces(self, data: memoryview, offset: int) -> Iterator[tuple[memoryview, int]]:
        step = self._agreed.maximum_payload
        for at in range(0, len(data), step):
            yield data[at : at + step], offset + at

    def _within(self, offset: int, length: int) -> None:
        if offset < 0 or offset + length > self.size:
            raise Invalid(f"[{offset}, {offset + length}) is outside a disk of {self.size} bytes")

    def _writable(self, offset: int, length: int) -> None:
        self._within(offset, length)
        if self.read_only:
            raise AccessDenied("this NBD export is read-only")
        if offset % self.block or length % self.block:
            raise Invalid(f"[{offset}, {offset + length}) is not in blocks of {self.block} bytes")
