"""A real guest goes from a libvirt host to Azure and back, and boots as what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.azure import connect
from adapters.kvm.adapter import KvmAdapter
from adapters.kvm.settings import Settings
from broker.adapter import Adapter
from tests.boot.pairs.tour import go_round
from tests.services.azure.fixture import AzureService, azure_process
from tests.services.require import require

__all__ = ["azure_process"]

pytestmark = [pytest.mark.timeout(600), pytest.mark.service]

THERE_AND_BACK = (("kvm", "azure"), ("azure", "kvm"))


def test_a_guest_comes_back_from_azure_and_boots(
    azure_process: AzureService, micro: Path, tmp_path: Path
) -> None:
    require("libvirt")
    azure_process.clear()
    local = KvmAdapter("kvm", Settings(pool="interop"))
    with azure_process.environment():
        cloud = connect(azure_process.account())
        places: dict[str, Adapter] = {"kvm": local, "azure": cloud}
        travelled = list(go_round(places, micro, tmp_path, legs=THERE_AND_BACK))
        left = [*cloud.instances(), *cloud.volumes(), *cloud.snapshots()]
        cloud.close()
    local.close()
    assert [(leg.here, leg.there) for leg in travelled] == list(THERE_AND_BACK)
    assert travelled[-1].boots == 2
    assert left == []
