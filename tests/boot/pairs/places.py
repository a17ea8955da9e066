"""One account of every provider, all on this machine, and a second project of the one cloud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from adapters.aws import connect as connect_aws
from adapters.azure import connect as connect_azure
from adapters.kvm.adapter import KvmAdapter
from adapters.kvm.settings import Settings
from broker.adapter import Adapter
from tests.boot.openstack_guests import opened
from tests.services.aws.fixture import AwsService
from tests.services.azure.fixture import AzureService

SERVICES = ("libvirt", "openstack", "aws", "azure")


@contextmanager
def everywhere(
    aws: AwsService, azure: AzureService, folder: Path
) -> Iterator[Mapping[str, Adapter]]:
    """While entered, the adapters by the names they have in tour.STOPS."""
    with ExitStack() as stack:
        local = KvmAdapter("kvm", Settings(pool="interop"))
        stack.callback(local.close)
        stack.enter_context(aws.profiles(folder))
        stack.enter_context(azure.environment())
        yield {
            "kvm": local,
            "openstack": stack.enter_context(opened("interop-a", "openstack")),
            "openstack-b": stack.enter_context(opened("interop-b", "openstack-b")),
            "aws": connect_aws(aws.account()),
            "azure": connect_azure(azure.account()),
        }
