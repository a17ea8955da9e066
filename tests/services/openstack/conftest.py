"""The accounts of the stack that its tests change things with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import openstack
import pytest

from adapters.openstack.adapter import OpenStackAdapter
from tests.conformance.kit import Kit
from tests.conformance.knobs import Knobs
from tests.services.openstack.clouds import CLOUDS, opened
from tests.services.require import require


@pytest.fixture(scope="session", autouse=True)
def _stack() -> None:
    require("openstack")


@pytest.fixture(scope="session")
def adapter(_stack: None) -> Iterator[OpenStackAdapter]:
    """An ordinary member of a project, on nova's fake hypervisor."""
    made = opened()
    yield made
    made.close()


@pytest.fixture
def kit(adapter: OpenStackAdapter) -> Iterator[Kit]:
    """Makes things that go at the end of the test."""
    with ExitStack() as stack:
        yield Kit(adapter, Knobs(prefix="bad"), stack)


@pytest.fixture(scope="session")
def admin(_stack: None) -> Iterator[Any]:
    """The SDK, as the operator."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OS_CLIENT_CONFIG_FILE", str(CLOUDS))
        yield openstack.connect(cloud="interop-admin")
