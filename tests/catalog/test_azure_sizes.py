"""Every Azure size keeps the rule its series documents, and its name tells what it has.

Rules and sizes here are written from the pages that mappings/README.md names, not from the table.
"""

from __future__ import annotations

import re

import pytest

from broker.catalog import sizes
from broker.model import GIB, Arch, Firmware

LISTED = {offer.id: offer for offer in sizes.tables()["azure"]}

GENERAL = re.compile(
    r"Standard_(?P<kind>B|D|DC|E|EC|F|FX|L)(?P<vcpus>\d+)(-(?P<left>\d+))?(?P<features>[a-z]*)"
    r"(_v(?P<version>\d+))?"
)
"""Kind, vCPUs, those left of them, features, generation: how the documented names are built."""

RULES = {
    # GiB of memory for each vCPU, by kind and the letter for much or little of it
    "D": 4,
    "Dl": 2,
    "DC": 4,
    "E": 8,
    "EC": 8,
    "F": 4,
    "Fl": 2,
    "Fm": 8,
    "FXm": 21,
    "L": 8,
}

BROKEN = {
    # The largest sizes of some series have less. Kind, vCPUs; maker, other features, generation.
    ("D", 64, "p5"): 208,
    ("E", 32, "p5"): 208,
    ("E", 64, "3"): 432,
    ("E", 64, "4"): 504,
    ("E", 96, "a4"): 672,
    ("E", 96, "5"): 672,
    ("E", 96, "a5"): 672,
    ("E", 96, "b5"): 672,
    ("E", 104, "5"): 672,
    ("E", 112, "a5"): 672,
    ("E", 112, "b5"): 672,
    ("E", 96, "a6"): 672,
    ("E", 96, "p6"): 672,
    ("E", 192, "6"): 1832,
    ("E", 192, "b6"): 1832,
    ("E", 372, "7"): 2832,
    ("EC", 96, "a5"): 672,
    ("EC", 96, "a6"): 672,
    ("FX", 96, "2"): 1832,
    ("L", 160, "ao5"): 1040,
}


def general() -> list[str]:
    """Return the sizes whose names follow the general pattern, of generations that keep to it."""
    return [
        name
        for name in LISTED
        if (told := GENERAL.fullmatch(name))
        and told["kind"] != "B"
        and int(told["version"] or 1) >= (1 if told["kind"] in ("FX", "L", "F") else 3)
    ]


@pytest.mark.parametrize("name", general())
def test_a_size_has_what_its_name_says(name: str) -> None:
    offer, told = LISTED[name], GENERAL.fullmatch(name)
    assert told
    kind, features, version = told["kind"], told["features"], told["version"] or "1"
    whole = int(told["vcpus"])
    assert offer.size.vcpus == int(told["left"] or whole)
    rule = RULES[kind + ("l" if "l" in features else "m" if "m" in features else "")]
    maker = next((letter for letter in "pab" if letter in features), "")
    if (kind, version) == ("DC", "3"):  # SGX: physical cores, twice the memory for each
        rule = 8
    if (kind, version) == ("F", "2"):
        rule = 2
    series = maker + ("o" if "o" in features else "l" if "l" in features else "") + version
    gib = BROKEN.get((kind, whole, series), rule * whole)
    assert offer.size.memory == gib * 1024
    assert (offer.size.arch is Arch.AARCH64) == ("p" in features)
    if (kind in ("D", "DC", "E", "EC") and int(version) >= 5) or kind == "FX":
        assert bool(offer.local_disk) == ("d" in features)
    if kind == "F" and int(version) >= 6:
        assert bool(offer.local_disk) == ("d" in features)
    if kind == "L":
        assert offer.local_disk
    both_generations = kind in ("D", "E", "F", "L") and int(version) <= (3 if kind == "L" else 5)
    assert (Firmware.BIOS in offer.firmware) == (both_generations and "p" not in features) or (
        whole == 112 and "b" in features  # only over NVMe, so only of generation 2
    )


def test_most_sizes_are_checked_so() -> None:
    assert len(general()) > 900


@pytest.mark.parametrize("name", [name for name in LISTED if re.search(r"\d-\d", name)])
def test_a_constrained_size_has_all_of_the_whole_one_but_vcpus(name: str) -> None:
    offer = LISTED[name]
    parent = LISTED[re.sub(r"(\d)-\d+", r"\1", name, count=1)]
    assert offer.size.vcpus < parent.size.vcpus
    assert offer.model_copy(update={"id": parent.id, "size": parent.size}) == parent
    assert offer.size.memory == parent.size.memory


@pytest.mark.parametrize(
    ("name", "vcpus", "gib"),
    [("Standard_B2ts_v2", 2, 1), ("Standard_B2pls_v2", 2, 4), ("Standard_B32as_v2", 32, 128)],
)
def test_burstable_sizes(name: str, vcpus: int, gib: int) -> None:
    offer = LISTED[name]
    assert (offer.size.vcpus, offer.size.memory, offer.burstable) == (vcpus, gib * 1024, True)


