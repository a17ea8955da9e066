from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.memory.adapter import MemoryAdapter
from adapters.memory.settings import Settings
from broker.model import MIB, InstanceSpec, Size, VolumeSpec

Cloud = Callable[..., MemoryAdapter]


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    """Opens the cloud in the test's own folder, with the settings given."""

    def opened(**settings: object) -> MemoryAdapter:
        return MemoryAdapter(
            "lab", Settings.model_validate({"path": tmp_path / "cloud", **settings})
        )

    return opened


def volume(name: str = "data", size: int = MIB) -> VolumeSpec:
    return VolumeSpec(name=name, size=size)


def machine(cloud: MemoryAdapter, token: str, offer: str = "tiny") -> str:
    """Make an instance with one blank disk and no card; return its id."""
    disk = cloud.create_volume(volume(), token=f"{token}-disk").id
    spec = InstanceSpec(
        name=token, size=Size(vcpus=1, memory=512), volumes=(VolumeSpec(name="boot", size=MIB),)
    )
    return cloud.create_instance(spec, [disk], offer=offer, token=token).id
