"""What holds for every test: no real account is ever in reach, and unit tests have no network."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
REAL = {TESTS / "services", TESTS / "boot", TESTS / "bench"}
"""Folders whose tests talk to real services; elsewhere what they import, or the mark, tells."""

CREDENTIALS = ("AWS_", "AZURE_", "OS_", "LIBVIRT_", "INTEROP_CONFIG")
"""What the variables begin with that could lead a test to somebody's account."""


class NoNetworkError(RuntimeError):
    """A unit test wanted to open an internet socket."""


class _Guard:
    """Refuses internet sockets while it is on. An audit hook sees them whoever opens them."""

    on = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if (
            self.on
            and event == "socket.__new__"
            and arguments[1]
            in (
                socket.AF_INET,
                socket.AF_INET6,
            )
        ):
            raise NoNetworkError("unit tests have no network: use a fake, or mark it `service`")


_guard = _Guard()


def pytest_configure(config: pytest.Config) -> None:
    sys.addaudithook(_guard)
    for name in [name for name in os.environ if name.startswith(CREDENTIALS)]:
        del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if REAL & set(item.path.parents) or _uses_a_service(item):
            item.add_marker("service")


def _uses_a_service(item: pytest.Item) -> bool:
    """A test does when its module, or one of its fixtures, has to do with tests/services."""
    if not isinstance(item, pytest.Function):
        return False
    fixtures = item._fixtureinfo.name2fixturedefs.values()
    homes = {one.func.__module__ for each in fixtures for one in each}
    homes |= {getattr(thing, "__module__", None) or "" for thing in vars(item.module).values()}
    return any(home.startswith("tests.services.") for home in homes)


@pytest.fixture(autouse=True)
def _alone(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Keep a unit test away from the network and from the home of whoever runs it."""
    if request.node.get_closest_marker("service"):
        yield
        return
    home = tmp_path_factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    _guard.on = True
    try:
        yield
    finally:
        _guard.on = False
