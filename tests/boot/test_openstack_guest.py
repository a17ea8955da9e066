"""A real guest on nova's libvirt driver: made from a disk of ours, stopped, resized, read back."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.openstack.adapter import OpenStackAdapter
from broker.disks.copy import copy
from broker.disks.files import FileSource
from broker.model import (
    GIB,
    Firmware,
    InstanceSpec,
    NetworkSpec,
    NicSpec,
    Power,
    Size,
    StopMode,
    SubnetSpec,
    VolumeSpec,
)
from tests.boot.openstack_guests import opened, ready, upload
from tests.conformance.kit import sweep
from tests.services.require import require

pytestmark = [pytest.mark.timeout(900), pytest.mark.service]

CIDR = ipaddress.IPv4Network("10.215.3.0/24")


@dataclass
class Guest:
    adapter: OpenStackAdapter
    id: str
    boots: int


@pytest.fixture(scope="module")
def adapter() -> Iterator[OpenStackAdapter]:
    require("openstack")
    with opened("interop-a") as made:
        yield made


@pytest.fixture(scope="module")
def guest(
    adapter: OpenStackAdapter, micro: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Guest]:
    folder = tmp_path_factory.mktemp("guest")
    data = folder / "data.raw"
    data.write_bytes(b"hello".ljust(1024 * 1024, b"\0"))
    with ExitStack() as stack:

        def token() -> str:
            made = f"guest-{secrets.token_hex(4)}"
            stack.callback(sweep, adapter, made)
            return made

        network = adapter.create_network(
            NetworkSpec(name="guest", subnets=(SubnetSpec(cidr=CIDR),)), token=token()
        )
        root = upload(adapter, micro, folder / "journal", token=token()).id
        source = FileSource(data)
        second = copy(
            source,
            adapter.open_sink(source.size, name="data", token=token()),
            journal=folder / "second",
        ).id
        spec = InstanceSpec(
            name="guest é東",
            size=Size(vcpus=1, memory=256),
            firmware=Firmware.BIOS,
            volumes=(
                VolumeSpec(name="root", size=GIB, boot=True),
                VolumeSpec(name="data", size=GIB),
            ),
            nics=(NicSpec(network=network.id, mac="02:1f:2e:00:00:07", addresses=(CIDR[7],)),),
        )
        made = adapter.create_instance(spec, (root, second), offer="tiny", token=token())
        yield Guest(adapter, made.id, 1)


def test_the_guest_is_up_with_its_disks(guest: Guest) -> None:
    told = ready(guest.adapter, guest.id, boots=guest.boots)
    size = guest.adapter.instance(guest.id).spec.size
    assert (told["firmware"], told["data"], told["cpus"]) == ("bios", "hello", str(size.vcpus))
    (nic,) = guest.adapter.instance(guest.id).nics
    assert (str(nic.spec.addresses[0]), nic.spec.mac) == (str(CIDR[7]), "02:1f:2e:00:00:07")


def test_it_stops_takes_another_size_and_comes_back(guest: Guest) -> None:
    ready(guest.adapter, guest.id, boots=guest.boots)
    guest.adapter.stop_instance(guest.id)
    guest.adapter.resize_instance(guest.id, Size(vcpus=2, memory=1024), offer="medium")
    guest.adapter.start_instance(guest.id)
    guest.boots += 1
    assert ready(guest.adapter, guest.id, boots=guest.boots)["cpus"] == "2"


def test_a_shelved_guest_gives_its_host_back_and_returns(guest: Guest) -> None:
    ready(guest.adapter, guest.id, boots=guest.boots)
    guest.adapter.stop_instance(guest.id, StopMode.DEALLOCATE)
    state = guest.adapter.instance(guest.id).state
    assert (state.power, state.allocated) == (Power.STOPPED, False)
    guest.adapter.start_instance(guest.id)
    guest.boots += 1
    ready(guest.adapter, guest.id, boots=guest.boots)


def test_a_running_guest_is_read_as_it_was(guest: Guest) -> None:
    ready(guest.adapter, guest.id, boots=guest.boots)
    volume = guest.adapter.instance(guest.id).volumes[1]
    source = guest.adapter.open_source(volume)
    try:
        buffer = bytearray(6)
        source.pread_into(memoryview(buffer), 0)
        assert buffer == b"hello\0"
    finally:
        source.close()
