"""A guest wears the address that was set for its card, and nobody else's lease is in its way."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from adapters.kvm.adapter import KvmAdapter
from adapters.kvm.settings import Settings
from broker.errors import Conflict
from broker.model import (
    Firmware,
    Instance,
    InstanceSpec,
    Network,
    NetworkSpec,
    NicSpec,
    Size,
    StopMode,
    SubnetSpec,
    VolumeSpec,
)
from tests.boot.guests import ready, upload
from tests.conformance.kit import sweep
from tests.services.require import require

pytestmark = [pytest.mark.timeout(300), pytest.mark.service]

CIDR = IPv4Network("10.216.12.0/24")
WANTED = CIDR[201]
OF_ITS_OWN = "02:1f:2e:00:00:c9"


class Yard:
    """Makes guests on one network, each with a disk of its own."""

    def __init__(self, adapter: KvmAdapter, micro: Path, folder: Path, stack: ExitStack) -> None:
        self.adapter = adapter
        self._micro, self._folder, self._stack = micro, folder, stack
        spec = NetworkSpec(name=f"addr-{secrets.token_hex(3)}", subnets=(SubnetSpec(cidr=CIDR),))
        self.network: Network = adapter.create_network(spec, token=self._token())

    def _token(self) -> str:
        token = f"addr-{secrets.token_hex(4)}"
        self._stack.callback(sweep, self.adapter, token)
        return token

    def guest(self, address: IPv4Address | None, mac: str | None = None) -> Instance:
        token = self._token()
        disk = upload(self.adapter, self._micro, self._folder / token, token=token)
        root = VolumeSpec(name="root", size=self.adapter.volume(disk).spec.size, boot=True)
        addresses = () if address is None else (address,)
        spec = InstanceSpec(
            name=token,
            size=Size(vcpus=1, memory=128),
            firmware=Firmware.BIOS,
            volumes=(root,),
            nics=(NicSpec(network=self.network.id, mac=mac, addresses=addresses),),
        )
        return self.adapter.create_instance(spec, (disk,), token=token)

    def worn(self, id: str, *, boots: int = 1) -> str:
        """Return the address that the guest itself says it has, which is the one told."""
        told = ready(self.adapter, id, boots=boots)["ip"]
        (nic,) = self.adapter.instance(id).nics
        assert [f"{address}/24" for address in nic.spec.addresses] == [told]
        return told.removesuffix("/24")


@pytest.fixture
def yard(micro: Path, tmp_path: Path) -> Iterator[Yard]:
    require("libvirt")
    with ExitStack() as stack:
        adapter = KvmAdapter("kvm-test", Settings(pool="interop"))
        stack.callback(adapter.close)
        yield Yard(adapter, micro, tmp_path, stack)


def test_a_guest_wears_its_address_at_every_boot(yard: Yard) -> None:
    machine = yard.guest(WANTED, OF_ITS_OWN)
    assert yard.worn(machine.id) == str(WANTED)
    yard.adapter.stop_instance(machine.id, StopMode.POWER_OFF)
    yard.adapter.start_instance(machine.id)
    assert yard.worn(machine.id, boots=2) == str(WANTED)


def test_the_next_machine_wears_the_address_of_one_that_is_gone(yard: Yard) -> None:
    first = yard.guest(WANTED)
    assert yard.worn(first.id) == str(WANTED)
    yard.adapter.delete_instance(first.id)
    second = yard.guest(WANTED)  # the first one's lease still lasts
    assert yard.worn(second.id) == str(WANTED)


def test_an_address_that_is_leased_to_another_is_a_conflict(yard: Yard) -> None:
    leasing = yard.guest(None)
    leased = IPv4Address(yard.worn(leasing.id))
    with pytest.raises(Conflict, match="is leased to") as refused:
        yard.guest(leased)
    assert "net-dhcp-leases" in refused.value.hint
    yard.adapter.stop_instance(leasing.id, StopMode.POWER_OFF)
    (nic,) = yard.adapter.instance(leasing.id).nics
    assert nic.spec.addresses == (leased,)  # a move to this network is told that it is taken
