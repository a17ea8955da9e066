"""Machines the tests of this folder make, and what is left when they are gone."""

from __future__ import annotations

import secrets

import pytest

from adapters.azure.adapter import AzureAdapter
from broker.model import (
    GIB,
    MIB,
    InstanceSpec,
    NetworkSpec,
    NicSpec,
    Size,
    SubnetSpec,
    VolumeSpec,
)
from tests.conformance.content import manifest

SIZE, BIOS_ONLY = "Standard_B1s", "Standard_A1_v2"


def token() -> str:
    return f"test-{secrets.token_hex(8)}"


def wish(network: str = "net", /, **changes: object) -> InstanceSpec:
    spec = InstanceSpec(
        name="web-1",
        size=Size(vcpus=1, memory=512),
        volumes=(VolumeSpec(name="root", size=GIB, boot=True), VolumeSpec(name="data", size=GIB)),
        nics=(NicSpec(network=network),),
    )
    return spec.model_copy(update=changes)


@pytest.fixture
def network(adapter: AzureAdapter) -> str:
    spec = NetworkSpec(name="net", subnets=(SubnetSpec.model_validate({"cidr": "10.1.0.0/24"}),))
    return adapter.create_network(spec, token=token()).id


@pytest.fixture
def disk(adapter: AzureAdapter) -> str:
    """A filled disk."""
    sink = adapter.open_sink(20 * MIB, name="a disk", token=token())
    data = b"boot sector".ljust(512, b"\0")
    sink.pwrite(memoryview(data), 0)
    filled = sink.commit(manifest(data))
    sink.close()
    return filled


def leftovers(adapter: AzureAdapter, disk: str) -> list[str]:
    """Return all there is beside the filled disk and the network."""
    network, group = adapter._session.network, "interop"
    return [
        *(each.id for each in adapter.instances()),
        *(each.id for each in adapter.volumes() if each.id != disk),
        *(str(each["name"]) for each in network.network_interfaces.list(group)),
        *(str(each["name"]) for each in network.public_ip_addresses.list(group)),
    ]
