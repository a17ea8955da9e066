"""Networks, subnets, cards and addresses as the service tells them, both ways."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.azure.ids import Ids
from adapters.azure.translate import networks
from broker.model import Family, NetworkSpec, NicSpec, SubnetSpec

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
IDS = Ids(SUBSCRIPTION, "rg")
PATH = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/RG/providers/Microsoft.Network"
NETWORK = f"{PATH}/virtualNetworks/Net-1"


def told(wish: dict[str, Any]) -> dict[str, Any]:
    """What the service tells of a network it was asked for like this."""
    subnets = [
        {"id": f"{NETWORK}/subnets/{each['name']}", **each} for each in reversed(wish["subnets"])
    ]
    return {
        "id": NETWORK,
        "name": "Net-1",
        "tags": {"interop:name": "né", "team": "x"},
        "properties": {**wish, "subnets": subnets},
    }


cidrs = st.builds(
    lambda number, length: ipaddress.IPv4Network(
        (number >> (32 - length) << (32 - length), length)
    ),
    st.integers(0, 2**32 - 1),
    st.integers(8, 29),
)


@given(st.lists(cidrs, min_size=1, max_size=5, unique=True), st.booleans(), st.text(max_size=90))
def test_a_network_comes_back_as_it_was_asked_for(
    wanted: list[ipaddress.IPv4Network], outbound: bool, name: str
) -> None:
    spec = NetworkSpec(
        name="né",
        subnets=tuple(SubnetSpec(name=name, cidr=cidr) for cidr in wanted),
        outbound=outbound,
        labels={"team": "x"},
    )
    wish = networks.network_wish(spec)
    found = networks.network(told(wish), IDS)
    assert sorted(str(one.cidr) for one in found.spec.subnets) == sorted(map(str, wanted))
    assert (found.id, found.spec.name, found.spec.labels) == ("net-1", "né", {"team": "x"})
    assert found.spec.outbound == outbound
    names = [each["name"].lower() for each in wish["subnets"]]
    assert len(set(names)) == len(names)
    assert all(1 <= len(each) <= networks.NAME_LENGTH for each in names)


def subnet(**about: Any) -> dict[str, Any]:
    return {"id": f"{NETWORK}/subnets/Front", "name": "Front", "properties": about}


@pytest.mark.parametrize(
    ("about", "out"),
    [
        ({}, True),  # made when every subnet had a way out
        ({"defaultOutboundAccess": True}, True),
        ({"defaultOutboundAccess": False}, False),
        ({"defaultOutboundAccess": False, "natGateway": {"id": "x"}}, True),
    ],
)
def test_a_way_out_is_the_default_one_or_a_gateway(about: dict[str, Any], out: bool) -> None:
    assert networks.leads_out(subnet(addressPrefix="10.0.0.0/24", **about)) == out


def test_of_a_subnet_with_both_families_the_ipv4_half_is_told() -> None:
    both = subnet(addressPrefixes=["fd00::/64", "10.0.0.0/24"])
    found = networks.subnet(both, IDS)
    assert str(found.spec.cidr) == "10.0.0.0/24"
    assert found.id == "net-1/front"
    assert found.native == both


def test_of_a_network_with_both_families_both_are_spoken() -> None:
    one = subnet(addressPrefix="10.0.0.0/24")
    both = subnet(addressPrefixes=["fd00::/64", "10.0.1.0/24"])
    told = {"id": NETWORK, "name": "net-1", "properties": {"subnets": [one]}}
    assert networks.network(told, IDS).families == {Family.IPV4}
    told["properties"] = {"subnets": [one, both]}
    assert networks.network(told, IDS).families == {Family.IPV4, Family.IPV6}


def card(**about: Any) -> dict[str, Any]:
    part = {
        "subnet": {"id": f"{NETWORK}/subnets/Front"},
        "privateIPAddress": "10.0.0.4",
        "publicIPAddress": {"id": f"{PATH}/publicIPAddresses/Out-1"},
    }
    return {
        "id": f"{PATH}/networkInterfaces/Card-1",
        "name": "Card-1",
        "properties": {
            "ipConfigurations": [{"name": "one", "properties": part}],
            "macAddress": "00-0D-3A-1B-2C-3D",
            "networkSecurityGroup": {"id": f"{PATH}/networkSecurityGroups/Web"},
            **about,
        },
    }


def test_a_card_is_told_in_our_words() -> None:
    found = networks.nic(card(), {"out-1": "203.0.113.7"}, IDS)
    assert found.id == "card-1"
    assert found.spec == NicSpec(
        network="net-1",
        subnet="net-1/front",
        mac="00:0d:3a:1b:2c:3d",
        addresses=(ipaddress.ip_address("10.0.0.4"),),
        public=True,
        firewalls=("web",),
    )
    assert found.public_addresses == ("203.0.113.7",)


def test_a_card_whose_machine_never_ran_has_no_hardware_address() -> None:
    found = networks.nic(card(macAddress=None, networkSecurityGroup=None), {}, IDS)
    assert found.spec.mac is None
    assert found.spec.firewalls == ()
    assert found.public_addresses == ()


def test_a_card_of_another_resource_groups_network_names_it_whole() -> None:
    other = NETWORK.replace("/RG/", "/Shared/")
    part = {"subnet": {"id": f"{other}/subnets/Front"}}
    found = networks.nic(card(ipConfigurations=[{"properties": part}]), {}, IDS)
    assert found.spec.network == other.lower()
    assert found.spec.subnet == f"{other}/subnets/Front".lower()


@given(st.lists(st.ip_addresses(v=4), max_size=3, unique=True), st.booleans())
def test_a_card_that_is_asked_for_comes_back(addresses: list[Any], public: bool) -> None:
    wish = NicSpec(
        network="net-1",
        subnet="net-1/front",
        addresses=tuple(addresses),
        public=public,
        firewalls=("web",),
    )
    asked = networks.nic_wish(
        wish,
        subnet=f"{NETWORK}/subnets/Front",
        public=f"{PATH}/publicIPAddresses/Out-1" if public else None,
        firewalls=[f"{PATH}/networkSecurityGroups/Web"],
        groups=[f"{PATH}/applicationSecurityGroups/Web"],
    )
    parts = asked["ipConfigurations"]
    assert [part["properties"]["primary"] for part in parts] == [
        True,
        *(False for _ in parts[1:]),
    ]
    assert all(part["properties"]["applicationSecurityGroups"] for part in parts)
    found = networks.nic({"id": card()["id"], "properties": asked}, {}, IDS)
    assert found.spec == wish


def test_an_address_is_told_with_its_machine() -> None:
    address = {
        "id": f"{PATH}/publicIPAddresses/Out-1",
        "name": "Out-1",
        "tags": {"team": "x", "interop:token": "t"},
        "properties": {"ipAddress": "203.0.113.7"},
    }
    found = networks.public_address(address, "web-1", IDS)
    assert (found.id, str(found.address), found.instance) == ("out-1", "203.0.113.7", "web-1")
    assert found.labels == {"team": "x"}
