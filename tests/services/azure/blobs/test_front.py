"""The blob URLs of disks, through the unmodified storage SDK."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceModifiedError,
    ServiceResponseError,
)
from azure.storage.blob import BlobClient

from tests.services.azure.blobs import vhd
from tests.services.azure.fixture import AzureService

MIB = 1024**2
SIZE = 24 * MIB


class Uploading:
    """A disk that is being uploaded to, and clients of its bytes."""

    def __init__(self, azure: AzureService, compute: Any) -> None:
        self._azure = azure
        self._compute = compute
        self.id = self._create({"createOption": "Upload", "uploadSizeBytes": SIZE + vhd.SIZE})

    def _create(self, creation: dict[str, Any]) -> str:
        body = {"location": "westeurope", "properties": {"creationData": creation}}
        made: str = self._compute.disks.begin_create_or_update("one", "disk", body).result().id
        return made

    def client(self) -> BlobClient:
        """A client with a signature of its own, which tries everything once."""
        asked = {"access": "Write", "durationInSeconds": 3600}
        url = self._compute.disks.begin_grant_access("one", "disk", asked).result().access_sas
        return self.at(url)

    def at(self, url: str) -> BlobClient:
        certificate = str(self._azure.settings.certificate)
        return BlobClient.from_blob_url(url, connection_verify=certificate, retry_total=0)


@pytest.fixture
def uploading(azure: AzureService, compute: Any) -> Uploading:
    return Uploading(azure, compute)


def write(blob: BlobClient, offset: int = 0, data: bytes = b"x" * 512, **more: Any) -> Any:
    return blob.upload_page(data, offset=offset, length=len(data), **more)


def ranges(blob: BlobClient) -> list[tuple[int | None, int | None]]:
    return [(r.start, r.end) for r in blob.list_page_ranges()]


def test_pages_are_written_cleared_and_listed_merged(uploading: Uploading) -> None:
    blob = uploading.client()
    write(blob, 0, b"a" * 4 * MIB)
    write(blob, 4 * MIB, b"b" * 4 * MIB)
    blob.clear_page(offset=MIB, length=512)
    assert ranges(blob) == [(0, MIB - 1), (MIB + 512, 8 * MIB - 1)]
    assert [r.start for r in blob.list_page_ranges(results_per_page=1)] == [0, MIB + 512]
    part = blob.list_page_ranges(offset=6 * MIB, length=MIB)
    assert [(r.start, r.end) for r in part] == [(6 * MIB, 7 * MIB - 1)]
    assert blob.download_blob(offset=MIB - 2, length=516).readall() == b"aa" + bytes(512) + b"aa"
    assert blob.get_blob_properties().size == SIZE + vhd.SIZE


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        (lambda blob: write(blob, 0, b"x" * (4 * MIB + 512)), 413, "RequestBodyTooLarge"),
        (lambda blob: write(blob, SIZE, b"x" * 1024), 416, "InvalidPageRange"),
        (lambda blob: blob.resize_blob(MIB), 403, "AuthorizationPermissionMismatch"),
        (lambda blob: blob.create_snapshot(), 403, "AuthorizationPermissionMismatch"),
        (lambda blob: blob.delete_blob(), 403, "AuthorizationPermissionMismatch"),
    ],
)
def test_what_pages_cannot_be_is_refused(
    uploading: Uploading, wrong: Callable[[BlobClient], Any], status: int, code: str
) -> None:
    with pytest.raises(HttpResponseError) as raised:
        wrong(uploading.client())
    assert raised.value.status_code == status
    assert str(getattr(raised.value, "error_code", "")).endswith(code) or code in str(raised.value)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-ms-range": "bytes=256-767"}, 416),
        ({"x-ms-range": "bytes=0-510"}, 416),
        ({"x-ms-range": "bytes=0-1023"}, 400),
        ({"x-ms-range": "bytes=511-0"}, 400),
        ({"x-ms-range": "everything"}, 400),
        ({"x-ms-range": "bytes=0-511", "x-ms-page-write": "append"}, 400),
        ({"x-ms-range": "bytes=0-511", "Content-MD5": "AAAA"}, 400),
        ({"x-ms-range": "bytes=0-511"}, 201),
    ],
)
def test_what_the_sdk_would_never_send_is_refused_too(
    azure: AzureService, uploading: Uploading, headers: dict[str, str], status: int
) -> None:
    request = urllib.request.Request(
        f"{uploading.client().url}&comp=page",
        data=b"x" * 512,
        method="PUT",
        headers={"x-ms-version": "2023-11-03", "x-ms-page-write": "update", **headers},
    )
    assert _status(request, azure.trust) == status


def _status(request: urllib.request.Request, trust: ssl.SSLContext) -> int:
    try:
        with urllib.request.urlopen(request, context=trust, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_wrong_checksum_and_a_stale_etag_are_refused(uploading: Uploading) -> None:
    blob = uploading.client()
    first = write(blob, validate_content=True)["etag"]
    write(blob)
    with pytest.raises(ResourceModifiedError):
        write(blob, etag=first, match_condition=MatchConditions.IfNotModified)


def test_a_signature_ends_when_it_is_used_up_and_a_new_one_goes_on(
    azure: AzureService, uploading: Uploading
) -> None:
    azure.control("PUT", "signatures", {"requests": 2})
    blob = uploading.client()
    write(blob, 0)
    write(blob, 512)
    with pytest.raises(ClientAuthenticationError, match="not valid in the specified time frame"):
        write(blob, 1024)
    azure.control("PUT", "signatures", {"requests": None})
    again = uploading.client()
    write(again, 1024)
    assert ranges(again) == [(0, 1535)]
    azure.control("PUT", "signatures", {"expired": True})
    with pytest.raises(ClientAuthenticationError, match="AuthenticationFailed"):
        write(again, 1024)


def test_a_forged_signature_and_a_revoked_one_open_nothing(
    azure: AzureService, uploading: Uploading, compute: Any
) -> None:
    blob = uploading.client()
    with pytest.raises(ClientAuthenticationError, match="Signature did not match"):
        write(uploading.at(blob.url.replace("sig=", "sig=A")))
    page = vhd.footer(SIZE, uuid.uuid4())
    write(blob, SIZE, page)
    compute.disks.begin_revoke_access("one", "disk").result()
    with pytest.raises(ClientAuthenticationError, match="Signed expiry must be specified"):
        write(blob)
    asked = {"access": "Read", "durationInSeconds": 60}
    reader = uploading.at(
        compute.disks.begin_grant_access("one", "disk", asked).result().access_sas
    )
    with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
        write(reader)
    assert reader.download_blob(offset=SIZE, length=vhd.SIZE).readall() == page


def test_trouble_comes_as_ordered(azure: AzureService, uploading: Uploading) -> None:
    blob = uploading.client()
    busy = {"status": 503, "code": "ServerBusy", "message": "The server is busy."}
    azure.fault("blobs/PutPage", skip=1, **busy)
    azure.fault("blobs/PutPage", status=429, code="TooManyRequests", retry_after=7)
    azure.fault("blobs/PutPage", lost=True)
    with pytest.raises(HttpResponseError) as throttled:
        write(blob)
    answer: Any = throttled.value.response
    assert answer.headers["Retry-After"] == "7"
    with pytest.raises(HttpResponseError, match="ServerBusy"):
        write(blob)
    assert ranges(blob) == []
    with pytest.raises(ServiceResponseError):
        write(blob)
    assert ranges(blob) == [(0, 511)]
    assert azure.calls()["blobs/PutPage"] == 3


def test_pages_come_from_the_url_of_another_disk(
    azure: AzureService, uploading: Uploading, compute: Any
) -> None:
    body = {
        "location": "westeurope",
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1},
    }
    source = compute.disks.begin_create_or_update("one", "source", body).result()
    azure.write(source.id, MIB, b"s" * MIB)
    asked = {"access": "Read", "durationInSeconds": 60}
    url = compute.disks.begin_grant_access("one", "source", asked).result().access_sas
    blob = uploading.client()
    blob.upload_pages_from_url(url, offset=0, length=MIB, source_offset=MIB)
    assert blob.download_blob(offset=0, length=MIB).readall() == b"s" * MIB
    with pytest.raises(HttpResponseError, match="CannotVerifyCopySource"):
        blob.upload_pages_from_url(
            url.replace("sig=", "sig=A"), offset=0, length=MIB, source_offset=MIB
        )


def test_many_write_at_once(uploading: Uploading) -> None:
    blob = uploading.client()
    parts = [bytes([65 + index]) * MIB for index in range(16)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda index: write(blob, index * MIB, parts[index]), range(16)))
    assert blob.download_blob(offset=0, length=16 * MIB).readall() == b"".join(parts)
    assert ranges(blob) == [(0, 16 * MIB - 1)]
