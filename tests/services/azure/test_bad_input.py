"""What goes wrong in real accounts, made to happen: told plainly, and nothing left behind."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest

from adapters.azure import connect
from adapters.azure.adapter import AzureAdapter
from broker.errors import AccessDenied, BrokerError, ConfigError, Conflict, NotFound
from broker.model import GIB, NetworkSpec, SubnetSpec, VolumeSpec
from tests.services.azure.fixture import AzureService

DISK_WRITE = "Microsoft.Compute/disks/write"


@pytest.fixture
def adapter(azure: AzureService) -> Iterator[AzureAdapter]:
    with azure.environment():
        made = connect(azure.account())
        yield made
        made.close()


@pytest.fixture
def reader(azure: AzureService) -> Iterator[AzureAdapter]:
    """An adapter whose credentials may read, and nothing else."""
    with azure.environment("reader"):
        made = connect(azure.account())
        yield made
        made.close()


def token() -> str:
    return f"bad-{secrets.token_hex(6)}"


def volume(name: str = "data") -> VolumeSpec:
    return VolumeSpec(name=name, size=GIB)


CREATES: dict[str, tuple[Callable[[AzureAdapter], object], str]] = {
    "a volume": (
        lambda adapter: adapter.create_volume(volume(), token=token()),
        "Virtual Machine Contributor",
    ),
    "a disk to fill": (
        lambda adapter: adapter.open_sink(1, name="disk", token=token()),
        "Virtual Machine Contributor",
    ),
    "a network": (
        lambda adapter: adapter.create_network(
            NetworkSpec(name="net", subnets=(SubnetSpec.model_validate({"cidr": "10.9.0.0/24"}),)),
            token=token(),
        ),
        "Network Contributor",
    ),
}


@pytest.mark.parametrize("what", CREATES)
def test_who_lacks_a_right_is_told_the_role_that_has_it(reader: AzureAdapter, what: str) -> None:
    create, role = CREATES[what]
    assert reader.volumes() == []
    with pytest.raises(AccessDenied, match=f"the role {role} ") as raised:
        create(reader)
    assert raised.value.code == "AuthorizationFailed"
    assert raised.value.request_id


def test_who_may_not_take_snapshots_is_told_the_role_that_may(
    azure: AzureService, adapter: AzureAdapter
) -> None:
    made = adapter.create_volume(volume(), token=token())
    with azure.environment("reader"):
        other = connect(azure.account())
        with pytest.raises(AccessDenied, match="Disk Snapshot Contributor"):
            other.open_source(made.id)
        other.close()


@pytest.mark.parametrize("tenant", ["99999999-2222-4333-8444-555555555555", "nowhere.example.com"])
def test_a_wrong_tenant_is_named_as_such(azure: AzureService, tenant: str) -> None:
    with azure.environment():
        adapter = connect(azure.account(tenant=tenant))
        with pytest.raises(BrokerError, match=r"(?i)tenant") as raised:
            adapter.check()
        adapter.close()
    assert isinstance(raised.value, (AccessDenied, ConfigError))
    assert "AADSTS9000" in raised.value.code


def test_a_group_that_is_not_there_is_a_fault_of_the_account(azure: AzureService) -> None:
    with azure.environment():
        adapter = connect(azure.account(resource_group="nothing-here"))
        for call in (adapter.check, adapter.instances, adapter.volumes):
            with pytest.raises((ConfigError, NotFound), match="nothing-here"):
                call()
        adapter.close()


def test_an_operation_that_fails_says_what_is_inside(
    azure: AzureService, adapter: AzureAdapter
) -> None:
    inner = {
        "code": "Conflict",
        "message": "The request failed due to conflict.",
        "details": [{"code": "DiskEncryptionSetNotFound", "message": "the key is not there"}],
    }
    azure.fault(DISK_WRITE, fail=inner)
    mark = token()
    with pytest.raises(NotFound, match="the key is not there") as raised:
        adapter.create_volume(volume(), token=mark)
    assert raised.value.code == "DiskEncryptionSetNotFound"
    # what failed half-way is made again under the same token
    assert adapter.create_volume(volume(), token=mark).spec.size == GIB
    assert len(adapter.volumes()) == 1


def test_an_upload_whose_making_failed_begins_anew(
    azure: AzureService, adapter: AzureAdapter
) -> None:
    azure.fault(DISK_WRITE, fail={"code": "OperationNotAllowed", "message": "not now"})
    mark = token()
    with pytest.raises(Conflict):
        adapter.open_sink(1, name="disk", token=mark)
    sink = adapter.open_sink(1, name="disk", token=mark)
    sink.pwrite(memoryview(bytes(512)), 0)
    assert [each.id for each in adapter.made(mark)] == [sink.id]
    sink.abort()
    assert adapter.made(mark) == []


@pytest.mark.parametrize("name", ["a" * 255, "ends-with-", "é東 🦊", "../../x", "_", "%2e", "CON "])
def test_names_the_service_refuses_are_kept_in_a_tag(adapter: AzureAdapter, name: str) -> None:
    made = adapter.create_volume(volume(name), token=token())
    assert adapter.volume(made.id).spec.name == name
    taken = adapter.create_snapshot(made.id, name, token=token())
    assert adapter.snapshot(taken.id).name == name


def test_a_disk_grows_while_its_bytes_are_no_whole_gib(adapter: AzureAdapter) -> None:
    sink = adapter.open_sink(1, name="disk", token=token())
    sink.pwrite(memoryview(b"\x01" * 512), 0)
    sink.end()  # type: ignore[attr-defined]
    sink.close()
    adapter.resize_volume(sink.id, GIB)
    assert adapter.volume(sink.id).spec.size >= GIB
