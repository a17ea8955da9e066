"""Disks, snapshots, images and machines, as the service tells them and as ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.azure import connect, tags
from adapters.azure.base import Base
from adapters.azure.ids import Ids
from adapters.azure.kinds import DISK
from adapters.azure.limits import LIMITS
from adapters.azure.session import Session
from adapters.azure.settings import Settings as AzureSettings
from adapters.azure.source import SnapshotSource
from adapters.azure.translate import volumes
from adapters.azure.translate.instances import Surroundings, instance
from adapters.azure.translate.sizes import offer
from adapters.azure.translate.words import CLASSES, class_word, gib
from broker.errors import Invalid, NotFound, Transient
from broker.fit.labels import fit_labels
from broker.model import GIB, Bus, Firmware, Power, VolumeSpec
from tests.services.azure.canned import machines
from tests.services.azure.settings import Settings

SUBSCRIPTION = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
IDS = Ids(SUBSCRIPTION, "interop")
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/INTEROP/providers"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def disk(name: str = "Root", **properties: Any) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/Microsoft.Compute/disks/{name}",
        "name": name,
        "location": "westeurope",
        "sku": {"name": "Premium_LRS"},
        "tags": {"interop:name": "the root disk", "interop:token": "t", "team": "shop"},
        "properties": {"diskSizeGB": 30, "diskSizeBytes": 30 * GIB, **properties},
    }


def test_a_volume_is_what_its_disk_says() -> None:
    told = {**disk(), "managedBy": f"{GROUP}/Microsoft.Compute/virtualMachines/Web"}
    found = volumes.volume(told, IDS)
    assert (found.id, found.instance) == ("root", "web")
    assert found.spec.name == "the root disk"
    assert (found.spec.size, found.spec.kind, found.spec.encrypted) == (
        30 * GIB,
        "premium_ssd",
        True,
    )
    assert found.spec.labels == {"team": "shop"}
    assert found.spec.bus is Bus.UNKNOWN


def test_the_bytes_are_told_before_the_rounded_size() -> None:
    assert volumes.size_of(disk(diskSizeBytes=30 * GIB + 1024**2)) == 30 * GIB + 1024**2
    assert volumes.size_of(disk(diskSizeBytes=None)) == 30 * GIB


@given(st.sampled_from(sorted(CLASSES)))
def test_classes_of_disks_read_and_written_are_the_same(word: str) -> None:
    assert class_word(CLASSES[word]) == word


@pytest.mark.parametrize("word", ["UltraSSD_LRS", "Premium_ZRS"])
def test_a_class_without_a_word_of_ours_is_called_as_it_is(word: str) -> None:
    spec = volumes.volume_spec({**disk(), "sku": {"name": word}}, bus=Bus.SCSI)
    assert spec.kind == class_word(spec.kind) == word


@pytest.mark.parametrize(
    ("word", "told", "performance"),
    [
        ("Premium_LRS", (5000, 200), ""),  # comes with its size, nobody asks for it
        ("PremiumV2_LRS", (3000, 125), ""),
        ("PremiumV2_LRS", (8000, 210), "8,000 IOPS, 200 MiB/s"),
        ("UltraSSD_LRS", (3000, 125), "3,000 IOPS, 119 MiB/s"),
    ],
)
def test_what_was_provisioned_is_told(word: str, told: tuple[int, int], performance: str) -> None:
    rates: dict[str, Any]
    rates = dict(zip(("diskIOPSReadWrite", "diskMBpsReadWrite"), told, strict=True))
    spec = volumes.volume_spec({**disk(**rates), "sku": {"name": word}}, bus=Bus.SCSI)
    assert spec.performance == performance


@given(st.integers(1, 2**40), st.integers(1, 2**40))
def test_what_is_asked_for_is_what_is_read(iops: int, mibps: int) -> None:
    wish = VolumeSpec(name="disk", size=GIB, kind="UltraSSD_LRS", iops=iops, mibps=mibps)
    rates: dict[str, Any] = volumes.performance_wish(wish)
    told = {**disk(**rates), "sku": {"name": wish.kind}}
    spec = volumes.volume_spec(told, bus=Bus.SCSI)
    assert (spec.iops, spec.mibps) == (iops, mibps)


@given(st.integers(0, 65536 * GIB))
def test_sizes_in_gib_hold_every_byte(size: int) -> None:
    assert gib(size) * GIB >= size
    assert gib(size) == 1 or (gib(size) - 1) * GIB < size


@pytest.mark.parametrize(
    ("generation", "firmware"),
    [("V1", Firmware.BIOS), ("V2", Firmware.UEFI), (None, Firmware.UNKNOWN)],
)
def test_a_generation_is_firmware(generation: str | None, firmware: Firmware) -> None:
    assert volumes.firmware_of(disk(hyperVGeneration=generation)) is firmware


def test_a_snapshot_that_is_still_copied_is_not_complete() -> None:
    told = disk("snap", provisioningState="Succeeded", completionPercent=42.0)
    assert not volumes.snapshot(told, IDS).complete
    assert volumes.snapshot(disk("snap", provisioningState="Succeeded"), IDS).complete
    assert not volumes.snapshot(disk("snap", provisioningState="Creating"), IDS).complete


def test_a_snapshot_names_its_volume_and_no_other_thing() -> None:
    source = f"{GROUP}/Microsoft.Compute/disks/Data"
    told = disk(creationData={"createOption": "Copy", "sourceResourceId": source})
    assert volumes.snapshot(told, IDS).volume == "data"
    other = source.replace("/disks/", "/snapshots/")
    told = disk(creationData={"createOption": "Copy", "sourceResourceId": other})
    assert volumes.snapshot(told, IDS).volume is None


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=60))
def test_labels_that_fit_are_taken(labels: dict[str, str]) -> None:
    kept, losses = fit_labels(labels, LIMITS.labels)
    assert len(kept) + len(losses) == len(labels)
    assert tags.labels_of({"tags": tags.tags_for(kept, {tags.TOKEN: "t"})}) == kept


@pytest.mark.parametrize("key", ["app.example.com/name", "Azure-x", "interop:token", "50%", ""])
def test_a_label_the_service_would_refuse_is_a_loss_of_the_plan(key: str) -> None:
    kept, (loss,) = fit_labels({key: "v"}, LIMITS.labels)
    assert (kept, loss.before) == ({}, "v")
    with pytest.raises(Invalid):
        tags.tags_for({key: "v"}, {})


def machine(**properties: Any) -> dict[str, Any]:
    disks = f"{GROUP}/Microsoft.Compute/disks"
    return {
        "id": f"{GROUP}/Microsoft.Compute/virtualMachines/Web",
        "name": "Web",
        "location": "westeurope",
        "properties": {
            "hardwareProfile": {"vmSize": "standard_b1S"},
            "provisioningState": "Succeeded",
            "storageProfile": {
                "osDisk": {"managedDisk": {"id": f"{disks}/ROOT"}},
                "dataDisks": [
                    {"lun": 7, "managedDisk": {"id": f"{disks}/late"}},
                    {"lun": 0, "managedDisk": {"id": f"{disks}/early"}},
                    {"lun": 3, "managedDisk": {"id": f"{disks}/gone"}},
                ],
            },
            **properties,
        },
    }


AROUND = Surroundings(
    disks={each: disk(each, hyperVGeneration="V2") for each in ("root", "late", "early")},
    cards={},
    public={},
    codes={},
    offers={
        "standard_b1s": offer(
            {
                "name": "Standard_B1s",
                "capabilities": [
                    {"name": "vCPUs", "value": "1"},
                    {"name": "MemoryGB", "value": "0.5"},
                ],
            },
            "westeurope",
        )
    },
)


def test_a_machine_has_its_disks_in_their_places_and_only_those_that_are_there() -> None:
    found = instance(machine(), AROUND, IDS, NOW)
    assert found.volumes == ("root", "early", "late")
    assert [volume.boot for volume in found.spec.volumes] == [True, False, False]
    assert found.offer == "Standard_B1s"
    assert (found.spec.firmware, found.state.power) == (Firmware.UEFI, Power.UNKNOWN)


@pytest.mark.parametrize(
    ("properties", "user_data", "told"),
    [
        ({"userData": "IyFzaA==", "osProfile": {"computerName": "web"}}, "#!sh", True),
        ({}, None, True),
        # its custom data, if it has any, are in no answer
        ({"osProfile": {"computerName": "web"}}, None, False),
    ],
)
def test_user_data_are_told_where_they_can_be(
    properties: dict[str, Any], user_data: str | None, told: bool
) -> None:
    found = instance(machine(**properties), AROUND, IDS, NOW, user_data_asked=True)
    assert (found.spec.user_data, found.user_data_told) == (user_data, told)
    if user_data is None:
        assert not instance(machine(**properties), AROUND, IDS, NOW).user_data_told


def test_a_boot_disk_that_lives_on_the_host_is_none_of_the_volumes() -> None:
    told = machine()
    told["properties"]["storageProfile"]["osDisk"] = {
        "diffDiskSettings": {"option": "Local"},
        "managedDisk": {"id": f"{GROUP}/Microsoft.Compute/disks/nowhere"},
    }
    found = instance(told, AROUND, IDS, NOW)
    assert found.volumes == ("early", "late")
    assert not any(volume.boot for volume in found.spec.volumes)
    assert found.spec.firmware is Firmware.UNKNOWN


@pytest.mark.parametrize(
    ("word", "bus"), [(None, Bus.SCSI), ("SCSI", Bus.SCSI), ("NVMe", Bus.NVME), ("X", Bus.UNKNOWN)]
)
def test_the_controller_is_the_bus_of_all_disks(word: str | None, bus: Bus) -> None:
    told = machine()
    told["properties"]["storageProfile"]["diskControllerType"] = word
    assert {volume.bus for volume in instance(told, AROUND, IDS, NOW).spec.volumes} == {bus}


def test_secure_boot_is_told() -> None:
    settings = {"uefiSettings": {"secureBootEnabled": True}}
    found = instance(machine(securityProfile=settings), AROUND, IDS, NOW)
    assert found.spec.firmware is Firmware.UEFI_SECURE


def test_a_size_nobody_tells_of_is_never_guessed() -> None:
    told = machine(hardwareProfile={"vmSize": "Standard_Z9"})
    with pytest.raises(NotFound, match="Standard_Z9"):
        instance(told, AROUND, IDS, NOW)


def test_a_listing_of_three_pages_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Settings()
    monkeypatch.setenv("AZURE_TENANT_ID", known.tenant)
    monkeypatch.setenv("AZURE_CLIENT_ID", known.contributor)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", known.secret)
    with machines(250, 100, tmp_path) as account:
        adapter = connect(account)
        found = adapter.instances()
        adapter.close()
    assert {each.id for each in found} == {f"web-{n}" for n in range(250)}
    assert len(found) == 250
    assert {each.state.power for each in found} == {Power.RUNNING}
    assert {len(each.volumes) for each in found} == {2}


class Page:
    """The SDK's answer to a request of ours, whatever it holds."""

    def __init__(self, text: str) -> None:
        self._text = text

    def send_request(self, _request: object) -> Page:
        return self

    def raise_for_status(self) -> None:
        pass

    def json(self) -> Any:
        return json.loads(self._text)


