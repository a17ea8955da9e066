from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from adapters.azure import connect
from adapters.azure.adapter import AzureAdapter
from tests.services.azure.fixture import AzureService, azure, azure_process

__all__ = ["adapter", "azure", "azure_process"]


@pytest.fixture
def adapter(azure: AzureService) -> Iterator[AzureAdapter]:
    """An adapter of the stand-in's resource group, which is empty."""
    with azure.environment():
        made = connect(azure.account())
        yield made
        made.close()


@pytest.fixture
def qemu_img() -> str:
    """The program itself: the project needs it anyway."""
    found = shutil.which("qemu-img")
    assert found, "qemu-img is missing: sh tests/services/packages.sh"
    return found
