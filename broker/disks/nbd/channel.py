"""A socket to an NBD server whose failures are the broker's errors."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

from broker.errors import AccessDenied, Invalid, Transient

Address = Path | tuple[str, int]
"""A unix socket, or a host and a port."""

TIMEOUT_S = 120.0
"""Longer than a flush of a full page cache to a slow disk: a server silent for longer hangs."""


class Channel:
    """Whole messages to and from one server."""

    def __init__(self, address: Address) -> None:
        self.where = f"{address[0]}:{address[1]}" if isinstance(address, tuple) else str(address)
        try:
            self._socket = _connect(address)
        except PermissionError as error:
            raise AccessDenied(f"the NBD server at {self.where} refuses us: {error}") from error
        except OSError as error:
            raise Transient(f"no NBD server answers at {self.where}: {error}") from error

    def put(self, data: bytes | memoryview) -> None:
        """Send all of ``data``."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise self._lost(str(error)) from error

    def take(self, length: int) -> bytes:
        """Receive exactly ``length`` bytes, which the caller has bounded."""
        taken = bytearray(length)
        self.take_into(memoryview(taken))
        return bytes(taken)

    def take_into(self, buffer: memoryview) -> None:
        """Receive until ``buffer`` is full."""
        while buffer:
            try:
                got = self._socket.recv_into(buffer)
            except OSError as error:
                raise self._lost(str(error)) from error
            if not got:
                raise self._lost("the server closed it")
            buffer = buffer[got:]

    def broken(self, what: str) -> Invalid:
        """Return what to raise when the server sends what makes no sense."""
        return Invalid(f"the NBD server at {self.where} broke the protocol: {what}")

    def cut(self) -> None:
        """End both directions now, also under a thread that waits for an answer."""
        with contextlib.suppress(OSError):  # not connected any more is what was wanted
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give back the socket. May be called twice."""
        self._socket.close()

    def _lost(self, why: str) -> Transient:
        return Transient(f"lost the connection to the NBD server at {self.where}: {why}")


def _connect(address: Address) -> socket.socket:
    if isinstance(address, tuple):
        connected = socket.create_connection(address, TIMEOUT_S)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected
    connected = socket.socket(socket.AF_UNIX)
    try:
        connected.settimeout(TIMEOUT_S)
        connected.connect(str(address))
    except BaseException:
        connected.close()
        raise
    return connected
