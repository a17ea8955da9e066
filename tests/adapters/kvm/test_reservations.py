"""Private addresses that are set on purpose: what libvirt's DHCP is told, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address

import pytest

pytest.importorskip("libvirt")

import libvirt

from adapters.kvm.adapter import KvmAdapter
from adapters.kvm.naming import mac_for
from adapters.kvm.settings import Settings
from adapters.kvm.translate.network import network_xml
from adapters.kvm.translate.reservation import Reservation, host_xml, place, reservations
from broker.errors import BrokerError, Conflict, Invalid
from broker.model import Network, NetworkSpec, NicSpec, StopMode, SubnetSpec
from tests.conformance.kit import Kit, Machine
from tests.conformance.knobs import Knobs
from tests.services.require import require

UUID = "3f1b6a9e-52a4-4a1e-9d6f-1a2b3c4d5e6f"
MAC = "02:1f:2e:3d:4c:5b"
OTHER_MAC = "02:1f:2e:3d:4c:5c"
CIDR = IPv4Network("10.0.0.0/24")
SPEC = NetworkSpec(
    name="net",
    subnets=(
        SubnetSpec(cidr=IPv6Network("fd00::/64")),
        SubnetSpec(cidr=IPv4Network("10.9.0.0/24"), dhcp=False),
        SubnetSpec(cidr=CIDR, gateway=CIDR[7]),
    ),
)
XML = network_xml(SPEC, uuid=UUID, name="net")


def test_what_is_reserved_is_read_back() -> None:
    wish = Reservation(network=UUID, mac=MAC, address=CIDR[50])
    assert reservations(XML) == {}
    inside = XML.rindex("</dhcp>")
    assert reservations(XML[:inside] + host_xml(wish) + XML[inside:]) == {wish: 2}


def test_what_names_no_card_and_address_is_no_reservation() -> None:
    others = '<host name="web" ip="10.0.0.9" /><host mac="02:00:00:00:00:01" name="web" />'
    inside = XML.rindex("</dhcp>")
    assert reservations(XML[:inside] + others + XML[inside:]) == {}


def test_the_subnet_with_dhcp_around_it_reserves_an_address() -> None:
    assert place(XML, CIDR[1]) == 2


@pytest.mark.parametrize("text", ["10.0.0.0", "10.0.0.7", "10.0.0.255", "10.9.0.5", "192.0.2.1"])
def test_an_address_that_no_card_can_have_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        place(XML, IPv4Address(text))
    assert text in str(refused.value)
    assert "10.0.0.0/24" in f"{refused.value} {refused.value.hint}"


def test_a_bridge_of_somebody_elses_has_no_dhcp_to_ask() -> None:
    xml = f"<network><name>lan</name><uuid>{UUID}</uuid><bridge name='br0'/></network>"
    with pytest.raises(Invalid, match="no DHCP") as refused:
        place(xml, CIDR[50])
    assert "inside the guest" in refused.value.hint


def test_an_address_has_one_hardware_address_on_a_network() -> None:
    first = mac_for(UUID, CIDR[50])
    assert re.fullmatch("02(:[0-9a-f]{2}){5}", first)
    assert mac_for(UUID, CIDR[50]) == first
    assert len({first, mac_for(UUID, CIDR[51]), mac_for(UUID[::-1], CIDR[50])}) == 3


@pytest.fixture(scope="module")
def adapter() -> Iterator[KvmAdapter]:
    require("libvirt")
    made = KvmAdapter("kvm-test", Settings(pool="interop"))
    yield made
    made.close()


@pytest.fixture
def kit(adapter: KvmAdapter) -> Iterator[Kit]:
    with ExitStack() as stack:
        yield Kit(adapter, Knobs(memory_mib=64), stack)


@pytest.fixture
def network(kit: Kit) -> Network:
    return kit.network()


def address(network: Network, number: int = 77) -> IPv4Address:
    cidr = network.spec.subnets[0].cidr
    assert isinstance(cidr, IPv4Network)
    return cidr[number]


def machine(kit: Kit, network: Network, number: int = 77, mac: str | None = None) -> Machine:
    nic = NicSpec(network=network.id, addresses=(address(network, number),), mac=mac)
    return kit.instance(network.id, nics=(nic,))


def kept(adapter: KvmAdapter, network: Network) -> dict[str, str]:
    """Return what the network reserves, by card; the same now and after its next start."""
    found = adapter._host.network(network.id)
    now, later = (
        reservations(found.XMLDesc(flags)) for flags in (0, libvirt.VIR_NETWORK_XML_INACTIVE)
    )
    assert now == later
    return {one.mac: str(one.address) for one in now}


def reserve_by_hand(adapter: KvmAdapter, network: Network, mac: str, number: int = 77) -> None:
    wish = Reservation(network=network.id, mac=mac, address=address(network, number))
    adapter._host.network(network.id).update(
        libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST,
        libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST,
        0,
        host_xml(wish),
        libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE | libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG,
    )


@pytest.mark.service
class TestReal:
    def test_an_address_is_kept_as_long_as_its_machine(
        self, adapter: KvmAdapter, kit: Kit, network: Network
    ) -> None:
        made = machine(kit, network)
        (nic,) = made.made.nics
        assert kept(adapter, network) == {nic.spec.mac: str(address(network))}

        adapter.stop_instance(made.id, StopMode.POWER_OFF)
        (nic,) = adapter.instance(made.id).nics
        assert nic.spec.addresses == (address(network),)

        adapter.delete_instance(made.id)
        assert kept(adapter, network) == {}
        adapter.delete_instance(made.id)

    def test_two_cards_have_an_address_each(
        self, adapter: KvmAdapter, kit: Kit, network: Network
    ) -> None:
        cards = [NicSpec(network=network.id, addresses=(address(network, at),)) for at in (5, 6)]
        made = kit.instance(network.id, nics=tuple(cards))
        told = [nic.spec.addresses for nic in made.made.nics]
        assert told == [(address(network, 5),), (address(network, 6),)]
        adapter.delete_instance(made.id)
        assert kept(adapter, network) == {}

    @pytest.mark.parametrize("mac", [None, MAC])
    def test_an_address_of_another_machine_is_a_conflict(
        self, adapter: KvmAdapter, kit: Kit, network: Network, mac: str | None
    ) -> None:
        first = machine(kit, network)
        before = kept(adapter, network)
        nic = NicSpec(network=network.id, addresses=(address(network),), mac=mac)
        request = kit.request(network.id, kit.disk(), nics=(nic,))
        with pytest.raises(Conflict) as refused:
            request.send(adapter)
        assert str(address(network)) in f"{refused.value} {refused.value.hint}"
        assert adapter.made(request.token) == []
        assert kept(adapter, network) == before
        assert first.request.send(adapter).id == first.id

    def test_another_address_for_a_card_that_has_one_is_a_conflict(
        self, adapter: KvmAdapter, kit: Kit, network: Network
    ) -> None:
        reserve_by_hand(adapter, network, MAC, 78)
        with pytest.raises(Conflict, match=MAC):
            machine(kit, network, mac=MAC)
        assert list(kept(adapter, network)) == [MAC]

    def test_what_somebody_reserved_stays_when_the_machine_goes(
        self, adapter: KvmAdapter, kit: Kit, network: Network
    ) -> None:
        reserve_by_hand(adapter, network, MAC)
        with pytest.raises(Conflict, match=MAC):
            machine(kit, network, mac=OTHER_MAC)
        made = machine(kit, network, mac=MAC)
        adapter.delete_instance(made.id)
        assert kept(adapter, network) == {MAC: str(address(network))}

    @pytest.mark.parametrize("number", [0, 1, 255, 256])
    def test_an_address_that_cannot_be_had_makes_nothing(
        self, adapter: KvmAdapter, kit: Kit, network: Network, number: int
    ) -> None:
        wanted = ip_address(int(network.spec.subnets[0].cidr[0]) + number)
        nic = NicSpec(network=network.id, addresses=(wanted,))
        request = kit.request(network.id, kit.disk(), nics=(nic,))
        with pytest.raises(Invalid):
            request.send(adapter)
        assert adapter.made(request.token) == []
        assert kept(adapter, network) == {}

    def test_a_machine_that_cannot_start_leaves_no_reservation(
        self, adapter: KvmAdapter, kit: Kit, network: Network
    ) -> None:
        adapter._host.network(network.id).destroy()
        nic = NicSpec(network=network.id, addresses=(address(network),))
        request = kit.request(network.id, kit.disk(), nics=(nic,))
        with pytest.raises(BrokerError):
            request.send(adapter)
        assert adapter.made(request.token) == []
        adapter._host.network(network.id).create()
        assert kept(adapter, network) == {}

    def test_another_try_makes_the_reservation_that_is_missing(
        self, adapter: KvmAdapter, kit: Kit, network: Network
    ) -> None:
        made = machine(kit, network)
        before = kept(adapter, network)
        found = adapter._host.network(network.id)
        (lost,) = reservations(found.XMLDesc())
        found.update(
            libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE,
            libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST,
            0,
            host_xml(lost),
            libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE,  # killed between the two
        )
        assert made.request.send(adapter).id == made.id
        assert kept(adapter, network) == before
