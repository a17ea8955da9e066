"""Rules of security groups, through the unmodified SDK."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.network import NetworkManagementClient

from tests.services.azure.fixture import AzureService
from tests.services.azure.refusals import code

HERE, RG = "westeurope", "interop"
SSH = {
    "protocol": "Tcp",
    "access": "Allow",
    "direction": "Inbound",
    "priority": 100,
    "sourceAddressPrefix": "*",
    "sourcePortRange": "*",
    "destinationAddressPrefix": "*",
    "destinationPortRange": "22",
}


@pytest.fixture
def network(azure: AzureService) -> Iterator[Any]:
    with azure.client(NetworkManagementClient) as client:
        yield client


def group(network: Any, *rules: dict[str, Any], name: str = "nsg") -> Any:
    """A group with rules named r0, r1 and so on; a None takes a property away."""
    asked = [
        {"name": f"r{index}", "properties": {k: v for k, v in rule.items() if v is not None}}
        for index, rule in enumerate(rules)
    ]
    body = {"location": HERE, "properties": {"securityRules": asked}}
    return network.network_security_groups.begin_create_or_update(RG, name, body).result()


def test_a_new_group_has_the_six_rules_nobody_can_remove(network: Any) -> None:
    made = group(network)
    assert [
        (each.name, each.direction, each.access, each.priority)
        for each in made.default_security_rules
    ] == [
        ("AllowVnetInBound", "Inbound", "Allow", 65000),
        ("AllowAzureLoadBalancerInBound", "Inbound", "Allow", 65001),
        ("DenyAllInBound", "Inbound", "Deny", 65500),
        ("AllowVnetOutBound", "Outbound", "Allow", 65000),
        ("AllowInternetOutBound", "Outbound", "Allow", 65001),
        ("DenyAllOutBound", "Outbound", "Deny", 65500),
    ]
    assert len(list(network.default_security_rules.list(RG, "nsg"))) == 6
    assert network.default_security_rules.get(RG, "nsg", "DenyAllInBound").access == "Deny"


@pytest.mark.parametrize(
    "different",
    [
        {"destinationPortRange": "80"},
        {"destinationPortRange": "80-90"},
        {"destinationPortRange": "*"},
        {"destinationPortRange": None, "destinationPortRanges": ["80", "443", "8000-8080"]},
        {"sourceAddressPrefix": "VirtualNetwork"},
        {"sourceAddressPrefix": "Storage.WestEurope"},
        {"sourceAddressPrefix": "Internet", "access": "Deny"},
        {"sourceAddressPrefix": "192.0.2.7"},
        {"sourceAddressPrefix": "2001:db8::/32"},
        {"sourceAddressPrefix": None, "sourceAddressPrefixes": ["192.0.2.0/24", "10.0.0.0/8"]},
        {"protocol": "*", "direction": "Outbound", "priority": 4096},
        {"sourcePortRange": None, "sourcePortRanges": ["1024-65535"]},
    ],
)
def test_a_rule_comes_back_as_it_was_written(network: Any, different: dict[str, Any]) -> None:
    group(network, SSH | different)
    (found,) = network.network_security_groups.get(RG, "nsg")["properties"]["securityRules"]
    lists: dict[str, Any] = {
        name: [] for name in found["properties"] if name.endswith(("Ranges", "Prefixes"))
    }
    written = {name: value for name, value in (SSH | different).items() if value is not None}
    assert found["properties"] == {"provisioningState": "Succeeded"} | lists | written


@pytest.mark.parametrize(
    ("different", "expected"),
    [
        ({"priority": 99}, "SecurityRuleInvalidPriority"),
        ({"priority": 4097}, "SecurityRuleInvalidPriority"),
        ({"destinationPortRange": "80,443"}, "SecurityRuleInvalidPortRange"),
        ({"destinationPortRange": "90-80"}, "SecurityRuleInvalidPortRange"),
        ({"destinationPortRange": "65536"}, "SecurityRuleInvalidPortRange"),
        ({"sourceAddressPrefix": "10.0.0.1/8"}, "SecurityRuleInvalidAddressPrefix"),
        ({"sourceAddressPrefix": "Everybody"}, "SecurityRuleInvalidAddressPrefix"),
        (
            {"sourceAddressPrefix": None, "sourceAddressPrefixes": ["Internet"]},
            "SecurityRuleParameterContainsUnsupportedValue",
        ),
        (
            {"sourceAddressPrefixes": ["10.0.0.0/8"]},
            "SecurityRuleParameterContainsUnsupportedValue",
        ),
        ({"protocol": "Sctp"}, "InvalidRequestFormat"),
        ({"access": None}, "InvalidRequestFormat"),
    ],
)
def test_a_rule_that_is_wrong_is_refused_with_its_group(
    network: Any, different: dict[str, Any], expected: str
) -> None:
    with pytest.raises(HttpResponseError) as raised:
        group(network, SSH | different)
    assert code(raised) == (400, expected)
    assert not list(network.network_security_groups.list_all())


def test_two_rules_cannot_have_one_priority_in_one_direction(network: Any) -> None:
    group(network, SSH, SSH | {"direction": "Outbound"})
    with pytest.raises(HttpResponseError) as raised:
        network.security_rules.begin_create_or_update(RG, "nsg", "more", {"properties": SSH})
    assert code(raised) == (400, "SecurityRuleConflict")
    assert [each.name for each in network.security_rules.list(RG, "nsg")] == ["r0", "r1"]


def test_rules_come_and_go_one_by_one(network: Any) -> None:
    group(network, SSH)
    rule = {"properties": SSH | {"priority": 110, "destinationPortRange": "443"}}
    network.security_rules.begin_create_or_update(RG, "nsg", "https", rule).result()
    network.security_rules.begin_delete(RG, "nsg", "r0").result()
    (found,) = network.network_security_groups.get(RG, "nsg").security_rules
    assert (found.name, found.destination_port_range) == ("https", "443")


def test_a_group_written_without_rules_has_none(network: Any) -> None:
    group(network, SSH)
    body = {"location": HERE, "properties": {}}
    made = network.network_security_groups.begin_create_or_update(RG, "nsg", body).result()
    assert made.security_rules == []


def test_a_rule_names_application_groups_that_exist(network: Any) -> None:
    web = network.application_security_groups.begin_create_or_update(
        RG, "web", {"location": HERE}
    ).result()
    named = SSH | {
        "destinationAddressPrefix": None,
        "destinationApplicationSecurityGroups": [{"id": web.id}],
    }
    (rule,) = group(network, named).security_rules
    assert [each.id for each in rule.destination_application_security_groups] == [web.id]
    missing = [{"id": web.id.replace("web", "none")}]
    with pytest.raises(HttpResponseError) as raised:
        group(network, named | {"destinationApplicationSecurityGroups": missing}, name="other")
    assert code(raised) == (400, "InvalidResourceReference")


def test_a_group_has_room_for_a_thousand_rules(network: Any) -> None:
    rules = [SSH | {"priority": 100 + index} for index in range(1000)]
    assert len(group(network, *rules).security_rules) == 1000
    more = {"properties": SSH | {"priority": 2000}}
    with pytest.raises(HttpResponseError) as raised:
        network.security_rules.begin_create_or_update(RG, "nsg", "more", more)
    assert code(raised)[0] == 400


def test_two_rules_cannot_have_one_name(network: Any) -> None:
    twice = [
        {"name": name, "properties": SSH | {"priority": priority}}
        for name, priority in (("ssh", 100), ("SSH", 110))
    ]
    body = {"location": HERE, "properties": {"securityRules": twice}}
    with pytest.raises(HttpResponseError) as raised:
        network.network_security_groups.begin_create_or_update(RG, "nsg", body)
    assert code(raised) == (400, "InvalidRequestFormat")
