"""The front of Resource Manager, through the unmodified SDKs."""

from __future__ import annotations

from typing import Any

import pytest
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.services.azure.fixture import AzureService


@pytest.fixture
def groups(azure: AzureService) -> Any:
    with azure.client(ResourceManagementClient) as client:
        yield client.resource_groups


@pytest.fixture
def network(azure: AzureService) -> Any:
    with azure.client(NetworkManagementClient) as client:
        yield client


def test_a_group_is_made_listed_and_deleted(groups: Any) -> None:
    made = groups.create_or_update("one", {"location": "West Europe", "tags": {"a": "b"}})
    assert (made.location, made.tags, made.properties.provisioning_state) == (
        "westeurope",
        {"a": "b"},
        "Succeeded",
    )
    assert [each.name for each in groups.list()] == ["one"]
    assert groups.check_existence("ONE")
    groups.begin_delete("one").result()
    assert not groups.check_existence("one")


def test_a_network_is_made_in_a_group(groups: Any, network: Any) -> None:
    groups.create_or_update("one", {"location": "westeurope"})
    made = network.virtual_networks.begin_create_or_update(
        "one",
        "net",
        {
            "location": "westeurope",
            "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}},
        },
    ).result()
    assert made.properties.provisioning_state == "Succeeded"
    assert [each.name for each in network.virtual_networks.list("one")] == ["net"]
    network.virtual_networks.begin_delete("one", "net").result()
    assert not list(network.virtual_networks.list_all())
