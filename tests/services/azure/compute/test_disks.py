"""Disks and snapshots, and their bytes, through the unmodified SDKs."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient

from tests.services.azure.blobs import vhd
from tests.services.azure.fixture import AzureService

MIB = 1024**2
UPLOAD = 20 * MIB
HERE = {"location": "westeurope"}


def made(compute: Any, name: str, creation: dict[str, Any], **more: Any) -> Any:
    body = {**HERE, "properties": {"creationData": creation, **more}}
    return compute.disks.begin_create_or_update("one", name, body).result()


def uploading(compute: Any, name: str = "up") -> Any:
    return made(
        compute,
        name,
        {"createOption": "Upload", "uploadSizeBytes": UPLOAD + vhd.SIZE},
        osType="Linux",
        hyperVGeneration="V2",
    )


def granted(disks: Any, name: str, access: str, azure: AzureService) -> BlobClient:
    asked = {"access": access, "durationInSeconds": 3600}
    url = disks.begin_grant_access("one", name, asked).result().access_sas
    return BlobClient.from_blob_url(
        url, connection_verify=str(azure.settings.certificate), retry_total=0
    )


def refusal(raised: pytest.ExceptionInfo[HttpResponseError]) -> tuple[int | None, str]:
    assert raised.value.error is not None
    return raised.value.status_code, str(raised.value.error.code)


def test_a_disk_is_uploaded_read_back_and_grown(azure: AzureService, compute: Any) -> None:
    disk = uploading(compute)
    assert (disk.properties.disk_state, disk.properties.disk_size_gb) == ("ReadyToUpload", 1)
    blob = granted(compute.disks, "up", "Write", azure)
    assert compute.disks.get("one", "up").properties.disk_state == "ActiveUpload"
    data = bytes(range(256)) * 4096
    blob.upload_page(data, offset=MIB, length=MIB)
    blob.upload_page(vhd.footer(UPLOAD, uuid.uuid4()), offset=UPLOAD, length=vhd.SIZE)
    compute.disks.begin_revoke_access("one", "up").result()

    disk = compute.disks.get("one", "up").properties
    assert (disk.disk_state, disk.disk_size_bytes) == ("Unattached", UPLOAD)
    blob = granted(compute.disks, "up", "Read", azure)
    assert compute.disks.get("one", "up").properties.disk_state == "ActiveSAS"
    assert blob.download_blob().readall()[:UPLOAD] == bytes(MIB) + data + bytes(18 * MIB)
    assert [(r.start, r.end) for r in blob.list_page_ranges()] == [
        (MIB, 2 * MIB - 1),
        (UPLOAD, UPLOAD + vhd.SIZE - 1),
    ]
    compute.disks.begin_revoke_access("one", "up").result()

    update = {"properties": {"diskSizeGB": 2}}
    assert compute.disks.begin_update("one", "up", update).result().disk_size_bytes == 2 * 1024**3
    blob = granted(compute.disks, "up", "Read", azure)
    assert [r.start for r in blob.list_page_ranges()] == [MIB, 2 * 1024**3]
    compute.disks.begin_revoke_access("one", "up").result()
    compute.disks.begin_delete("one", "up").result()
    assert not list(compute.disks.list())


def test_an_upload_without_a_footer_does_not_become_a_disk(
    azure: AzureService, compute: Any
) -> None:
    uploading(compute)
    granted(compute.disks, "up", "Write", azure)
    with pytest.raises(HttpResponseError, match="cookie value 'conectix'") as raised:
        compute.disks.begin_revoke_access("one", "up").result()
    assert refusal(raised) == (400, "InvalidVhd")
    assert compute.disks.get("one", "up").properties.disk_state == "ActiveUpload"


def test_snapshots_tell_what_changed_between_them(azure: AzureService, compute: Any) -> None:
    disk = made(compute, "data", {"createOption": "Empty"}, diskSizeGB=1)
    azure.write(disk.id, 0, b"a" * 4096)
    copy = {"createOption": "Copy", "sourceResourceId": disk.id}
    body = {**HERE, "properties": {"creationData": copy, "incremental": True}}
    first = compute.snapshots.begin_create_or_update("one", "first", body).result()
    azure.write(disk.id, 1024, b"b" * 512)
    azure.write(disk.id, 8192, b"c" * 512)
    second = compute.snapshots.begin_create_or_update("one", "second", body).result()
    assert first.incremental_snapshot_family_id == second.incremental_snapshot_family_id

    older = granted(compute.snapshots, "first", "Read", azure)
    newer = granted(compute.snapshots, "second", "Read", azure)
    assert older.download_blob(offset=0, length=4096).readall() == b"a" * 4096
    changed, cleared = newer.get_page_range_diff_for_managed_disk(older.url)
    assert ([(r["start"], r["end"]) for r in changed], cleared) == (
        [(1024, 1535), (8192, 8703)],
        [],
    )
    with pytest.raises(HttpResponseError):
        older.get_page_range_diff_for_managed_disk(newer.url)


def test_a_disk_made_of_a_snapshot_has_its_bytes_and_is_its_own(
    azure: AzureService, compute: Any
) -> None:
    origin = made(compute, "origin", {"createOption": "Empty"}, diskSizeGB=1)
    azure.write(origin.id, 0, b"a" * 1024)
    copy = {"createOption": "Copy", "sourceResourceId": origin.id}
    body = {**HERE, "properties": {"creationData": copy}}
    snapshot = compute.snapshots.begin_create_or_update("one", "full", body).result()
    disk = made(compute, "copy", {"createOption": "Copy", "sourceResourceId": snapshot.id})
    azure.write(disk.id, 0, b"b" * 512)
    assert azure.read(disk.id, 0, 1024) == b"b" * 512 + b"a" * 512
    assert azure.read(origin.id, 0, 1024) == b"a" * 1024
    assert azure.read(snapshot.id, 0, 1024) == b"a" * 1024


def test_bytes_stay_in_their_region(compute: Any) -> None:
    disk = made(compute, "here", {"createOption": "Empty"}, diskSizeGB=1)
    copy = {"createOption": "Copy", "sourceResourceId": disk.id}
    body = {"location": "eastus", "properties": {"creationData": copy}}
    for kind in (compute.disks, compute.snapshots):
        with pytest.raises(HttpResponseError, match="is in region westeurope"):
            kind.begin_create_or_update("one", "there", body)


@pytest.mark.parametrize(
    ("creation", "more", "code"),
    [
        ({"createOption": "Upload", "uploadSizeBytes": UPLOAD}, {}, "InvalidParameter"),
        ({"createOption": "Upload", "uploadSizeBytes": MIB + 512}, {}, "InvalidParameter"),
        ({"createOption": "Upload"}, {}, "InvalidParameter"),
        ({"createOption": "Empty"}, {}, "InvalidParameter"),
        ({"createOption": "Empty"}, {"diskSizeGB": 40_000}, "InvalidParameter"),
        ({"createOption": "Empty"}, {"diskSizeGB": 1, "diskIOPSReadWrite": 9}, "InvalidParameter"),
        ({"createOption": "Empty"}, {"diskSizeGB": 1, "size": 1}, "BadRequest"),
        ({"createOption": "Copy", "sourceResourceId": "/nowhere"}, {}, "ResourceNotFound"),
        ({}, {"diskSizeGB": 1}, "InvalidParameter"),
    ],
)
def test_what_is_no_disk_is_refused(
    compute: Any, creation: dict[str, Any], more: dict[str, Any], code: str
) -> None:
    with pytest.raises(HttpResponseError) as raised:
        made(compute, "wrong", creation, **more)
    assert refusal(raised)[1] == code


def test_a_disk_neither_shrinks_nor_goes_while_it_is_read(
    azure: AzureService, compute: Any
) -> None:
    made(compute, "data", {"createOption": "Empty"}, diskSizeGB=2)
    with pytest.raises(HttpResponseError) as raised:
        compute.disks.begin_update("one", "data", {"properties": {"diskSizeGB": 1}})
    assert refusal(raised) == (400, "ResizeDiskError")
    granted(compute.disks, "data", "Read", azure)
    with pytest.raises(HttpResponseError, match="Call EndGetAccess before deleting") as raised:
        compute.disks.begin_delete("one", "data")
    assert refusal(raised) == (409, "OperationNotAllowed")
    with pytest.raises(HttpResponseError) as raised:
        granted(compute.disks, "data", "Write", azure)
    assert refusal(raised) == (409, "OperationNotAllowed")


@pytest.mark.parametrize(
    ("sku", "gib", "tier", "speed"),
    [
        ("Premium_LRS", 100, "P10", (500, 100)),
        ("Premium_LRS", 4, "P1", (120, 25)),
        ("StandardSSD_LRS", 100, None, (500, 100)),
        ("Standard_LRS", 100, None, (500, 60)),
    ],
)
def test_a_disk_is_as_fast_as_its_kind_and_size(
    compute: Any, sku: str, gib: int, tier: str | None, speed: tuple[int, int]
) -> None:
    body = {
        **HERE,
        "sku": {"name": sku},
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": gib},
    }
    disk = compute.disks.begin_create_or_update("one", "fast", body).result()
    assert (disk.tier, (disk.disk_iops_read_write, disk.disk_m_bps_read_write)) == (tier, speed)


def test_the_speed_of_a_premium_v2_disk_is_chosen(compute: Any) -> None:
    body: dict[str, Any] = {
        **HERE,
        "zones": ["1"],
        "sku": {"name": "PremiumV2_LRS"},
        "properties": {
            "creationData": {"createOption": "Empty"},
            "diskSizeGB": 64,
            "diskIOPSReadWrite": 4000,
        },
    }
    disk = compute.disks.begin_create_or_update("one", "fast", body).result()
    assert (disk.disk_iops_read_write, disk.disk_m_bps_read_write) == (4000, 125)
    body["properties"]["diskIOPSReadWrite"] = 90_000
    with pytest.raises(HttpResponseError, match="more than the 32000"):
        compute.disks.begin_create_or_update("one", "fast", body)
