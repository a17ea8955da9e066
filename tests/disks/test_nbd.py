"""The NBD client against a server that says what the test wants, also what no server should."""

from __future__ import annotations

import errno
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from broker.disks.nbd import NbdExport
from broker.errors import (
    AccessDenied,
    BrokerError,
    Invalid,
    NotFound,
    QuotaExceeded,
    Transient,
    Unsupported,
)

GREETING = b"NBDMAGICIHAVEOPT" + struct.pack(">H", 3)
SIZE = 1 << 20
GO, STRUCTURED, CONTEXT = 7, 8, 10
ACK, INFO, META = 1, 3, 4
CLIENT_GONE = b""

Answer = Callable[[int, int, int, bytes], bytes]
"""Cookie, command, offset, and the bytes written or the length asked for, to what is sent back."""


def reply(option: int, kind: int, payload: bytes = b"") -> bytes:
    return struct.pack(">QIII", 0x3E889045565A9, option, kind, len(payload)) + payload


def chunk(cookie: int, kind: int, payload: bytes = b"", *, done: bool = True) -> bytes:
    return struct.pack(">IHHQI", 0x668E33EF, done, kind, cookie, len(payload)) + payload


def simple(cookie: int, code: int = 0) -> bytes:
    return struct.pack(">IIQ", 0x67446698, code, cookie)


def data(offset: int, content: bytes) -> bytes:
    return struct.pack(">Q", offset) + content


class Server:
    """Serves one connection after another on ``address``; its words may be replaced."""

    def __init__(self, folder: Path) -> None:
        self.address = folder / "nbd"
        self.greeting = GREETING
        self.options = {
            STRUCTURED: reply(STRUCTURED, ACK),
            CONTEXT: reply(CONTEXT, META, struct.pack(">I", 9) + b"base:allocation")
            + reply(CONTEXT, ACK),
            GO: reply(GO, INFO, struct.pack(">HQH", 0, SIZE, 0x145))
            + reply(GO, INFO, struct.pack(">HIII", 3, 512, 4096, 1 << 16))
            + reply(GO, ACK),
        }
        self.answer: Answer = lambda cookie, *_: simple(cookie)
        self.commands: list[tuple[int, int, int]] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.address))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client, client.makefile("rb") as stream:
                try:
                    self._talk(client, stream.read)
                except (OSError, struct.error):
                    continue  # the client went away

    def _talk(self, client: socket.socket, read: Callable[[int], bytes]) -> None:
        client.sendall(self.greeting)
        read(4)
        option = 0
        while option != GO:
            _, option, length = struct.unpack(">QII", read(16))
            read(length)
            client.sendall(self.options[option])
        while True:
            _, _, command, cookie, offset, length = struct.unpack(">IHHQQI", read(28))
            content = read(length) if command == 1 else b""
            if command == 2:
                return
            self.commands.append((command, offset, length))
            answer = self.answer(cookie, command, offset, content or bytes(length))
            if answer == CLIENT_GONE:
                return
            client.sendall(answer)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.stop()


def read(server: Server, offset: int = 0, length: int = 1024) -> bytearray:
    buffer = bytearray(b"old" * length)[:length]
    export = NbdExport(server.address)
    try:
        export.pread_into(memoryview(buffer), offset)
    finally:
        export.close()
    return buffer


def test_a_read_in_pieces_and_out_of_order_is_put_together(server: Server) -> None:
    server.answer = lambda cookie, *_: (
        chunk(cookie, 2, struct.pack(">QI", 512, 512), done=False)
        + chunk(cookie, 1, data(0, b"a" * 512), done=False)
        + chunk(cookie, 0)
    )
    assert read(server) == b"a" * 512 + bytes(512)


def test_an_unaligned_read_asks_for_whole_blocks(server: Server) -> None:
    server.answer = lambda cookie, command, offset, asked: chunk(
        cookie, 1, data(offset, bytes(range(256)) * (len(asked) // 256))
    )
    assert read(server, 700, 10) == bytes(range(700 - 512, 710 - 512))
    assert server.commands == [(0, 512, 512)]


def test_long_reads_and_writes_keep_to_the_largest_payload(server: Server) -> None:
    export = NbdExport(server.address)
    export.pwrite(memoryview(bytes(3 << 16)), 1 << 16)
    export.close()
    assert server.commands == [(1, number << 16, 1 << 16) for number in (1, 2, 3)]


LIES: dict[str, Callable[[int], bytes]] = {
    "a gap would keep old bytes": lambda cookie: chunk(cookie, 1, data(0, b"a" * 512)),
    "bytes before": lambda cookie: chunk(cookie, 1, data(512, b"a" * 1024)),
    "bytes behind": lambda cookie: chunk(cookie, 1, data(4096, b"a" * 1536)),
    "overlap": lambda cookie: (
        chunk(cookie, 1, data(1024, b"a" * 512), done=False)
        + chunk(cookie, 1, data(1024, b"a" * 512))
    ),
    "huge hole": lambda cookie: chunk(cookie, 2, struct.pack(">QI", 1024, 2**32 - 1)),
    "status for a read": lambda cookie: chunk(cookie, 5, bytes(12)),
    "unknown chunk": lambda cookie: chunk(cookie, 77, bytes(4)),
    "another request's answer": lambda cookie: chunk(cookie + 1, 1, data(1024, b"a" * 1024)),
    "another's simple answer": lambda cookie: simple(cookie + 1),
    "noise": lambda _: b"\xde\xad\xbe\xef" * 5,
    "an error that is too long": lambda cookie: struct.pack(
        ">IHHQI", 0x668E33EF, 1, 1 << 15 | 1, cookie, 2**32 - 1
    ),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lying_server_is_refused(server: Server, lie: Callable[[int], bytes]) -> None:
    server.answer = lambda cookie, *_: lie(cookie)
    with pytest.raises(Invalid, match="broke the protocol"):
        read(server, 1024)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOSPC, QuotaExceeded),
        (errno.EPERM, AccessDenied),
        (errno.EIO, Transient),
        (errno.EINVAL, Invalid),
        (errno.ESHUTDOWN, Transient),
        (9999, Invalid),
    ],
)
@pytest.mark.parametrize("structured", [True, False])
def test_refusals_are_the_brokers_errors_and_the_connection_goes_on(
    server: Server, code: int, kind: type[BrokerError], structured: bool
) -> None:
    told = struct.pack(">IH", code, 5) + b"aside"
    refusal: Answer = lambda cookie, *_: (  # noqa: E731
        chunk(cookie, 1 << 15 | 1, told) if structured else simple(cookie, code)
    )
    export = NbdExport(server.address)
    server.answer = refusal
    with pytest.raises(kind, match="aside" if structured else "refuses") as caught:
        export.pwrite(memoryview(bytes(512)), 0)
    assert caught.value.code == errno.errorcode.get(code, str(code))
    server.answer = lambda cookie, *_: simple(cookie)
    export.pwrite(memoryview(bytes(512)), 512)
    export.close()


