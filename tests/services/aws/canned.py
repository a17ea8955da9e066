"""Servers that answer without thinking, in a process of their own, so that only clients count."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from tests.services.aws.wire import Handler, Server


@contextmanager
def serving(make: Callable[[], Handler]) -> Iterator[int]:
    """Yield the port of a server that answers with what ``make`` returns, called over there."""
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


def _serve(make: Callable[[], Handler], told: Connection) -> None:
    with Server(("127.0.0.1", 0), make()) as server:
        told.send(server.server_address[1])
        server.serve_forever()
