"""The suite on the real services, with nova's fake hypervisor: real guests are in tests/boot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from broker.adapter import Account, Adapter
from broker.model import StopMode
from tests.conformance.kit import Machine
from tests.conformance.knobs import Fault, Knobs
from tests.conformance.suite import Conformance
from tests.services.openstack.faults import SETTINGS, Answers, Late, Loses, failing, unknown
from tests.services.require import require

pytestmark = pytest.mark.service


@pytest.fixture(scope="module", autouse=True)
def _stack() -> None:
    require("openstack")


class TestOpenStack(Conformance):
    def test_an_instance_is_what_was_asked_for(self, adapter: Adapter, machine: Machine) -> None:
        """nova shows user data to administrators only: all but that is compared."""
        asked = machine.request.spec.model_copy(update={"user_data": None})
        found = adapter.instance(machine.id)
        told = found.spec

        assert (told.user_data, found.user_data_told) == (None, False)
        assert (told.name, told.labels) == (asked.name, asked.labels)
        assert told.size == asked.size


@pytest.fixture(scope="module")
def adapter() -> Iterator[Adapter]:
    from adapters.openstack import connect

    made = connect(Account(name="stack", kind="openstack", settings=SETTINGS))
    yield made
    made.close()


@pytest.fixture
def stopped(adapter: Adapter, machine: Machine) -> str:
    """Stopped, but on its host: cinder reads no volume of a shelved server."""
    if adapter.instance(machine.id).state.allocated is False:
        adapter.start_instance(machine.id)
    adapter.stop_instance(machine.id, StopMode.POWER_OFF)
    return machine.id


@pytest.fixture(scope="module")
def knobs(tmp_path_factory: pytest.TempPathFactory) -> Knobs:
    folder = tmp_path_factory.mktemp("clouds")
    return Knobs(
        # the stack's pages are 10 long
        past_page=dict.fromkeys(("volumes", "networks", "firewalls", "key_pairs"), 11),
        faults={
            Fault.THROTTLE: lambda: failing(Answers(429, **{"Retry-After": "1"})),
            Fault.SERVER_ERROR: lambda: failing(Answers(500)),
            Fault.LOST_ANSWER: lambda: failing(Loses()),
            Fault.TIMEOUT: lambda: failing(Late()),
            Fault.EXPIRED: lambda: failing(Answers(401)),
            Fault.WRONG_CREDENTIALS: lambda: unknown(folder),
        },
    )
