"""One rule for services that may be missing: skip on a laptop, fail where CI promised them."""

import os
import socket
from collections.abc import Callable
from typing import NoReturn

import pytest

AWS_ADDRESS = ("127.0.0.1", 5055)  # see the port table in README.md
AZURE_ADDRESSES = (("127.0.0.1", 5065), ("127.0.0.1", 5066))
OPENSTACK_PORTS = (5000, 8774, 8776, 9292, 9696)


def require(service: str) -> None:
    """Skip the running test when `service` does not answer; fail where INTEROP_REQUIRE names it.

    INTEROP_REQUIRE is a comma list of services, or `all`. KeyError for a service nobody knows.
    """
    problem = PROBES[service]()
    if problem is not None:
        missing(service, f"{problem}; `make services-up` starts it")


def missing(service: str, problem: str) -> NoReturn:
    """Skip the running test for the lack of `service`; fail it where INTEROP_REQUIRE names it."""
    message = f"{service}: {problem}"
    required = {name.strip() for name in os.environ.get("INTEROP_REQUIRE", "").split(",")}
    if required & {service, "all"}:
        pytest.fail(f"{message} (INTEROP_REQUIRE says it must be there)", pytrace=False)
    pytest.skip(message)


def _libvirt() -> str | None:
    try:
        import libvirt
    except ImportError as error:
        return str(error)
    # errors are exceptions; without this libvirt prints them on stderr as well
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    try:
        libvirt.open("qemu:///system").close()
    except libvirt.libvirtError as error:
        return str(error)
    return None


def _aws() -> str | None:
    return _silent(AWS_ADDRESS)


def _azure() -> str | None:
    problems = [_silent(address) for address in AZURE_ADDRESSES]
    return next((problem for problem in problems if problem), None)


def _openstack() -> str | None:
    problems = [_silent(("127.0.0.1", port)) for port in OPENSTACK_PORTS]
    return next((problem for problem in problems if problem), None)


def _silent(address: tuple[str, int]) -> str | None:
    try:
        socket.create_connection(address, timeout=2).close()
    except OSError as error:
        return f"nothing listens on {address[0]}:{address[1]} ({error})"
    return None


# each returns what is wrong, or None
PROBES: dict[str, Callable[[], str | None]] = {
    "aws": _aws,
    "azure": _azure,
    "libvirt": _libvirt,
    "openstack": _openstack,
}
