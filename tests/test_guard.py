"""The guard itself: a unit test that reaches out must fail, whatever opens the socket."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path

import pytest

from tests.conftest import NoNetworkError


def test_internet_sockets_are_refused() -> None:
    with pytest.raises(NoNetworkError):
        http.client.HTTPConnection("127.0.0.1", 9).connect()
    with pytest.raises(NoNetworkError):
        socket.socket(socket.AF_INET6)


def test_local_sockets_are_not() -> None:
    here, there = socket.socketpair()
    here.close()
    there.close()


def test_home_is_not_the_users() -> None:
    assert "pytest" in str(Path.home())


@pytest.mark.service
def test_a_service_test_may_connect() -> None:
    socket.socket(socket.AF_INET).close()
