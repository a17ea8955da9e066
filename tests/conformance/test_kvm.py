"""The suite on a real libvirt. No guest boots here: real ones are in tests/boot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import libvirt
import pytest

from broker.adapter import Account, Adapter
from tests.conformance.knobs import Fault, Knobs
from tests.conformance.suite import Conformance
from tests.services.require import require


class TestKvm(Conformance):
    def ran_again(self, adapter: Adapter, id: str) -> None:
        """No guest is there that would write to its disk: somebody else does."""
        super().ran_again(adapter, id)
        file = adapter.instance(id).volumes[0].removeprefix("interop/")
        vol = libvirt.open().storagePoolLookupByName("interop").storageVolLookupByName(file)
        Path(vol.path()).touch()


@contextmanager
def opened(**settings: str) -> Iterator[Adapter]:
    from adapters.kvm import connect

    made = connect(Account(name="kvm-test", kind="kvm", settings={"pool": "interop", **settings}))
    try:
        yield made
    finally:
        made.close()


@contextmanager
def nobody_answers() -> Iterator[Adapter]:
    """A daemon that is down: its socket is not there."""
    with opened(uri="qemu+unix:///system?socket=/nonexistent/libvirt-sock") as made:
        yield made


@pytest.fixture(scope="module")
def adapter() -> Iterator[Adapter]:
    require("libvirt")
    with opened() as made:
        yield made


@pytest.fixture(scope="module")
def knobs() -> Knobs:
    return Knobs(
        memory_mib=64,
        guest_obeys=False,
        faults={Fault.SERVER_ERROR: nobody_answers},
    )
