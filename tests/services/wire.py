"""HTTP/1.1 with keep-alive, small and fast: a 512 KiB body is read once, into a reused buffer."""

from __future__ import annotations

import socket
import socketserver
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BufferedReader
from urllib.parse import unquote, urlsplit

# A block of EBS direct is 512 KiB; every other request fits in the same buffer or gets its own.
REUSED_BODY = 1024 * 1024


@dataclass
class Request:
    """One request. ``body`` is only valid until the handler returns."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: memoryview

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def raw_path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> str:
        return urlsplit(self.target).query


@dataclass
class Response:
    """One answer. ``hang_up`` closes the connection without answering."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    hang_up: bool = False


Handler = Callable[[Request], Response]


class Server(socketserver.ThreadingTCPServer):
    """A thread a connection, each with its own buffer."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], handler: Handler, tls: ssl.SSLContext | None = None
    ) -> None:
        self.handler = handler
        self.tls = tls
        super().__init__(address, _Connection)


class _Connection(socketserver.BaseRequestHandler):
    server: Server
    request: socket.socket

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            # the handshake is the connection's own business: the others go on meanwhile
            if self.server.tls is not None:
                self.request = self.server.tls.wrap_socket(self.request, server_side=True)
            with self.request, self.request.makefile("rb") as reader:
                self._all(reader)
        except (ConnectionError, TimeoutError, ssl.SSLError):
            return

    def _all(self, reader: BufferedReader) -> None:
        buffer = bytearray(REUSED_BODY)
        while self._one(reader, buffer):
            pass

    def _one(self, reader: BufferedReader, buffer: bytearray) -> bool:
        line = reader.readline()
        if not line.strip():
            return False
        method, target, _ = line.decode("latin-1").split(" ", 2)
        headers = _headers(reader)
        length = int(headers.get("content-length", "0"))
        if headers.get("expect", "").lower() == "100-continue":
            self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = memoryview(buffer if length <= REUSED_BODY else bytearray(length))[:length]
        got = 0
        while got < length:
            n = reader.readinto(body[got:])
            if not n:
                return False
            got += n
        response = self.server.handler(Request(method, target, headers, body))
        if response.hang_up:
            return False
        self._answer(response, head_only=method == "HEAD")
        return headers.get("connection", "").lower() != "close"

    def _answer(self, response: Response, *, head_only: bool) -> None:
        reason = HTTPStatus(response.status).phrase
        lines = [f"HTTP/1.1 {response.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        if "Content-Length" not in response.headers:  # the answer to a HEAD tells what a GET brings
            lines.append(f"Content-Length: {len(response.body)}")
        lines += ["", ""]
        head = "\r\n".join(lines).encode("latin-1")
        self.request.sendall(head if head_only else head + response.body)


def _headers(reader: BufferedReader) -> dict[str, str]:
    headers: dict[str, str] = {}
    while (line := reader.readline()) not in (b"\r\n", b"\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers
