"""Who may do what: the login endpoint, tokens and roles, through azure-identity."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import EnvironmentCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.services.azure.fixture import AzureService

SCOPE = "https://management.azure.com/.default"


@pytest.mark.parametrize(
    ("principal", "number"),
    [("wrong-secret", "AADSTS7000215"), ("unknown-client", "AADSTS700016")],
)
def test_a_wrong_login_says_what_is_wrong(azure: AzureService, principal: str, number: str) -> None:
    with pytest.raises(ClientAuthenticationError, match=number):
        azure.credential(principal).get_token(SCOPE)


def test_a_wrong_tenant_is_told(azure: AzureService) -> None:
    with pytest.raises((ClientAuthenticationError, ValueError), match=r"tenant|Tenant"):
        azure.credential(tenant="99999999-0000-4000-8000-000000000000").get_token(SCOPE)


def test_the_sdks_own_chain_finds_the_principal(azure: AzureService) -> None:
    with azure.environment("reader"):
        credential = EnvironmentCredential(
            authority=azure.endpoint,
            disable_instance_discovery=True,
            connection_verify=str(azure.settings.certificate),
        )
    assert credential.get_token(SCOPE).token


def test_a_reader_reads_and_is_told_the_action_it_lacks(azure: AzureService) -> None:
    with azure.client(ResourceManagementClient, "reader") as client:
        assert client.resource_groups.get("interop").location == azure.location
        with pytest.raises(HttpResponseError) as raised:
            client.resource_groups.create_or_update("more", {"location": azure.location})
    assert raised.value.status_code == 403
    error: Any = raised.value.error
    assert error.code == "AuthorizationFailed"
    action = "Microsoft.Resources/subscriptions/resourceGroups/write"
    assert f"to perform action '{action}' over scope" in error.message


def test_a_role_on_one_group_ends_where_the_group_does(azure: AzureService) -> None:
    with azure.client(ComputeManagementClient, "group-contributor") as client:
        made = client.disks.begin_create_or_update(
            azure.resource_group,
            "one",
            {
                "location": azure.location,
                "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1},
            },
        )
        assert made.result().name == "one"
        for beyond in (
            client.disks.list,
            client.resource_skus.list,
            partial(client.usage.list, azure.location),
            partial(client.disks.list_by_resource_group, "another"),
        ):
            with pytest.raises(HttpResponseError) as raised:
                list(beyond())
            refused: Any = raised.value
            assert (refused.status_code, refused.error.code) == (403, "AuthorizationFailed")


def test_a_token_does_not_live_for_ever(azure: AzureService) -> None:
    azure.limit(token_seconds=0)
    with (
        azure.client(ResourceManagementClient) as client,
        pytest.raises(ClientAuthenticationError) as raised,
    ):
        client.resource_groups.get("interop")
    error: Any = raised.value.error
    assert error.code == "ExpiredAuthenticationToken"
    response: Any = raised.value.response
    assert "invalid_token" in response.headers["WWW-Authenticate"]


def test_a_token_nobody_gave_is_refused(azure: AzureService) -> None:
    with azure.client(ResourceManagementClient) as client:
        client.resource_groups.get("interop")
        azure.control("DELETE", "tokens")
        with pytest.raises(ClientAuthenticationError) as raised:
            client.resource_groups.get("interop")
    error: Any = raised.value.error
    assert error.code == "InvalidAuthenticationToken"