@pytest.mark.parametrize("text", ["<html>busy</html>", "", "{}", "[]", '{"value": null}'])
def test_a_page_that_is_no_listing_is_not_an_empty_one(text: str) -> None:
    session = Session(AzureSettings(subscription=SUBSCRIPTION, resource_group="interop"))
    rows = Base("azure", session)._rows(Page(text), DISK, "2026-03-02", {}, group=True)  # type: ignore[arg-type]
    with pytest.raises(Transient, match="cannot be read"):
        list(rows)


class Ranges:
    """The ranges a service tells, in place of the connection to it."""

    def __init__(self, *ranges: tuple[int, int]) -> None:
        self.told = ranges

    def ranges(self) -> Any:
        from adapters.azure.pages import Range

        return (Range(*each) for each in self.told)


@given(
    st.lists(st.integers(0, 64), unique=True, max_size=20).map(sorted),
    st.integers(1, 60),
)
def test_extents_are_ascending_and_touching_whatever_is_told(edges: list[int], size: int) -> None:
    pairs = [(a * 512, b * 512) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    source = SnapshotSource(
        size * 512,
        Ranges(*pairs),  # type: ignore[arg-type]
        family=None,
        on_close=lambda: None,
    )
    position = 0
    data: set[int] = set()
    for extent in source.extents():
        assert extent.offset == position
        assert extent.length > 0
        position += extent.length
        if not extent.zero:
            data |= set(range(extent.offset, position, 512))
    assert position == size * 512
    written = {at for start, stop in pairs for at in range(start, stop, 512)}
    assert data == {at for at in written if at < size * 512}


@pytest.mark.parametrize(
    ("kind", "image", "licence", "billed", "runs"),
    [
        ("Windows", {}, None, "windows", "windows"),
        ("Windows", {}, "Windows_Server", "linux", "windows"),
        ("Linux", {"publisher": "Canonical"}, None, "linux", "linux (ubuntu)"),
        ("Linux", {"publisher": "RedHat", "offer": "RHEL"}, "None", "rhel", "linux (rhel)"),
        ("Linux", {"publisher": "RedHat", "offer": "RHEL"}, "RHEL_BYOS", "linux", "linux (rhel)"),
        ("Linux", {"publisher": "redhat", "offer": "rhel-byos"}, None, "linux", "linux (rhel)"),
        ("Linux", {"publisher": "SUSE", "offer": "sles-15-sp5"}, None, "suse", "linux (sles)"),
        ("Linux", {}, None, "linux", "linux"),
        (None, {}, None, None, "unknown"),
    ],
)
def test_what_it_runs_is_told_and_what_the_bill_says(
    kind: str | None, image: dict[str, str], licence: str | None, billed: str | None, runs: str
) -> None:
    told = machine(licenseType=licence)
    told["properties"]["storageProfile"]["osDisk"]["osType"] = kind
    told["properties"]["storageProfile"]["imageReference"] = image
    found = instance(told, AROUND, IDS, NOW)
    assert (found.billed_as, str(found.spec.system)) == (billed, runs)


@pytest.mark.parametrize(
    ("priority", "spot"), [(None, False), ("Regular", False), ("Spot", True), ("Low", True)]
)
def test_a_machine_on_spare_capacity_is_told(priority: str | None, spot: bool) -> None:
    assert instance(machine(priority=priority), AROUND, IDS, NOW).spot is spot
