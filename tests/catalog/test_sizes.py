"""The size tables say what the providers' own pages say."""

from __future__ import annotations

import re

import pytest

from broker.catalog import sizes
from broker.model import GIB, Arch, Firmware, Offer


@pytest.fixture(scope="module")
def tables() -> dict[str, dict[str, Offer]]:
    return {
        provider: {offer.id: offer for offer in known} for provider, known in sizes.tables().items()
    }


DOCUMENTED = {
    # size: vCPUs, GiB, disks, cards (learn.microsoft.com/azure/virtual-machines/sizes, 2026-03)
    "Standard_D2s_v7": (2, 8, 10, 3),
    "Standard_D4s_v7": (4, 16, 12, 4),
    "Standard_D8s_v7": (8, 32, 26, 4),
    "Standard_D16s_v7": (16, 64, 48, 8),
    "Standard_D64s_v7": (64, 256, 64, 15),
    "Standard_D372s_v7": (372, 1488, 64, 15),
    "Standard_D248lds_v7": (248, 496, 64, 15),
    "Standard_E2as_v7": (2, 16, 10, 2),
    "Standard_E96as_v7": (96, 768, 64, 8),
    "Standard_E128as_v7": (128, 1024, 64, 15),
    "Standard_E160as_v7": (160, 1280, 64, 15),
    "Standard_E20s_v7": (20, 160, 48, 8),
    "Standard_E372is_v7": (372, 2832, None, None),
    "Standard_F1as_v7": (1, 4, 10, 2),
    "Standard_F2as_v7": (2, 8, 12, 3),
    "Standard_F8as_v7": (8, 32, 48, 8),
    "Standard_F80as_v7": (80, 320, 64, 15),
    "Standard_E20s_v6": (20, 160, 48, 8),
    "Standard_E96s_v6": (96, 768, 64, 8),
    "Standard_E192is_v6": (192, 1832, None, None),
    "Standard_D2ps_v6": (2, 8, 8, 2),
    "Standard_D96ps_v6": (96, 384, 64, 8),
    "Standard_D64ps_v5": (64, 208, 32, 8),
    "Standard_D96ds_v5": (96, 384, 32, 8),
    "Standard_E64ds_v5": (64, 512, 32, 8),
    "Standard_E96ads_v6": (96, 672, 32, 8),
    "Standard_E64s_v3": (64, 432, 32, 8),
    "Standard_L2as_v4": (2, 16, 4, 2),
    "Standard_L96as_v4": (96, 768, 32, 8),
    "Standard_B16als_v2": (16, 32, 32, 4),
    "Standard_B12ms": (12, 48, 16, 4),
    "Standard_D5_v2": (16, 56, 32, 8),
    "Standard_NC64as_T4_v3": (64, 440, None, None),
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_family_keeps_its_documented_rule(tables: dict[str, dict[str, Offer]], name: str) -> None:
    vcpus, gib, disks, nics = DOCUMENTED[name]
    offer = tables["azure"][name]
    assert (offer.size.vcpus, offer.size.memory) == (vcpus, gib * 1024)
    if disks is not None:
        assert (offer.disks, offer.nics) == (disks, nics)


def test_local_disks_follow_the_rule(tables: dict[str, dict[str, Offer]]) -> None:
    assert tables["azure"]["Standard_D2ds_v5"].local_disk == 75 * GIB
    assert tables["azure"]["Standard_D96ds_v6"].local_disk == 5280 * GIB
    assert tables["azure"]["Standard_D2s_v5"].local_disk == 0


@pytest.mark.parametrize("provider", ["aws", "azure"])
def test_a_table_has_no_size_twice_and_none_absurd(
    tables: dict[str, dict[str, Offer]], provider: str
) -> None:
    listed = sizes.tables()[provider]
    assert len({offer.id for offer in listed}) == len(listed)
    assert all(offer.family and offer.character for offer in listed)
    whole = [offer for offer in listed if not re.search(r"\d-\d", offer.id)]  # no vCPU is off
    ratios = [offer.size.memory / 1024 / offer.size.vcpus for offer in whole]
    assert min(ratios) >= 0.25  # t3.nano, t4g.nano
    assert max(ratios) <= 64


def test_generations_are_hard_facts(tables: dict[str, dict[str, Offer]]) -> None:
    both = tables["azure"]["Standard_D2s_v5"]
    only_uefi = tables["azure"]["Standard_D2s_v6"]
    assert Firmware.BIOS in both.firmware
    assert Firmware.BIOS not in only_uefi.firmware
    assert only_uefi.drivers == {"nvme"}
    assert not both.drivers
    assert tables["azure"]["Standard_D2ps_v6"].size.arch is Arch.AARCH64


def test_a_fraction_of_a_gpu_is_none(tables: dict[str, dict[str, Offer]]) -> None:
    assert tables["azure"]["Standard_NV6ads_A10_v5"].size.gpus == 0
    assert tables["aws"]["g6f.large"].size.gpus == 0
    assert tables["aws"]["g4dn.xlarge"].size.gpus == 1


def test_regions_name_only_sizes_there_are(tables: dict[str, dict[str, Offer]]) -> None:
    for provider, by_region in sizes.regions().items():
        for names in by_region.values():
            assert set(names) <= tables[provider].keys()
