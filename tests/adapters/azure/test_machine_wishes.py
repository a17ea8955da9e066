"""What a machine can be, and how the service is told so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.azure import launch
from adapters.azure.translate.launch import boot_disk_wish, machine_wish
from broker.errors import BrokerError, Invalid, Unsupported
from broker.model import (
    GIB,
    Arch,
    Firmware,
    InstanceSpec,
    NicSpec,
    Offer,
    Size,
    System,
    SystemKind,
    VolumeSpec,
)
from tests.adapters.azure.machines import SIZE, wish


def offer(**changes: object) -> Offer:
    firmware = frozenset({Firmware.BIOS, Firmware.UEFI})
    found = Offer(id=SIZE, size=Size(vcpus=1, memory=1024), firmware=firmware)
    return found.model_copy(update=changes)


def on(kind: str, **changes: object) -> InstanceSpec:
    return wish(system=System(kind=SystemKind(kind)), **changes)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": "a" * 65}, Invalid),
        ({"name": "web-"}, Invalid),
        ({"name": "-web"}, Invalid),
        ({"name": "web_1"}, Invalid),
        ({"name": "é"}, Invalid),
        ({"nics": ()}, Invalid),
        ({"volumes": (VolumeSpec(name="root", size=4096 * GIB), *wish().volumes[1:])}, Invalid),
        ({"nics": (NicSpec(network="net"),) * 9}, Invalid),
        ({"nics": (NicSpec(network="net", mac="02:00:00:00:00:01"),)}, Unsupported),
        ({"user_data": "é" * 24_577}, Invalid),
        ({"key_pair": "ops"}, Unsupported),
        ({"labels": {"a/b": "c"}}, Invalid),
        ({"system": System(distribution="ubuntu")}, Unsupported),
        ({"labels": {"Team": "a", "team": "b"}}, Invalid),
    ],
)
def test_what_the_service_would_refuse_is_refused_before_anything_is_made(
    changes: dict[str, object], error: type[BrokerError]
) -> None:
    with pytest.raises(error):
        launch.check(wish(**changes), ["one", "two"])


@pytest.mark.parametrize("disks", [[], ["one"], ["one", "two", "three"]])
def test_each_volume_needs_its_disk(disks: list[str]) -> None:
    with pytest.raises(Invalid):
        launch.check(wish(), disks)


@pytest.mark.parametrize(
    ("wanted", "generation", "expected"),
    [
        (Firmware.UNKNOWN, None, Firmware.UNKNOWN),
        (Firmware.UNKNOWN, "V1", Firmware.BIOS),
        (Firmware.UNKNOWN, "V2", Firmware.UEFI),
        (Firmware.BIOS, None, Firmware.BIOS),
        (Firmware.UEFI_SECURE, "V2", Firmware.UEFI_SECURE),
        (Firmware.BIOS, "V2", None),
        (Firmware.UEFI, "V1", None),
        (Firmware.UEFI_SECURE, "V1", None),
    ],
)
def test_firmware_is_that_of_the_boot_disk(
    wanted: Firmware, generation: str | None, expected: Firmware | None
) -> None:
    spec = wish(firmware=wanted)
    origin = {"name": "disk", "properties": {"hyperVGeneration": generation}}

    def found() -> Firmware:
        return launch.firmware(spec, origin)

    if expected is None:
        with pytest.raises(Invalid, match="never changes"):
            found()
    else:
        assert found() is expected


@pytest.mark.parametrize(
    ("firmware", "said"),
    [
        (Firmware.BIOS, {"hyperVGeneration": "V1"}),
        (Firmware.UEFI, {"hyperVGeneration": "V2"}),
        (
            Firmware.UEFI_SECURE,
            {"hyperVGeneration": "V2", "securityProfile": {"securityType": "TrustedLaunch"}},
        ),
        (Firmware.UNKNOWN, {}),
    ],
)
def test_a_boot_disk_says_what_is_known(firmware: Firmware, said: dict[str, object]) -> None:
    found = boot_disk_wish(on("linux", firmware=firmware), offer())
    assert found == {
        "osType": "Linux",
        "supportedCapabilities": {"architecture": "x64"},
        **said,
    }


@pytest.mark.parametrize(
    ("wanted", "told", "expected"),
    [
        ("unknown", None, "linux"),
        ("unknown", "Windows", "windows"),
        ("windows", None, "windows"),
        ("linux", "Linux", "linux"),
        ("linux", "Windows", None),
    ],
)
def test_a_machine_runs_what_its_boot_disk_says(
    wanted: str, told: str | None, expected: str | None
) -> None:
    origin = {"name": "disk", "properties": {"osType": told}}
    if expected is None:
        with pytest.raises(Invalid, match="hold windows"):
            launch.system(on(wanted), origin)
    else:
        assert launch.system(on(wanted), origin) == System(kind=SystemKind(expected))


def test_a_boot_disk_and_its_machine_say_what_it_runs() -> None:
    windows = on("windows")
    assert boot_disk_wish(windows, offer())["osType"] == "Windows"
    storage = machine_wish(windows, offer(), ["/a"], ["/n"])["properties"]["storageProfile"]
    assert storage["osDisk"]["osType"] == "Windows"


def test_a_size_with_nvme_alone_gets_disks_and_machine_for_it() -> None:
    alone = offer(drivers=frozenset({"nvme"}))
    boot = boot_disk_wish(on("linux"), alone)
    assert boot["supportedCapabilities"]["diskControllerTypes"] == "SCSI, NVMe"
    storage = machine_wish(on("linux"), alone, ["/a"], ["/n"])["properties"]["storageProfile"]
    assert storage["diskControllerType"] == "NVMe"


@given(disks=st.lists(st.text(min_size=1), min_size=1, unique=True))
def test_disks_keep_their_order(disks: list[str]) -> None:
    asked = machine_wish(on("linux"), offer(), disks, ["/n"])["properties"]["storageProfile"]
    others = sorted(asked["dataDisks"], key=lambda disk: disk["lun"])
    assert [each["managedDisk"]["id"] for each in (asked["osDisk"], *others)] == disks
    assert {each["deleteOption"] for each in (asked["osDisk"], *others)} == {"Delete"}


def test_an_arm_size_takes_what_was_made_for_it() -> None:
    arm = offer(size=Size(vcpus=2, memory=8192, arch=Arch.AARCH64))
    assert boot_disk_wish(on("linux"), arm)["supportedCapabilities"] == {"architecture": "Arm64"}