def test_a_lost_connection_is_worth_another_try(server: Server) -> None:
    export = NbdExport(server.address)
    server.answer = lambda *_: CLIENT_GONE
    with pytest.raises(Transient, match="lost the connection"):
        export.flush()
    server.answer = lambda cookie, *_: simple(cookie)
    export.flush()
    export.close()


def test_extents_are_cut_at_the_end_and_merge_with_nothing(server: Server) -> None:
    runs = struct.pack(">IIIII", 9, 4096, 3, 2**32 - 4096, 0)
    server.answer = lambda cookie, *_: chunk(cookie, 5, runs)
    export = NbdExport(server.address)
    assert list(export.extents()) == [(0, 4096, True), (4096, SIZE - 4096, False)]
    export.close()


@pytest.mark.parametrize("runs", [b"", struct.pack(">II", 0, 0), b"\0" * 3])
def test_a_block_status_that_leads_nowhere_is_refused(server: Server, runs: bytes) -> None:
    server.answer = lambda cookie, *_: chunk(cookie, 5, struct.pack(">I", 9) + runs)
    export = NbdExport(server.address)
    with pytest.raises(Invalid, match="broke the protocol"):
        list(export.extents())
    export.close()


def test_without_structured_replies_all_is_data(server: Server) -> None:
    server.options[STRUCTURED] = reply(STRUCTURED, 1 << 31 | 1)
    server.answer = lambda cookie, command, offset, asked: simple(cookie) + b"z" * len(asked)
    export = NbdExport(server.address)
    assert list(export.extents()) == [(0, SIZE, False)]
    export.close()
    assert read(server) == b"z" * 1024


HANDSHAKES: dict[str, tuple[int, bytes, type[BrokerError]]] = {
    "no such export": (GO, reply(GO, 1 << 31 | 6, b"nothing here"), NotFound),
    "not for you": (GO, reply(GO, 1 << 31 | 2), AccessDenied),
    "TLS only": (GO, reply(GO, 1 << 31 | 5), Unsupported),
    "no GO": (GO, reply(GO, 1 << 31 | 1), Unsupported),
    "no size": (GO, reply(GO, ACK), Invalid),
    "a size beyond 63 bits": (
        GO,
        reply(GO, INFO, struct.pack(">HQH", 0, 2**64 - 512, 1)) + reply(GO, ACK),
        Invalid,
    ),
    "blocks of 3 bytes": (
        GO,
        reply(GO, INFO, struct.pack(">HQH", 0, SIZE, 1))
        + reply(GO, INFO, struct.pack(">HIII", 3, 3, 512, 512))
        + reply(GO, ACK),
        Invalid,
    ),
    "endless": (STRUCTURED, reply(STRUCTURED, INFO) * 1001, Invalid),
    "too long": (
        STRUCTURED,
        struct.pack(">QIII", 0x3E889045565A9, STRUCTURED, INFO, 2**31),
        Invalid,
    ),
}


@pytest.mark.parametrize(("option", "words", "kind"), HANDSHAKES.values(), ids=HANDSHAKES.keys())
def test_a_handshake_that_fails(
    server: Server, option: int, words: bytes, kind: type[BrokerError]
) -> None:
    server.options[option] = words
    with pytest.raises(kind):
        NbdExport(server.address)


def test_what_is_no_nbd_server(server: Server, tmp_path: Path) -> None:
    server.greeting = b"HTTP/1.1 400 Bad Request\r\n"
    with pytest.raises(Unsupported, match="does not speak"):
        NbdExport(server.address)
    with pytest.raises(Transient, match="no NBD server answers"):
        NbdExport(tmp_path / "nobody")


def test_a_context_the_server_has_not_is_missing(server: Server) -> None:
    with pytest.raises(NotFound, match="qemu:dirty-bitmap:b0"):
        NbdExport(server.address, context="qemu:dirty-bitmap:b0")


def test_close_ends_a_call_that_waits(server: Server) -> None:
    waiting, release = threading.Event(), threading.Event()

    def never(*_: object) -> bytes:
        waiting.set()
        release.wait()
        return CLIENT_GONE

    server.answer = never
    export = NbdExport(server.address)
    caught: list[BaseException] = []

    def flush() -> None:
        try:
            export.flush()
        except Transient as error:
            caught.append(error)

    thread = threading.Thread(target=flush)
    thread.start()
    waiting.wait()
    export.close()
    thread.join()
    release.set()
    assert "lost the connection" in str(caught[0])
    with pytest.raises(Transient, match="was closed"):
        export.flush()
