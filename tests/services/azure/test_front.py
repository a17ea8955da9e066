"""The front of Resource Manager, through the unmodified SDKs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import (
    HttpResponseError,
    ResourceNotFoundError,
    ServiceResponseError,
)
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.services.azure.fixture import AzureService
from tests.services.azure.refusals import code

HERE, RG = "westeurope", "interop"


@pytest.fixture
def resources(azure: AzureService) -> Iterator[Any]:
    with azure.client(ResourceManagementClient) as client:
        yield client


@pytest.fixture
def network(azure: AzureService) -> Iterator[Any]:
    with azure.client(NetworkManagementClient) as client:
        yield client


def group(network: Any, name: str, /, **different: Any) -> Any:
    """An application security group: the simplest resource there is."""
    body = {"location": HERE, **different}
    return network.application_security_groups.begin_create_or_update(RG, name, body).result()


def test_a_group_is_made_listed_and_deleted_with_what_it_holds(resources: Any, azure: Any) -> None:
    groups = resources.resource_groups
    made = groups.create_or_update("one", {"location": "West Europe", "tags": {"a": "b"}})
    assert (made.location, made.tags, made.properties.provisioning_state) == (
        HERE,
        {"a": "b"},
        "Succeeded",
    )
    assert [each.name for each in groups.list()] == [RG, "one"]
    with azure.client(NetworkManagementClient) as network:
        network.virtual_networks.begin_create_or_update(
            "one",
            "net",
            {
                "location": HERE,
                "properties": {
                    "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                    "subnets": [{"name": "a", "properties": {"addressPrefix": "10.0.0.0/24"}}],
                },
            },
        ).result()
        (found,) = resources.resources.list_by_resource_group("ONE")
        assert found.type == "Microsoft.Network/virtualNetworks"
        groups.begin_delete("one").result()
        assert not groups.check_existence("one")
        assert not list(network.virtual_networks.list_all())


def test_a_listing_comes_in_pages_and_is_whole(azure: AzureService, network: Any) -> None:
    for name in "abcde":
        group(network, name)
    azure.limit(page_size=2)
    azure.control("DELETE", "faults")
    listed = network.application_security_groups.list(RG)
    assert [each.name for each in listed] == list("abcde")
    assert azure.calls() == {"Microsoft.Network/applicationSecurityGroups/read": 3}


def test_ids_and_names_compare_without_regard_to_case(network: Any) -> None:
    group(network, "Web")
    assert network.application_security_groups.get("INTEROP", "WEB").name == "Web"
    group(network, "web", tags={"a": "b"})
    assert [each.name for each in network.application_security_groups.list_all()] == ["Web"]


@pytest.mark.parametrize(
    ("version", "expected"),
    [("2031-01-01", "NoRegisteredProviderFound"), ("latest", "InvalidApiVersionParameter")],
)
def test_an_api_version_must_be_one_of_the_types(network: Any, version: str, expected: str) -> None:
    with pytest.raises(HttpResponseError) as raised:
        network.application_security_groups.get(RG, "web", api_version=version)
    assert code(raised) == (400, expected)


def test_what_is_not_there_is_told_apart(network: Any, resources: Any) -> None:
    groups = network.application_security_groups
    for call, expected in (
        (lambda: groups.get(RG, "none"), "ResourceNotFound"),
        (lambda: groups.get("none", "none"), "ResourceGroupNotFound"),
        (lambda: list(groups.list("none")), "ResourceGroupNotFound"),
        (lambda: network.subnets.get(RG, "none", "a"), "NotFound"),
        (
            lambda: network.subnets.begin_create_or_update(
                RG, "none", "a", {"properties": {"addressPrefix": "10.0.0.0/24"}}
            ),
            "ParentResourceNotFound",
        ),
        (lambda: resources.resource_groups.get("none"), "ResourceGroupNotFound"),
    ):
        with pytest.raises(ResourceNotFoundError) as raised:
            call()
        assert code(raised) == (404, expected)
    groups.begin_delete(RG, "none").result()


@pytest.mark.parametrize(
    ("name", "different", "expected"),
    [
        ("-web", {}, "InvalidResourceName"),
        ("web.", {}, "InvalidResourceName"),
        ("w" * 81, {}, "InvalidResourceName"),
        ("web", {"location": "mars"}, "LocationNotAvailableForResourceType"),
        ("web", {"location": None}, "LocationRequired"),
        ("web", {"tags": {"a<b": "c"}}, "InvalidTagNameCharacters"),
        ("web", {"tags": {"a": "c" * 257}}, "InvalidTagValueLength"),
        ("web", {"tags": {"a" * 513: "c"}}, "InvalidTagName"),
        ("web", {"tags": {str(each): "" for each in range(51)}}, "TooManyTags"),
        ("web", {"colour": "blue"}, "InvalidRequestContent"),
    ],
)
def test_what_is_not_allowed_is_refused(
    network: Any, name: str, different: dict[str, Any], expected: str
) -> None:
    with pytest.raises(HttpResponseError) as raised:
        group(network, name, **different)
    assert code(raised) == (400, expected)
    assert not list(network.application_security_groups.list_all())


def test_a_resource_stays_where_it_is(network: Any) -> None:
    group(network, "web")
    with pytest.raises(HttpResponseError) as raised:
        group(network, "web", location="northeurope")
    assert code(raised) == (409, "InvalidResourceLocation")


def test_an_etag_guards_a_change(network: Any) -> None:
    first = group(network, "web")
    group(network, "web", tags={"a": "b"})
    with pytest.raises(HttpResponseError) as raised:
        network.application_security_groups.begin_create_or_update(
            RG,
            "web",
            {"location": HERE, "tags": {"a": "lost"}},
            headers={"If-Match": first.etag},
        )
    assert code(raised) == (412, "PreconditionFailed")
    assert network.application_security_groups.get(RG, "web").tags == {"a": "b"}


def test_tags_are_replaced_by_a_patch(network: Any) -> None:
    group(network, "web", tags={"a": "b", "c": "d"})
    network.application_security_groups.update_tags(RG, "web", {"tags": {"e": "f"}})
    assert network.application_security_groups.get(RG, "web").tags == {"e": "f"}


def test_an_operation_may_end_in_failure(azure: AzureService, network: Any) -> None:
    inner = {
        "code": "NetworkingInternalOperationError",
        "message": "An error occurred.",
        "details": [{"code": "Inner", "message": "The reason."}],
    }
    azure.fault("Microsoft.Network/applicationSecurityGroups/write", fail=inner)
    with pytest.raises(HttpResponseError, match="NetworkingInternalOperationError"):
        group(network, "web")
    found = network.application_security_groups.get(RG, "web")
    assert found.properties.provisioning_state == "Failed"
    group(network, "web")


def test_an_operation_is_seen_on_its_way(azure: AzureService, network: Any) -> None:
    group(network, "web")
    azure.fault("Microsoft.Network/applicationSecurityGroups/delete", seconds=0.3)
    poller = network.application_security_groups.begin_delete(RG, "web")
    found = network.application_security_groups.get(RG, "web")
    assert found.properties.provisioning_state == "Deleting"
    with pytest.raises(HttpResponseError) as raised:
        group(network, "web")
    assert code(raised) == (409, "AnotherOperationInProgress")
    network.application_security_groups.begin_delete(RG, "web").result()
    poller.result()
    with pytest.raises(ResourceNotFoundError):
        network.application_security_groups.get(RG, "web")


def test_an_operation_says_when_to_ask_again(azure: AzureService, network: Any) -> None:
    azure.limit(retry_after=9, operation_seconds=60)

    def headers(pipeline: Any, *_: Any) -> Any:
        return pipeline.http_response.headers

    told = network.application_security_groups.begin_create_or_update(
        RG, "web", {"location": HERE}, polling=False, cls=headers
    ).result()
    assert told["Retry-After"] == "9"
    assert (
        f"/providers/Microsoft.Network/locations/{HERE}/operations/"
        in (told["Azure-AsyncOperation"])
    )


def test_an_answer_may_be_lost_after_the_work_was_done(azure: AzureService, network: Any) -> None:
    azure.fault("Microsoft.Network/applicationSecurityGroups/write", lost=True)
    with pytest.raises(ServiceResponseError):
        group(network, "web")
    assert [each.name for each in network.application_security_groups.list(RG)] == ["web"]


def test_throttling_and_breakdowns_come_on_order(azure: AzureService, network: Any) -> None:
    read = "Microsoft.Network/applicationSecurityGroups/read"
    azure.fault(read, status=429, code="TooManyRequests", message="Slow down.", retry_after=7)
    azure.fault(read, status=503, code="ServiceUnavailable", message="Later.", skip=1)
    with pytest.raises(HttpResponseError) as raised:
        list(network.application_security_groups.list(RG))
    response: Any = raised.value.response
    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
    assert not list(network.application_security_groups.list(RG))
    with pytest.raises(HttpResponseError) as raised:
        list(network.application_security_groups.list(RG))
    assert code(raised) == (503, "ServiceUnavailable")


def test_the_subscription_tells_what_it_offers(resources: Any) -> None:
    provider = resources.providers.get("Microsoft.Network")
    kinds = {each.resource_type: each for each in provider.resource_types}
    assert provider.registration_state == "Registered"
    assert "West Europe" in kinds["virtualNetworks"].locations
    assert "2026-03-01" in kinds["virtualNetworks"].api_versions
