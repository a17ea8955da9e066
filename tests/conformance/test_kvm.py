"""The suite on a real libvirt. No guest boots here: real ones are in tests/boot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from broker.adapter import Account, Adapter
from tests.conformance.knobs import Knobs
from tests.conformance.suite import Conformance
from tests.services.require import require


class TestKvm(Conformance):
    pass


@pytest.fixture(scope="module")
def adapter() -> Iterator[Adapter]:
    require("libvirt")
    from adapters.kvm import connect

    made = connect(Account(name="kvm-test", kind="kvm", settings={"pool": "interop"}))
    yield made
    made.close()


@pytest.fixture(scope="module")
def knobs() -> Knobs:
    return Knobs(memory_mib=64, guest_obeys=False)
