"""Servers that answer without thinking, in a process of their own, so that only clients count."""

from __future__ import annotations

import multiprocessing
import re
import socket
import socketserver
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from tests.services.wire import Handler, Server

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


@contextmanager
def serving(make: Callable[[], Handler]) -> Iterator[int]:
    """Yield the port of a server that answers with what ``make`` returns, called over there."""
    with _process(lambda: Server(("127.0.0.1", 0), make())) as port:
        yield port


@contextmanager
def discarding(answer: bytes) -> Iterator[int]:
    """Yield the port of a server that drops each body unread and gives the same whole answer."""

    class Drop(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            _drop(self.request, answer)

    def make() -> socketserver.ThreadingTCPServer:
        return socketserver.ThreadingTCPServer(("127.0.0.1", 0), Drop)

    with _process(make) as port:
        yield port


def _drop(connection: socket.socket, answer: bytes) -> None:
    room = bytearray(1024 * 1024)
    while head := connection.recv(64 * 1024):
        while b"\r\n\r\n" not in head:
            head += connection.recv(64 * 1024)
        fields, _, body = head.partition(b"\r\n\r\n")
        found = _LENGTH.search(fields)
        left = int(found[1]) - len(body) if found else 0
        while left > 0:
            # MSG_TRUNC: the kernel drops the bytes instead of copying them
            left -= connection.recv_into(room, min(left, len(room)), socket.MSG_TRUNC)
        connection.sendall(answer)


@contextmanager
def _process(make: Callable[[], socketserver.TCPServer]) -> Iterator[int]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(
        target=_serve, args=(make, theirs), daemon=True
    )
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _serve(make: Callable[[], socketserver.TCPServer], told: Connection) -> None:
    with make() as server:
        told.send(server.server_address[1])
        server.serve_forever()
