from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.services.azure.fixture import AzureService, azure, azure_process

__all__ = ["azure", "azure_process", "compute", "group"]


@pytest.fixture
def compute(azure: AzureService) -> Iterator[Any]:
    """An unmodified client of the compute provider, and a group `one` to use it in."""
    with azure.client(ResourceManagementClient) as resources:
        resources.resource_groups.create_or_update("one", {"location": azure.location})
    with azure.client(ComputeManagementClient) as client:
        yield client


@pytest.fixture
def group() -> str:
    """The group `compute` made."""
    return "one"
