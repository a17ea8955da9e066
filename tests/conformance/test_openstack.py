"""The suite on the real services, with nova's fake hypervisor: real guests are in tests/boot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from broker.adapter import Account, Adapter
from tests.conformance.knobs import Knobs
from tests.conformance.suite import Conformance
from tests.services.openstack.clouds import CLOUDS
from tests.services.require import require

pytestmark = pytest.mark.service


class TestOpenStack(Conformance):
    pass


@pytest.fixture(scope="module")
def adapter() -> Iterator[Adapter]:
    require("openstack")
    from adapters.openstack import connect

    settings = {"cloud": "interop-a", "clouds_file": str(CLOUDS)}
    made = connect(Account(name="stack", kind="openstack", settings=settings))
    yield made
    made.close()


@pytest.fixture(scope="module")
def knobs() -> Knobs:
    return Knobs()
