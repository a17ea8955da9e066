"""The fixtures of the suite. A test file overrides ``adapter`` and, where it must, ``knobs``.

Instances are shared by the tests of a module: where guests are real each one costs seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from broker.adapter import Adapter
from broker.model import Firewall, Network, NicSpec, StopMode
from tests.conformance.content import SECOND
from tests.conformance.kit import USER_DATA, Kit, Machine, hostile
from tests.conformance.knobs import Knobs


@pytest.fixture(scope="module")
def adapter() -> Adapter:
    raise NotImplementedError("the adapter's test file gives a module-scoped fixture `adapter`")


@pytest.fixture(scope="module")
def knobs() -> Knobs:
    return Knobs()


@pytest.fixture
def kit(adapter: Adapter, knobs: Knobs) -> Iterator[Kit]:
    """Makes things that go at the end of the test."""
    with ExitStack() as stack:
        yield Kit(adapter, knobs, stack)


@pytest.fixture(scope="module")
def shared(adapter: Adapter, knobs: Knobs) -> Iterator[Kit]:
    """Makes things that stay until the end of the module."""
    with ExitStack() as stack:
        yield Kit(adapter, knobs, stack)


@pytest.fixture(scope="module")
def network(shared: Kit) -> Network:
    return shared.network()


@pytest.fixture(scope="module")
def firewall(shared: Kit, network: Network) -> Firewall:
    return shared.firewall(network.id)


@pytest.fixture(scope="module")
def machine(shared: Kit, network: Network, firewall: Firewall) -> Machine:
    """One machine that says all a spec can say. Tests leave it existing, in any power state."""
    limits = shared.adapter.limits
    cidr = network.spec.subnets[0].cidr
    nic = NicSpec(
        network=network.id,
        mac="02:1f:2e:3d:4c:5b" if limits.sets_mac else None,
        addresses=(cidr[77],) if limits.private_addresses else (),
        firewalls=(firewall.id,),
    )
    return shared.instance(
        network.id,
        SECOND,
        name=hostile(shared.name(), limits.instance_name),
        nics=(nic,),
        system=shared.systems()[0],
        user_data=USER_DATA,
        labels={"team": "é東 <&>"[: limits.labels.max_value], "plain": "yes"},
    )


@pytest.fixture
def running(adapter: Adapter, machine: Machine) -> str:
    """The id of the shared machine, running."""
    adapter.start_instance(machine.id)
    return machine.id


@pytest.fixture
def stopped(adapter: Adapter, machine: Machine) -> str:
    """The id of the shared machine, stopped."""
    adapter.stop_instance(machine.id, StopMode.POWER_OFF)
    return machine.id


@pytest.fixture(scope="module")
def other(shared: Kit, network: Network) -> str:
    """The id of a second machine, stopped."""
    machine = shared.instance(network.id, system=shared.systems()[-1])
    shared.adapter.stop_instance(machine.id, StopMode.POWER_OFF)
    return machine.id
