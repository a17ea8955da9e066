"""Networks, interfaces, addresses and their order of deletion, through the unmodified SDK."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.network import NetworkManagementClient

from tests.services.azure.caller import Caller
from tests.services.azure.fixture import AzureService
from tests.services.azure.refusals import code
from tests.services.azure.test_security_groups import SSH

HERE, RG = "westeurope", "interop"


@pytest.fixture
def network(azure: AzureService) -> Iterator[Any]:
    with azure.client(NetworkManagementClient) as client:
        yield client


def made(operations: Any, *names: str, location: str | None = HERE, **body: Any) -> Any:
    asked = {**({"location": location} if location else {}), **body}
    return operations.begin_create_or_update(RG, *names, asked).result()


def net(network: Any, name: str = "net", prefix: str = "10.0.0.0/16", **more: Any) -> Any:
    properties = {"addressSpace": {"addressPrefixes": [prefix]}, **more}
    return made(network.virtual_networks, name, properties=properties)


def subnet(network: Any, name: str = "a", prefix: str = "10.0.1.0/24", **more: Any) -> Any:
    properties = {"addressPrefix": prefix, **more}
    return made(network.subnets, "net", name, location=None, properties=properties)


def nic(network: Any, name: str, subnet_id: str, /, **more: Any) -> Any:
    configuration = {"name": "ip", "properties": {"subnet": {"id": subnet_id}, **more}}
    return made(network.network_interfaces, name, properties={"ipConfigurations": [configuration]})


def fixed(network: Any) -> Any:
    """A public address."""
    return made(
        network.public_ip_addresses,
        "ip",
        sku={"name": "Standard"},
        properties={"publicIPAllocationMethod": "Static"},
    )


def address(interface: Any) -> str:
    return str(interface.ip_configurations[0].private_ip_address)


def test_a_network_shows_its_subnets_however_they_were_made(network: Any) -> None:
    net(network, subnets=[{"name": "a", "properties": {"addressPrefix": "10.0.1.0/24"}}])
    subnet(network, "b", "10.0.2.0/24")
    found = network.virtual_networks.get(RG, "net")
    assert [(each.name, each.address_prefix) for each in found.subnets] == [
        ("a", "10.0.1.0/24"),
        ("b", "10.0.2.0/24"),
    ]
    assert {each.default_outbound_access for each in found.subnets} == {False}
    assert [each.name for each in network.subnets.list(RG, "net")] == ["a", "b"]


def test_a_network_written_without_its_subnets_keeps_them_and_an_empty_list_removes_them(
    network: Any,
) -> None:
    net(network, subnets=[{"name": "a", "properties": {"addressPrefix": "10.0.1.0/24"}}])
    net(network, dhcpOptions={"dnsServers": ["10.0.0.4"]})
    assert [each.name for each in network.subnets.list(RG, "net")] == ["a"]
    net(network, subnets=[])
    assert not list(network.subnets.list(RG, "net"))


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("10.0.1.128/25", "NetcfgSubnetRangesOverlap"),
        ("10.1.0.0/24", "NetcfgSubnetRangeOutsideVnet"),
        ("10.0.2.0/30", "NetcfgInvalidSubnet"),
        ("10.0.2.1/24", "InvalidCIDRNotation"),
        ("10.0.2.0", "InvalidAddressPrefixFormat"),
    ],
)
def test_a_subnet_that_does_not_fit_is_refused(network: Any, prefix: str, expected: str) -> None:
    net(network)
    subnet(network)
    with pytest.raises(HttpResponseError) as raised:
        subnet(network, "b", prefix)
    assert code(raised) == (400, expected)
    assert [each.name for each in network.subnets.list(RG, "net")] == ["a"]


def test_the_platform_gives_the_fifth_address_first_and_keeps_it(network: Any) -> None:
    net(network)
    inside = subnet(network).id
    assert address(nic(network, "one", inside)) == "10.0.1.4"
    assert address(nic(network, "two", inside)) == "10.0.1.5"
    network.network_interfaces.begin_delete(RG, "one").result()
    assert address(nic(network, "two", inside)) == "10.0.1.5"
    assert address(nic(network, "three", inside)) == "10.0.1.4"
    (found,) = network.subnets.list(RG, "net")
    assert sorted(each.id.split("/")[8] for each in found.ip_configurations) == ["three", "two"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("10.0.1.3", "PrivateIPAddressInReservedRange"),
        ("10.0.1.255", "PrivateIPAddressInReservedRange"),
        ("10.0.2.4", "PrivateIPAddressNotInSubnet"),
        ("10.0.1.9", "PrivateIPAddressIsAllocated"),
        ("10.0.1.x", "InvalidIPAddressFormat"),
    ],
)
def test_a_fixed_address_must_be_free(network: Any, asked: str, expected: str) -> None:
    net(network)
    inside = subnet(network).id
    static = {"privateIPAllocationMethod": "Static"}
    assert address(nic(network, "one", inside, privateIPAddress="10.0.1.9", **static)) == "10.0.1.9"
    with pytest.raises(HttpResponseError) as raised:
        nic(network, "two", inside, privateIPAddress=asked, **static)
    assert code(raised) == (400, expected)
    with pytest.raises(ResourceNotFoundError):
        network.network_interfaces.get(RG, "two")


def test_the_smallest_subnet_holds_three(network: Any) -> None:
    net(network)
    inside = subnet(network, prefix="10.0.1.0/29").id
    for name in ("one", "two", "three"):
        nic(network, name, inside)
    with pytest.raises(HttpResponseError) as raised:
        nic(network, "four", inside)
    assert code(raised) == (400, "SubnetIsFull")


def test_things_go_in_the_order_of_their_use_only(network: Any) -> None:
    net(network)
    group = made(network.network_security_groups, "nsg", properties={})
    inside = subnet(network, networkSecurityGroup={"id": group.id})
    public = fixed(network)
    interface = nic(network, "one", inside.id, publicIPAddress={"id": public.id})
    assert network.public_ip_addresses.get(RG, "ip").ip_configuration.id.startswith(interface.id)
    assert [each.id for each in network.network_security_groups.get(RG, "nsg").subnets] == [
        inside.id
    ]

    deletions = {
        "PublicIPAddressCannotBeDeleted": (network.public_ip_addresses, "ip"),
        "InUseNetworkSecurityGroupCannotBeDeleted": (network.network_security_groups, "nsg"),
        "InUseSubnetCannotBeDeleted": (network.virtual_networks, "net"),
    }
    for expected, (operations, name) in deletions.items():
        with pytest.raises(HttpResponseError) as raised:
            operations.begin_delete(RG, name).result()
        assert code(raised) == (400, expected)
    network.network_interfaces.begin_delete(RG, "one").result()
    network.public_ip_addresses.begin_delete(RG, "ip").result()
    network.virtual_networks.begin_delete(RG, "net").result()
    network.network_security_groups.begin_delete(RG, "nsg").result()
    assert not list(network.virtual_networks.list_all())


def test_what_is_named_must_exist_in_the_same_region(network: Any) -> None:
    net(network)
    inside = subnet(network)
    elsewhere = made(network.network_security_groups, "far", location="northeurope", properties={})
    for group in (elsewhere.id, elsewhere.id.replace("far", "none")):
        with pytest.raises(HttpResponseError) as raised:
            subnet(network, networkSecurityGroup={"id": group})
        assert code(raised) == (400, "InvalidResourceReference")
    with pytest.raises(HttpResponseError) as raised:
        nic(network, "one", f"{inside.id}x")
    assert code(raised) == (400, "InvalidResourceReference")
    with pytest.raises(HttpResponseError) as raised:
        nic(network, "one", elsewhere.id)
    assert code(raised) == (400, "InvalidRequestFormat")


@pytest.mark.parametrize(
    ("sku", "method", "expected"),
    [
        ("Basic", "Static", "IPv4BasicSkuPublicIpCountLimitReached"),
        ("Standard", "Dynamic", "StandardAndStandardV2SkuPublicIPAddressesMustBeStatic"),
    ],
)
def test_a_public_address_is_standard_and_static(
    network: Any, sku: str, method: str, expected: str
) -> None:
    with pytest.raises(HttpResponseError) as raised:
        made(
            network.public_ip_addresses,
            "ip",
            sku={"name": sku},
            properties={"publicIPAllocationMethod": method},
        )
    assert code(raised) == (400, expected)


def test_quotas_are_counted_and_kept(azure: AzureService, network: Any) -> None:
    azure.limit(quotas={"VirtualNetworks": 1})
    net(network)
    found = {each.name.value: each for each in network.usages.list(HERE)}
    assert (found["VirtualNetworks"].current_value, found["VirtualNetworks"].limit) == (1, 1)
    with pytest.raises(HttpResponseError) as raised:
        net(network, "other", "10.1.0.0/16")
    assert code(raised) == (400, "VnetCountLimitReached")


def test_an_unknown_property_is_refused_as_each_layer_words_it(network: Any) -> None:
    with pytest.raises(HttpResponseError) as raised:
        net(network, colour="blue")
    assert code(raised) == (400, "InvalidRequestFormat")
    error: Any = raised.value.error
    (detail,) = error.details
    assert detail.code == "InvalidJson"
    assert "Could not find member 'colour'" in detail.message
    with pytest.raises(HttpResponseError) as raised:
        made(network.virtual_networks, "net", colour="blue", properties={})
    assert code(raised) == (400, "InvalidRequestContent")


def test_an_application_group_stays_in_one_network(network: Any) -> None:
    group = made(network.application_security_groups, "web", properties={})
    net(network)
    inside = subnet(network)
    named = {"applicationSecurityGroups": [{"id": group.id}]}
    nic(network, "one", inside.id, **named)
    net(
        network,
        "other",
        subnets=[{"name": "a", "properties": {"addressPrefix": "10.0.1.0/24"}}],
    )
    with pytest.raises(HttpResponseError) as raised:
        nic(network, "two", inside.id.replace("/net/", "/other/"), **named)
    assert code(raised) == (400, "ApplicationSecurityGroupInDifferentVirtualNetwork")
    with pytest.raises(HttpResponseError) as raised:
        network.application_security_groups.begin_delete(RG, "web").result()
    assert code(raised) == (400, "ApplicationSecurityGroupCannotBeDeleted")


def test_a_nat_gateway_leads_a_subnet_out(network: Any) -> None:
    public = fixed(network)
    gateway = made(
        network.nat_gateways,
        "nat",
        sku={"name": "Standard"},
        properties={"publicIpAddresses": [{"id": public.id}]},
    )
    net(network)
    inside = subnet(network, natGateway={"id": gateway.id})
    assert [each.id for each in network.nat_gateways.get(RG, "nat").subnets] == [inside.id]
    for operations, name in ((network.nat_gateways, "nat"), (network.public_ip_addresses, "ip")):
        with pytest.raises(HttpResponseError) as raised:
            operations.begin_delete(RG, name).result()
        assert code(raised)[0] == 400


def test_what_is_behind_a_service_tag_is_told(network: Any) -> None:
    told = network.service_tags.list(HERE)
    found = {each.name: each.properties.address_prefixes for each in told.values_property}
    assert found["Storage.WestEurope"]
    assert set(found["Storage"]).isdisjoint(found["Sql"])
    assert "VirtualNetwork" not in found


def test_what_was_read_can_be_written_back_and_changes_nothing(
    azure: AzureService, network: Any
) -> None:
    groups = made(
        network.network_security_groups,
        "nsg",
        properties={"securityRules": [{"name": "ssh", "properties": SSH}]},
    )
    net(network)
    inside = subnet(network, networkSecurityGroup={"id": groups.id})
    public = fixed(network)
    card = nic(network, "one", inside.id, publicIPAddress={"id": public.id})

    caller = Caller(azure)
    above = inside.id.rpartition("/subnets/")[0]
    for each in (groups.id, above, inside.id, public.id, card.id):
        path = f"{each}?api-version=2026-03-01"
        before = caller.send({"method": "GET", "path": path})[2]
        status, headers, body = caller.send({"method": "PUT", "path": path, "body": before})
        assert status == 200, body
        caller.finish(headers)
        assert without_etags(caller.send({"method": "GET", "path": path})[2]) == without_etags(
            before
        )


def without_etags(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_etags(each) for name, each in value.items() if name != "etag"}
    return [without_etags(each) for each in value] if isinstance(value, list) else value
