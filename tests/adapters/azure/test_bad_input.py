"""What people get wrong and services do wrong, seen through the SDK as it is."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from azure.mgmt.network import NetworkManagementClient

from adapters.azure import connect
from adapters.azure.adapter import AzureAdapter
from broker import errors
from broker.adapter import retrying
from broker.model import FirewallSpec, NetworkSpec, NicSpec, SubnetSpec
from tests.services.azure.fixture import AzureService

pytestmark = pytest.mark.service

NETWORKS = "Microsoft.Network/virtualNetworks/write"
SPEC = NetworkSpec(name="net", subnets=(SubnetSpec(cidr=ipaddress.ip_network("10.62.0.0/24")),))


@contextmanager
def connected(
    azure: AzureService, principal: str = "contributor", **settings: str
) -> Iterator[AzureAdapter]:
    with azure.environment(principal):
        made = connect(azure.account(**settings))
        try:
            yield made
        finally:
            made.close()


@pytest.mark.parametrize(
    ("principal", "hint"),
    [("wrong-secret", "AZURE_CLIENT_SECRET"), ("unknown-client", "AZURE_CLIENT_ID")],
)
def test_a_refused_login_says_which_part_is_wrong(
    azure: AzureService, principal: str, hint: str
) -> None:
    with connected(azure, principal) as adapter, pytest.raises(errors.AccessDenied) as raised:
        adapter.check()
    assert hint in raised.value.hint
    assert azure.credentials(principal)[1] not in str(raised.value)


def test_another_tenant_is_named(azure: AzureService) -> None:
    other = "99999999-9999-4999-8999-999999999999"
    with azure.environment():
        # the tenant of the environment's principal is the one asked first
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AZURE_TENANT_ID", other)
            adapter = connect(azure.account(tenant=other))
            with pytest.raises(errors.ConfigError) as raised:
                adapter.check()
        adapter.close()
    assert other in str(raised.value)
    assert "tenant" in raised.value.hint


def test_who_may_only_read_is_told_the_right_and_the_role(azure: AzureService) -> None:
    with connected(azure, "reader") as adapter:
        assert adapter.networks() == []
        with pytest.raises(errors.AccessDenied) as raised:
            adapter.create_network(SPEC, token="t")
    assert NETWORKS in raised.value.hint
    assert "Network Contributor" in raised.value.hint
    assert raised.value.request_id


def test_a_role_on_the_group_alone_is_told_what_it_lacks(azure: AzureService) -> None:
    """Sizes, quotas and whether machines run are told on the subscription only."""
    with connected(azure, "group-contributor") as adapter:
        made = adapter.create_network(SPEC, token="t")
        assert [each.id for each in adapter.networks()] == [made.id]
        for refused in (adapter.check, adapter.instances, adapter.sizes):
            with pytest.raises(errors.AccessDenied) as raised:
                refused()
            assert "the role Reader on the subscription" in raised.value.hint


def test_quotas_are_told_and_left_out_where_nobody_may_look(
    azure: AzureService, adapter: AzureAdapter
) -> None:
    azure.limit(quotas={"cores": 12, "VirtualNetworks": 3})
    assert (adapter.limits.quotas.vcpus, adapter.limits.quotas.networks) == (12, 3)
    assert adapter.limits.quotas.memory is None
    azure.fault("Microsoft.Compute/locations/usages/read", status=403, code="AuthorizationFailed")
    with connected(azure) as other:
        assert other.limits.quotas.vcpus is None
        assert other.limits.volume_kinds


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("resource_group", "nobody"),
        ("subscription", "99999999-9999-4999-8999-999999999999"),
    ],
)
def test_a_setting_that_names_nothing_is_told(azure: AzureService, key: str, value: str) -> None:
    with connected(azure, **{key: value}) as adapter:
        with pytest.raises(errors.ConfigError) as raised:
            adapter.check()
        assert raised.value.hint
        with pytest.raises(errors.ConfigError):
            adapter.networks()


def test_a_location_there_is_not_is_told_before_anything_is_tried(azure: AzureService) -> None:
    with (
        connected(azure, location="atlantis") as adapter,
        pytest.raises(errors.ConfigError, match="atlantis") as raised,
    ):
        adapter.check()
    assert "`location`" in raised.value.hint


def test_a_certificate_that_does_not_fit_names_the_setting(
    azure: AzureService, tmp_path: Path
) -> None:
    import certifi

    others = tmp_path / "others.pem"
    others.write_bytes(Path(certifi.where()).read_bytes())
    with (
        connected(azure, ca_file=str(others)) as adapter,
        pytest.raises(errors.ConfigError) as raised,
    ):
        adapter.check()
    assert "ca_file" in raised.value.hint


def test_throttling_is_told_once_with_its_wait(azure: AzureService, adapter: AzureAdapter) -> None:
    """The broker waits and repeats, in one place: the SDK must not do so as well."""
    azure.fault("Microsoft.Network/virtualNetworks/read", status=429, retry_after=7, times=5)
    with pytest.raises(errors.Throttled) as raised:
        adapter.networks()
    assert raised.value.retry_after == 7
    assert azure.calls()["Microsoft.Network/virtualNetworks/read"] == 1


def test_an_operation_that_fails_later_is_told_by_what_is_inside(
    azure: AzureService, adapter: AzureAdapter
) -> None:
    azure.fault(
        NETWORKS,
        fail={
            "code": "ResourceOperationFailure",
            "message": "The operation failed.",
            "details": [{"code": "SubnetIsFull", "message": "no address is left"}],
        },
    )
    with pytest.raises(errors.QuotaExceeded, match="no address is left"):
        adapter.create_network(SPEC, token="t")


def test_what_failed_half_way_is_made_again_by_the_same_token(
    azure: AzureService, adapter: AzureAdapter
) -> None:
    azure.fault(NETWORKS, fail={"code": "InternalServerError", "message": "try again"})
    with pytest.raises(errors.Transient):
        adapter.create_network(SPEC, token="t")
    made = adapter.create_network(SPEC, token="t")
    assert [each.id for each in adapter.networks()] == [made.id]
    assert made.native["properties"]["provisioningState"] == "Succeeded"  # type: ignore[index,call-overload]


def test_a_token_that_ends_is_renewed_on_the_way(azure: AzureService) -> None:
    azure.limit(token_seconds=1)
    with connected(azure) as adapter:
        for _ in range(3):
            assert adapter.networks() == []


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        (SPEC.model_copy(update={"subnets": ()}), errors.Invalid),
        (SPEC.model_copy(update={"subnets": SPEC.subnets * 2}), errors.Invalid),
        (
            NetworkSpec(name="n", subnets=(SubnetSpec(cidr=ipaddress.ip_network("10.0.0.0/30")),)),
            errors.Invalid,
        ),
        (
            NetworkSpec(name="n", subnets=(SubnetSpec(cidr=ipaddress.ip_network("fd00::/64")),)),
            errors.Unsupported,
        ),
        (
            NetworkSpec(
                name="n",
                subnets=(SubnetSpec(cidr=ipaddress.ip_network("10.0.0.0/24"), dhcp=False),),
            ),
            errors.Unsupported,
        ),
    ],
)
def test_a_network_that_cannot_be_is_refused_and_none_is_left(
    adapter: AzureAdapter, spec: NetworkSpec, kind: type[errors.BrokerError]
) -> None:
    with pytest.raises(kind):
        adapter.create_network(spec, token="t")
    assert adapter.made("t") == []


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("10.62.0.4", errors.Conflict),  # somebody's
        ("10.62.0.1", errors.Invalid),  # the router's
        ("10.63.0.4", errors.Invalid),  # of another network
    ],
)
def test_a_private_address_that_cannot_be_had_is_refused(
    adapter: AzureAdapter, address: str, kind: type[errors.BrokerError]
) -> None:
    network = adapter.create_network(SPEC, token="net")
    wish = NicSpec(network=network.id, addresses=(ipaddress.ip_address("10.62.0.4"),))
    adapter._new_nics([wish], "first", "one")
    other = wish.model_copy(update={"addresses": (ipaddress.ip_address(address),)})
    with pytest.raises(kind):
        make_cards(adapter, other)


def make_cards(adapter: AzureAdapter, wish: NicSpec) -> None:
    from adapters.azure.errors import calling

    with calling("make cards"):
        adapter._new_nics([wish], "second", "two")


def test_a_card_that_is_all_there_is_of_a_machine_is_found_and_goes(
    adapter: AzureAdapter, azure: AzureService
) -> None:
    """A step that died before it made the machine is undone by the machine's id."""
    network = adapter.create_network(SPEC, token="net")
    adapter._new_nics([NicSpec(network=network.id, public=True)], "Web-1", "dead")
    ids = {(made.kind.value, made.id) for made in adapter.made("dead")}
    assert ("instance", "web-1") in ids
    adapter.delete_instance("web-1")
    assert adapter.made("dead") == []
    client = azure.client(NetworkManagementClient)
    assert list(client.network_interfaces.list("interop")) == []
    assert list(client.public_ip_addresses.list("interop")) == []


def test_nothing_of_the_environment_is_kept(azure: AzureService) -> None:
    assert not [name for name in os.environ if name.startswith("AZURE_CLIENT")]
    with connected(azure) as adapter:
        assert "swordfish" not in repr(adapter)
        assert azure.credentials("contributor")[1] not in repr(vars(adapter._session))


def test_the_same_token_from_many_threads_makes_one(adapter: AzureAdapter) -> None:
    """Who comes second is told that something else is going on, and comes again."""
    patient = retrying(adapter)
    rules = FirewallSpec(name="web")

    def make(_number: int) -> tuple[str, str]:
        network = patient.create_network(SPEC, token="net").id
        return network, patient.create_firewall(rules, token="web").id

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(make, range(16)))
    assert len(made) == 1
    assert len(adapter.networks()) == len(adapter.firewalls()) == 1
