"""One NBD connection after the handshake: requests, and simple or structured replies."""

from __future__ import annotations

import contextlib
import errno
import struct
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from broker.disks.nbd.channel import Address, Channel
from broker.disks.nbd.handshake import negotiate
from broker.errors import (
    AccessDenied,
    BrokerError,
    Invalid,
    QuotaExceeded,
    Transient,
    Unsupported,
)

LARGEST_CHUNK = 4 * 1024 * 1024
"""Longest status or error read into memory; qemu answers a status with at most 1 MiB."""

_REQUEST_MAGIC = 0x25609513
_SIMPLE_MAGIC = bytes.fromhex("67446698")
_STRUCTURED_MAGIC = bytes.fromhex("668e33ef")

_REQUEST = struct.Struct(">IHHQQI")
_SIMPLE = struct.Struct(">4sIQ")
_CHUNK = struct.Struct(">4sHHQI")
_DONE = 1


class _Command(IntEnum):
    READ = 0
    WRITE = 1
    DISCONNECT = 2
    FLUSH = 3
    WRITE_ZEROES = 6
    BLOCK_STATUS = 7


class _Chunk(IntEnum):
    NONE = 0
    DATA = 1
    HOLE = 2
    STATUS = 5
    ERROR = 1 << 15


_REFUSALS: dict[int, type[BrokerError]] = {
    errno.EPERM: AccessDenied,
    errno.EIO: Transient,
    errno.ENOMEM: Transient,
    errno.EINVAL: Invalid,
    errno.ENOSPC: QuotaExceeded,
    errno.EOVERFLOW: Invalid,
    errno.ENOTSUP: Unsupported,
    errno.ESHUTDOWN: Transient,
}


class Status(NamedTuple):
    """A run of bytes and a meta context's flags for it."""

    length: int
    flags: int


