"""Sizes: what a SKU says, what it does not say, and who may have it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.azure.session import Session
from adapters.azure.settings import Settings
from adapters.azure.sizes import Sizes, check_fits
from adapters.azure.translate.sizes import Spot, controllers, misfit, offer, refusal
from broker.errors import Invalid
from broker.model import MIB, Arch, Firmware

HERE = "westeurope"


def sku(*restrictions: dict[str, Any], **capabilities: str) -> dict[str, Any]:
    """A SKU as the service tells one; a capability given as "" is left out."""
    told = {
        "MaxResourceVolumeMB": "16384",
        "vCPUs": "2",
        "HyperVGenerations": "V1,V2",
        "MemoryGB": "8",
        "MaxDataDiskCount": "4",
        "CpuArchitectureType": "x64",
        "DiskControllerTypes": "SCSI",
        "MaxNetworkInterfaces": "2",
        **capabilities,
    }
    return {
        "resourceType": "virtualMachines",
        "name": "Standard_D2s_v3",
        "tier": "Standard",
        "size": "D2s_v3",
        "family": "standardDSv3Family",
        "locations": [HERE],
        "locationInfo": [{"location": "WestEurope", "zones": ["1", "2", "3"]}],
        "capabilities": [{"name": name, "value": value} for name, value in told.items() if value],
        "restrictions": list(restrictions),
    }


def test_an_offer_is_what_the_sku_says() -> None:
    found = offer(sku(), HERE)
    assert (found.size.vcpus, found.size.memory, found.size.arch) == (2, 8192, Arch.X86_64)
    assert found.firmware == {Firmware.BIOS, Firmware.UEFI, Firmware.UEFI_SECURE}
    assert (found.disks, found.nics, found.local_disk) == (5, 2, 16384 * MIB)
    assert found.zones == frozenset("123")
    assert (found.burstable, found.drivers) == (False, frozenset())


@pytest.mark.parametrize(
    ("temporary", "direct", "together"),
    [("0", "112640", 112640), ("81920", "1831420", 1913340), ("0", "", 0)],
)
def test_disks_a_host_lends_are_counted_together(
    temporary: str, direct: str, together: int
) -> None:
    found = offer(sku(MaxResourceVolumeMB=temporary, NvmeDiskSizeInMiB=direct), HERE)
    assert found.local_disk == together * MIB


def test_what_a_sku_does_not_say_is_not_known() -> None:
    found = offer(
        sku(
            HyperVGenerations="", MaxDataDiskCount="", CpuArchitectureType="",
            MaxNetworkInterfaces="", MaxResourceVolumeMB="",
        ),
        "eastus",
    )  # fmt: skip
    assert (found.size.arch, found.firmware) == (Arch.UNKNOWN, frozenset({Firmware.UNKNOWN}))
    assert (found.disks, found.nics, found.local_disk, found.zones) == (None, None, None, None)


@given(quarters=st.integers(1, 4 * 12288), vcpus=st.integers(1, 416))
def test_memory_is_exact(quarters: int, vcpus: int) -> None:
    found = offer(sku(MemoryGB=str(quarters / 4), vCPUs=str(vcpus)), HERE)
    assert (found.size.memory, found.size.vcpus) == (quarters * 256, vcpus)


@pytest.mark.parametrize(
    ("said", "firmware"),
    [
        ({"HyperVGenerations": "V1"}, {Firmware.BIOS}),
        ({"HyperVGenerations": "V2", "TrustedLaunchDisabled": "True"}, {Firmware.UEFI}),
        ({"HyperVGenerations": "V2"}, {Firmware.UEFI, Firmware.UEFI_SECURE}),
        ({"HyperVGenerations": "V9"}, {Firmware.UNKNOWN}),
    ],
)
def test_generations_are_firmware(said: dict[str, str], firmware: set[Firmware]) -> None:
    assert offer(sku(**said), HERE).firmware == firmware


def test_a_size_with_nvme_alone_needs_its_driver() -> None:
    assert offer(sku(DiskControllerTypes="NVMe"), HERE).drivers == {"nvme"}
    assert offer(sku(DiskControllerTypes="SCSI, NVMe"), HERE).drivers == frozenset()
    assert controllers(sku(DiskControllerTypes="SCSI, NVMe")) == {"SCSI", "NVMe"}
    assert controllers(sku(DiskControllerTypes="")) == {"SCSI"}


@pytest.mark.parametrize(
    ("family", "burstable"),
    [
        ("standardBSFamily", True),
        ("standardBsv2Family", True),
        ("standardBpsv2Family", True),
        ("standardDSv3Family", False),
        ("basicAFamily", False),
    ],
)
def test_the_b_family_is_burstable(family: str, burstable: bool) -> None:
    assert offer({**sku(), "family": family}, HERE).burstable is burstable


def test_a_size_that_cannot_be_had_says_why() -> None:
    closed = {
        "type": "Location",
        "values": ["WestEurope"],
        "restrictionInfo": {"locations": ["WestEurope"]},
        "reasonCode": "NotAvailableForSubscription",
    }
    assert refusal(sku(), Spot(HERE)) is None
    assert refusal(sku(closed), Spot(HERE)) == "NotAvailableForSubscription"
    assert refusal({**sku(), "locations": ["eastus"]}, Spot(HERE)) == "not in this location"


def test_a_zone_that_is_closed_to_us_is_none_of_the_sizes() -> None:
    closed = {"type": "Zone", "restrictionInfo": {"zones": ["1", "3"]}, "values": ["WestEurope"]}
    assert refusal(sku(closed), Spot(HERE)) is refusal(sku(closed), Spot(HERE, "2")) is None
    assert refusal(sku(closed), Spot(HERE, "1")) == "not in zone 1"
    assert offer(sku(closed), HERE).zones == frozenset("2")


def test_a_size_whose_zones_are_all_closed_is_in_none_of_them() -> None:
    closed = {
        "type": "Zone",
        "restrictionInfo": {"zones": ["1", "2", "3"]},
        "values": ["WestEurope"],
    }
    assert offer(sku(closed), HERE).zones == frozenset()
    assert refusal(sku(closed), Spot(HERE, "1")) == "not in zone 1"
    assert refusal(sku(closed), Spot(HERE)) is None


@pytest.mark.parametrize(
    ("said", "kinds", "controller", "lacks"),
    [
        ({"PremiumIO": "False"}, {"Premium_LRS"}, None, "takes no premium disks"),
        ({"PremiumIO": "False"}, {"StandardSSD_LRS"}, None, None),
        ({"PremiumIO": "True"}, {"Premium_LRS"}, "SCSI", None),
        ({}, {"Premium_LRS"}, None, None),  # nobody says that it does not
        ({"DiskControllerTypes": "NVMe"}, set(), "SCSI", "has no SCSI disks"),
        ({"DiskControllerTypes": "NVMe"}, set(), None, None),
        ({"DiskControllerTypes": "SCSI, NVMe"}, set(), "NVMe", None),
    ],
)
def test_a_size_that_does_not_take_the_disks_says_so(
    said: dict[str, str], kinds: set[str], controller: str | None, lacks: str | None
) -> None:
    found = misfit(sku(**said), kinds, controller)
    assert found is None if lacks is None else str(found).startswith(lacks)


def test_every_offer_is_plain_data() -> None:
    assert json.loads(offer(sku(), HERE).model_dump_json())["id"] == "Standard_D2s_v3"


def test_a_generation_that_a_size_does_not_have_is_told_plainly() -> None:
    second = offer(sku(HyperVGenerations="V2"), HERE)
    with pytest.raises(Invalid, match=r"generation .* never changes"):
        check_fits(Firmware.BIOS, second, disks=1, nics=1)
    check_fits(Firmware.UEFI, second, disks=1, nics=1)
    check_fits(Firmware.UNKNOWN, second, disks=1, nics=1)


@pytest.mark.parametrize(("disks", "nics"), [(6, 1), (1, 3)])
def test_more_than_a_size_takes_is_refused(disks: int, nics: int) -> None:
    with pytest.raises(Invalid, match="takes"):
        check_fits(Firmware.BIOS, offer(sku(), HERE), disks, nics)


def test_what_the_accounts_zone_does_not_have_is_not_on_offer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed = {"type": "Zone", "restrictionInfo": {"zones": ["1", "3"]}, "values": ["WestEurope"]}
    skus = {"here": sku(), "elsewhere": {**sku(closed), "name": "Standard_D2s_v4"}}
    settings = {"subscription": "0" * 8 + "-0000" * 3 + "-" + "0" * 12, "resource_group": "g"}

    def on_offer(zone: str | None) -> list[str]:
        session = Session(Settings.model_validate({**settings, "location": HERE, "zone": zone}))
        account = Sizes("az", session)
        monkeypatch.setattr(account, "_skus_in", lambda _location: skus)
        known = {each["name"] for each in skus.values()}
        found = account.sizes()
        assert account.closed_sizes().keys() == known - {each.id for each in found}
        return [each.id for each in found]

    assert on_offer("1") == ["Standard_D2s_v3"]
    assert on_offer("2") == on_offer(None) == ["Standard_D2s_v3", "Standard_D2s_v4"]
