from __future__ import annotations

from pathlib import Path

import pytest

from adapters.memory.adapter import MemoryAdapter
from adapters.memory.settings import Settings
from broker.errors import Conflict, Invalid, NotFound, QuotaExceeded
from broker.model import (
    MIB,
    InstanceSpec,
    NetworkSpec,
    NicSpec,
    Power,
    Size,
    StopMode,
    SubnetSpec,
    VolumeSpec,
)
from tests.adapter.fakes import Clock
from tests.memory.conftest import Cloud, machine, volume


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slow(tmp_path: Path, clock: Clock) -> MemoryAdapter:
    """A cloud where machines take ten seconds to start and to stop."""
    settings = Settings(path=tmp_path / "cloud", transition_seconds=10)
    return MemoryAdapter("lab", settings, clock=clock, sleep=clock.sleep)


def test_a_machine_takes_its_time_to_start(slow: MemoryAdapter, clock: Clock) -> None:
    made = machine(slow, "vm")
    state = slow.instance(made).state
    assert (state.power, state.allocated, state.task) == (Power.STARTING, True, "starting")
    with pytest.raises(Conflict):
        slow.pause_instance(made)
    clock.sleep(10)
    state = slow.instance(made).state
    assert (state.power, state.allocated, state.task) == (Power.RUNNING, True, None)


def test_a_stop_returns_when_the_machine_is_stopped(slow: MemoryAdapter, clock: Clock) -> None:
    made = machine(slow, "vm")
    clock.sleep(10)
    slow.stop_instance(made)
    assert clock.slept == [10, 10]
    assert slow.instance(made).state.power is Power.STOPPED


def test_only_deallocating_gives_the_compute_back(cloud: Cloud) -> None:
    lab = cloud()
    made = machine(lab, "vm")
    lab.stop_instance(made, StopMode.POWER_OFF)
    assert lab.instance(made).state.allocated
    lab.stop_instance(made, StopMode.DEALLOCATE)
    assert lab.instance(made).state.allocated is False
    lab.start_instance(made)
    assert lab.instance(made).state.allocated


def test_a_guest_that_does_not_obey_goes_on_running(cloud: Cloud) -> None:
    lab = cloud(guests_obey=False)
    made = machine(lab, "vm")
    with pytest.raises(Conflict, match="Power it off"):
        lab.stop_instance(made)
    assert lab.instance(made).state.power is Power.RUNNING
    lab.stop_instance(made, StopMode.POWER_OFF)
    lab.stop_instance(made)


def test_the_console_tells_of_each_boot(cloud: Cloud) -> None:
    lab = cloud()
    made = machine(lab, "vm")
    lab.reboot_instance(made)
    assert lab.console_log(made) == "boot 1\nboot 2\n"


@pytest.mark.parametrize("quotas", [{"instances": 1}, {"vcpus": 3}, {"volume_bytes": MIB}])
def test_quotas_are_kept(cloud: Cloud, quotas: dict[str, int]) -> None:
    lab = cloud(quotas=quotas)
    machine(lab, "one", "medium")
    with pytest.raises(QuotaExceeded, match="quota of"):
        machine(lab, "two", "medium")
    assert [instance.name for instance in lab.instances()] == ["one"]


def test_a_size_must_be_one_that_is_sold(cloud: Cloud) -> None:
    lab = cloud()
    disk = lab.create_volume(volume(), token="disk").id
    spec = InstanceSpec(
        name="vm", size=Size(vcpus=3, memory=5000), volumes=(VolumeSpec(name="boot", size=MIB),)
    )
    with pytest.raises(Invalid, match="Choose one of tiny"):
        lab.create_instance(spec, [disk], token="vm")
    assert lab.create_instance(spec, [disk], offer="large", token="vm").spec.size.vcpus == 4


def test_a_refused_instance_leaves_its_disks_as_they_were(cloud: Cloud) -> None:
    lab = cloud()
    disk = lab.create_volume(volume(), token="disk").id
    spec = InstanceSpec(
        name="vm",
        size=Size(vcpus=1, memory=512),
        volumes=(VolumeSpec(name="boot", size=4 * MIB), VolumeSpec(name="data", size=MIB)),
    )
    with pytest.raises(NotFound):
        lab.create_instance(spec, [disk, "no-such-disk"], offer="tiny", token="vm")
    assert lab.open_source(disk).size == lab.volume(disk).spec.size == MIB
    with pytest.raises(Conflict):
        lab.create_instance(spec, [disk, disk], offer="tiny", token="vm")


def networked(lab: MemoryAdapter, token: str, *nics: NicSpec) -> str:
    disk = lab.create_volume(volume(), token=f"{token}-disk").id
    spec = InstanceSpec(
        name=token,
        size=Size(vcpus=1, memory=512),
        volumes=(VolumeSpec(name="boot", size=MIB),),
        nics=nics,
    )
    return lab.create_instance(spec, [disk], token=token).id


def test_addresses_are_given_out_once(cloud: Cloud) -> None:
    lab = cloud()
    subnet = SubnetSpec.model_validate({"cidr": "10.0.0.0/29"})
    net = lab.create_network(NetworkSpec(name="net", subnets=(subnet,)), token="net").id
    card = NicSpec(network=net)
    first = lab.instance(networked(lab, "one", card, card))
    assert [str(nic.spec.addresses[0]) for nic in first.nics] == ["10.0.0.2", "10.0.0.3"]
    assert len({nic.spec.mac for nic in first.nics}) == 2

    taken = card.model_copy(update={"addresses": first.nics[0].spec.addresses})
    with pytest.raises(Conflict, match=r"10\.0\.0\.2 is taken"):
        networked(lab, "two", taken)
    networked(lab, "three", card, card, card)
    with pytest.raises(QuotaExceeded):
        networked(lab, "four", card)
    lab.delete_instance(first.id)
    networked(lab, "five", card)


def test_a_public_address_asked_for_comes_and_goes_with_the_instance(cloud: Cloud) -> None:
    lab = cloud()
    subnet = SubnetSpec.model_validate({"cidr": "10.0.0.0/29"})
    net = lab.create_network(NetworkSpec(name="net", subnets=(subnet,)), token="net").id
    made = networked(lab, "vm", NicSpec(network=net, public=True))
    own = lab.create_public_address(token="own")
    lab.attach_public_address(own.id, made)
    assert len(lab.instance(made).nics[0].public_addresses) == 2

    lab.delete_instance(made)

    assert [(address.id, address.instance) for address in lab.public_addresses()] == [
        (own.id, None)
    ]