class Connection:
    """One connection to one export, for one thread at a time.

    ``idle`` tells that every request was answered in full; otherwise it is only good to close.
    """

    def __init__(self, address: Address, name: str, contexts: Sequence[str]) -> None:
        self._channel = Channel(address)
        self._cookie = 0
        try:
            self.agreed = negotiate(self._channel, name, contexts)
        except BaseException:
            self._channel.close()
            raise
        self.idle = True

    def read(self, buffer: memoryview, offset: int) -> None:
        """Fill ``buffer`` from ``offset``."""
        self._send(_Command.READ, offset, len(buffer))
        if not self.agreed.structured:
            code = self._simple_reply(self._channel.take(_SIMPLE.size))
            if not code:
                self._channel.take_into(buffer)
            self._answered(code)
            return
        end = offset + len(buffer)
        filled: list[tuple[int, int]] = []
        for kind, length in self._chunks():
            start, stop = self._piece(kind, length)
            if not offset <= start < stop <= end:
                raise self._channel.broken("a read was answered with bytes nobody asked for")
            piece = buffer[start - offset : stop - offset]
            if kind == _Chunk.DATA:
                self._channel.take_into(piece)
            else:
                piece[:] = bytes(stop - start)
            filled.append((start, stop))
        # A gap in the answer would leave the buffer's old bytes in a disk.
        for start, stop in sorted(filled):
            if start != offset:
                break
            offset = stop
        if offset != end:
            raise self._channel.broken("a read was answered in part")

    def write(self, data: memoryview, offset: int) -> None:
        """Write ``data`` at ``offset``."""
        self._send(_Command.WRITE, offset, len(data), data)
        self._acknowledged()

    def zero(self, offset: int, length: int) -> None:
        """Make a range read as zeroes; the server may punch a hole."""
        self._send(_Command.WRITE_ZEROES, offset, length)
        self._acknowledged()

    def flush(self) -> None:
        """Return when all answered writes are on stable storage."""
        self._send(_Command.FLUSH, 0, 0)
        self._acknowledged()

    def status(self, context: str, offset: int, length: int) -> list[Status]:
        """Return the runs a context sees from ``offset`` on: one at least, not always all."""
        self._send(_Command.BLOCK_STATUS, offset, length)
        runs: list[Status] = []
        for kind, size in self._chunks():
            if kind != _Chunk.STATUS or not 12 <= size <= LARGEST_CHUNK or size % 8 != 4:
                raise self._channel.broken(f"chunk {kind} of {size} bytes for a block status")
            payload = self._channel.take(size)
            if int.from_bytes(payload[:4], "big") == self.agreed.contexts[context]:
                runs = [Status(*run) for run in struct.iter_unpack(">II", payload[4:])]
        if not runs or any(run.length == 0 for run in runs):
            raise self._channel.broken(f"no block status for {context}")
        return runs

    def cut(self) -> None:
        """Make a request that another thread has under way fail now."""
        self._channel.cut()

    def close(self) -> None:
        """Say goodbye where that still works, and let go. May be called twice."""
        if self.idle:
            self.idle = False
            with contextlib.suppress(Transient):  # the server may be gone already
                self._channel.put(_REQUEST.pack(_REQUEST_MAGIC, 0, _Command.DISCONNECT, 0, 0, 0))
        self._channel.close()

    def _send(
        self, command: _Command, offset: int, length: int, data: memoryview | None = None
    ) -> None:
        self._cookie += 1
        self.idle = False
        self._channel.put(_REQUEST.pack(_REQUEST_MAGIC, 0, command, self._cookie, offset, length))
        if data is not None:
            self._channel.put(data)

    def _acknowledged(self) -> None:
        for kind, length in self._chunks():
            raise self._channel.broken(f"chunk {kind} of {length} bytes where none belongs")

    def _answered(self, code: int = 0, told: str = "") -> None:
        """Be idle again, and raise what the server refused with."""
        self.idle = True
        if code:
            name = errno.errorcode.get(code, str(code))
            raise _REFUSALS.get(code, Invalid)(
                f"the NBD server at {self._channel.where} refuses: {told or name}", code=name
            )

    def _chunks(self) -> Iterator[tuple[int, int]]:
        """Yield kind and length of each chunk that has a payload, which the caller then takes.

        A refusal is raised after the last chunk, so that the stream stays in step. Success without
        a payload may come as a simple reply even where structured ones were agreed on.
        """
        code, told, done = 0, "", False
        while not done:
            head = self._channel.take(_SIMPLE.size)
            if head.startswith(_SIMPLE_MAGIC):
                code, done = self._simple_reply(head), True
                continue
            done, kind, length = self._chunk_head(head + self._channel.take(4))
            if kind & _Chunk.ERROR:
                if not 6 <= length <= LARGEST_CHUNK:
                    raise self._channel.broken(f"an error of {length} bytes")
                payload = self._channel.take(length)
                code, size = struct.unpack(">IH", payload[:6])
                told = payload[6 : 6 + size].decode(errors="replace")
            elif kind != _Chunk.NONE or length:
                yield kind, length
        self._answered(code, told)

    def _simple_reply(self, head: bytes) -> int:
        magic, code, cookie = _SIMPLE.unpack(head)
        if magic != _SIMPLE_MAGIC or cookie != self._cookie:
            raise self._channel.broken("an answer to a request nobody sent")
        return int(code)

    def _chunk_head(self, head: bytes) -> tuple[bool, int, int]:
        magic, flags, kind, cookie, length = _CHUNK.unpack(head)
        if magic != _STRUCTURED_MAGIC or cookie != self._cookie:
            raise self._channel.broken("an answer to a request nobody sent")
        return bool(flags & _DONE), kind, length

    def _piece(self, kind: int, length: int) -> tuple[int, int]:
        """Take the head of a data or hole chunk: from where to where it speaks."""
        if kind == _Chunk.DATA and length > 8:
            start = int.from_bytes(self._channel.take(8), "big")
            return start, start + length - 8
        if kind == _Chunk.HOLE and length == 12:
            start, run = struct.unpack(">QI", self._channel.take(12))
            return start, start + run
        raise self._channel.broken(f"chunk {kind} of {length} bytes in answer to a read")