ATTACHED = {
    # size: data disks, cards (None: the page does not say)
    "Standard_B8ls_v2": (16, 2),
    "Standard_B16s_v2": (32, 4),
    "Standard_D16as_v6": (32, 8),
    "Standard_E96ads_v6": (32, 8),
    "Standard_D192ds_v6": (64, 8),
    "Standard_D2nds_v6": (8, 4),
    "Standard_E96nds_v6": (64, 15),
    "Standard_D16pds_v5": (32, 4),
    "Standard_E20pds_v5": (32, 8),
    "Standard_DC16ads_v5": (32, 4),
    "Standard_EC20as_v5": (32, 8),
    "Standard_DC8ads_v6": (None, 4),
    "Standard_DC128eds_v6": (64, 8),
    "Standard_EC4es_v6": (12, 2),
    "Standard_DC8ds_v3": (32, 8),
    "Standard_DC2s_v3": (8, 2),
    "Standard_HB120-16rs_v2": (8, 8),
    "Standard_E104id_v5": (64, 8),
    "Standard_E104ids_v5": (64, 8),
    "Standard_E112ibs_v5": (64, 8),
    "Standard_E8bds_v6": (24, 4),
    "Standard_E372ids_v7": (64, 15),
    "Standard_E128ads_v7": (64, 15),
    "Standard_F16s_v2": (32, 4),
    "Standard_F64as_v6": (32, 8),
    "Standard_F2ads_v7": (12, 3),
    "Standard_F64amds_v7": (64, 15),
    "Standard_FX12mds_v2": (48, 4),
    "Standard_FX24-6ms_v2": (48, 8),
    "Standard_L8s_v3": (16, 4),
    "Standard_L2s_v4": (8, 2),
    "Standard_L96as_v4": (32, 8),
    "Standard_L12aos_v4": (32, 6),
    "Standard_L128as_v5": (32, 15),
    "Standard_L160iaos_v5": (64, 8),
    "Standard_M32dms_v2": (32, 8),
    "Standard_M12s_v3": (64, 4),
    "Standard_M176bds_4_v3": (64, 8),
    "Standard_NC8as_T4_v3": (16, 4),
    "Standard_NC48ads_A100_v4": (16, 4),
    "Standard_NC80adis_H100_v5": (16, 4),
    "Standard_ND96isr_H200_v5": (16, 8),
    "Standard_ND128isr_NDR_GB200_v6": (None, 1),
    "Standard_NV6ads_A10_v5": (4, 1),
    "Standard_NV36adms_A10_v5": (32, 8),
    "Standard_NV28adms_V710_v5": (14, 8),
    "Standard_NG16ads_V620_v1": (16, 4),
    "Standard_HB368-336rs_v5": (32, 8),
}


@pytest.mark.parametrize("name", ATTACHED)
def test_what_can_be_attached(name: str) -> None:
    assert (LISTED[name].disks, LISTED[name].nics) == ATTACHED[name]


LOCAL = {
    # size: GiB of local disk, all of it
    "Standard_D2ads_v5": 75,
    "Standard_E20ds_v6": 1100,
    "Standard_D160ads_v7": 8800,
    "Standard_D248ds_v7": 14080,
    "Standard_E372ids_v7": 21120,
    "Standard_F80alds_v7": 8800,
    "Standard_FX12mds_v2": 880,
    "Standard_FX96mds_v2": 5280,
    "Standard_DC48ds_v3": 2400,
    "Standard_EC96ads_v6": 3600,
    "Standard_DC128eds_v6": 7040,
    "Standard_E112iads_v5": 3800,
    "Standard_E104id_v5": 3800,
    "Standard_DC2s_v3": 0,
    "Standard_HB120rs_v2": 480 + 960,
    "Standard_M416ms_v2": 8192,
    "Standard_M176bds_4_v3": 8000,
    "Standard_NC40ads_H100_v5": 3576,
    "Standard_NV36adms_A10_v5": 2880,
    "Standard_HX176-24rs": 480 + 2 * 1800,
}


@pytest.mark.parametrize("name", LOCAL)
def test_local_disks(name: str) -> None:
    assert LISTED[name].local_disk == LOCAL[name] * GIB


@pytest.mark.parametrize(
    ("name", "gigabytes"),
    [
        ("Standard_L8as_v4", 4 * 480),
        ("Standard_L96s_v4", 12 * 1920),
        ("Standard_L32aos_v4", 12 * 1920),
        ("Standard_L64aos_v5", 3 * 15360),
        ("Standard_L96aos_v5", 9 * 11520),
        ("Standard_L160ias_v5", 8 * 3840),
    ],
)
def test_local_disks_counted_in_gigabytes(name: str, gigabytes: int) -> None:
    told = LISTED[name].local_disk
    assert told is not None
    assert gigabytes * 0.999 * 10**9 < told <= gigabytes * 10**9


def test_whole_gpus_are_counted() -> None:
    told = {name: LISTED[name].size.gpus for name in LISTED if LISTED[name].size.gpus}
    assert told["Standard_ND96isr_MI300X_v5"] == 8
    assert told["Standard_ND128isr_GB300_v6"] == 4
    assert told["Standard_NV72ads_A10_v5"] == 2
    assert "Standard_NG16ads_V620_v1" not in told
    grace = LISTED["Standard_ND128isr_GB300_v6"]
    assert grace.size.arch is Arch.AARCH64


def test_each_family_is_of_one_character() -> None:
    characters: dict[str, set[str]] = {}
    for offer in LISTED.values():
        characters.setdefault(str(offer.family), set()).add(str(offer.character))
    assert all(len(found) == 1 for found in characters.values())
