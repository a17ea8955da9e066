"""The way of the bytes, when the service throttles, forgets, breaks off or is slow to notice."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from adapters.aws import connect
from adapters.aws.adapter import AwsAdapter
from adapters.aws.blocks import BLOCK
from broker.adapter.retry import Budget, retrying
from broker.disks.contract import Sink, Source
from broker.disks.copy import copy
from broker.disks.files import FileSource
from broker.disks.manifest import Manifest
from broker.disks.verify import digest, verify
from broker.errors import AccessDenied, DataMismatch, Throttled, Transient
from broker.model import GIB, MIB
from tests.services.aws.fixture import AwsService

A, B = bytes([1]) * BLOCK, bytes([2]) * BLOCK


@pytest.fixture
def adapter(aws: AwsService, tmp_path: Path) -> Iterator[AwsAdapter]:
    with aws.profiles(tmp_path):
        yield connect(aws.account())


@pytest.fixture
def patient(adapter: AwsAdapter) -> AwsAdapter:
    """The adapter as the broker uses it, without the waits."""
    budget = Budget(sleep=lambda _seconds: None)
    found: AwsAdapter = retrying(adapter, budget)  # type: ignore[assignment]
    return found


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """Three blocks of data, a hole, a block, and a tail that is no whole block."""
    path = tmp_path / "disk.raw"
    data = secrets.token_bytes(3 * BLOCK)
    with path.open("wb") as file:
        file.write(data)
        file.seek(10 * BLOCK)
        file.write(A + b"the tail")
    return path


class Ends:
    """Opens the two ends of copies, and closes them after the test."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def sink(self, adapter: AwsAdapter, token: str, size: int = 1) -> Sink:
        sink = adapter.open_sink(size, name="disk", token=token)
        self._stack.callback(sink.close)
        return sink

    def source(self, adapter: AwsAdapter, id: str) -> Source:
        source = adapter.open_source(id)
        self._stack.callback(source.close)
        return source


@pytest.fixture
def ends() -> Iterator[Ends]:
    with ExitStack() as stack:
        yield Ends(stack)


def token() -> str:
    return f"test-{secrets.token_hex(8)}"


def put(adapter: AwsAdapter, token: str, blocks: dict[int, bytes]) -> None:
    sink = adapter.open_sink(1, name="disk", token=token)
    for index, data in blocks.items():
        sink.pwrite(memoryview(data), index * BLOCK)
    sink.close()


def manifest_of(path: Path) -> Manifest:
    return digest(FileSource(path))


def raw(tmp_path: Path, blocks: dict[int, bytes]) -> Path:
    path = tmp_path / f"{secrets.token_hex(4)}.raw"
    with path.open("wb") as file:
        for index, data in blocks.items():
            file.seek(index * BLOCK)
            file.write(data)
    return path


def test_a_disk_is_copied_and_read_back(
    aws: AwsService, adapter: AwsAdapter, ends: Ends, disk: Path
) -> None:
    aws.control("PUT", "direct", {"empty_pages": True})
    sink = ends.sink(adapter, token(), disk.stat().st_size)
    journal = disk.with_suffix(".journal")
    copied = copy(FileSource(disk), sink, journal=journal)

    source = ends.source(adapter, copied.id)
    assert source.size == GIB
    verify(Manifest.load(journal), source)
    data = [extent for extent in source.extents() if not extent.zero]
    assert [(extent.offset, extent.length) for extent in data] == [
        (0, 3 * BLOCK),
        (10 * BLOCK, 2 * BLOCK),
    ]
    assert aws.calls()["PutSnapshotBlock"] == 5


def test_a_copy_lives_through_trouble(
    aws: AwsService, patient: AwsAdapter, ends: Ends, disk: Path
) -> None:
    aws.fault("PutSnapshotBlock", times=3, status=400, code="RequestThrottledException")
    aws.fault("PutSnapshotBlock", times=1, status=500, html=True)
    aws.fault("PutSnapshotBlock", times=1, hang_up=True)
    aws.fault(
        "PutSnapshotBlock", times=2, status=404, code="ResourceNotFoundException",
        reason="SNAPSHOT_NOT_FOUND",
    )  # fmt: skip
    aws.fault("GetSnapshotBlock", times=2, status=200, html=True)
    journal = disk.with_suffix(".journal")
    sink = ends.sink(patient, token(), disk.stat().st_size)
    copied = copy(FileSource(disk), sink, journal=journal)
    verify(Manifest.load(journal), ends.source(patient, copied.id))


def test_throttling_is_told_with_its_wait(aws: AwsService, adapter: AwsAdapter, ends: Ends) -> None:
    sink = ends.sink(adapter, token())
    aws.fault("PutSnapshotBlock", status=400, code="RequestThrottledException", retry_after=3)
    with pytest.raises(Throttled) as raised:
        sink.pwrite(memoryview(A), 0)
    assert raised.value.retry_after == 3
    assert raised.value.request_id


def test_a_snapshot_not_visible_yet_is_worth_another_try(
    aws: AwsService, adapter: AwsAdapter, ends: Ends
) -> None:
    sink = ends.sink(adapter, token())
    aws.fault("PutSnapshotBlock", status=404, code="ResourceNotFoundException")
    with pytest.raises(Transient, match="visible"):
        sink.pwrite(memoryview(A), 0)
    sink.pwrite(memoryview(A), 0)


def test_an_expired_token_is_not_worth_another_try(
    aws: AwsService, adapter: AwsAdapter, ends: Ends
) -> None:
    sink = ends.sink(adapter, token())
    aws.fault("PutSnapshotBlock", status=403, code="ExpiredTokenException")
    with pytest.raises(AccessDenied, match="sso login"):
        sink.pwrite(memoryview(A), 0)


def test_credentials_renewed_meanwhile_are_worth_another_try(
    aws: AwsService, adapter: AwsAdapter, ends: Ends, tmp_path: Path
) -> None:
    sink = ends.sink(adapter, token())
    sink.pwrite(memoryview(A), 0)
    file = tmp_path / "credentials"
    right = file.read_text()
    file.write_text(right.replace(aws.settings.access_key, "AKIARENEWEDMEANWHILE"))
    aws.fault("PutSnapshotBlock", status=403, code="ExpiredTokenException")
    with pytest.raises(Transient, match="newer credentials"):
        sink.pwrite(memoryview(B), 0)


def test_an_idle_connection_that_was_closed_is_opened_again(
    aws: AwsService, adapter: AwsAdapter, ends: Ends
) -> None:
    sink = ends.sink(adapter, token())
    sink.pwrite(memoryview(A), 0)
    aws.fault("PutSnapshotBlock", hang_up=True)
    sink.pwrite(memoryview(B), BLOCK)
    assert aws.calls()["PutSnapshotBlock"] == 3


def test_zeroes_are_not_sent(aws: AwsService, adapter: AwsAdapter) -> None:
    put(adapter, token(), {0: A, 1: bytes(BLOCK), 2: bytes(BLOCK)})
    assert aws.calls()["PutSnapshotBlock"] == 1


def test_a_killed_copy_goes_on_with_what_it_had(
    aws: AwsService, adapter: AwsAdapter, ends: Ends, disk: Path
) -> None:
    mark, journal = token(), disk.with_suffix(".journal")
    first = ends.sink(adapter, mark, disk.stat().st_size)
    aws.fault("PutSnapshotBlock", skip=3, times=1000, status=500, html=True)
    with pytest.raises(Transient):
        copy(FileSource(disk), first, journal=journal, workers=1)
    aws.clear()

    again = connect(aws.account())
    second = ends.sink(again, mark, disk.stat().st_size)
    assert second.id == first.id
    copied = copy(FileSource(disk), second, journal=journal)
    assert aws.calls()["PutSnapshotBlock"] == 2
    verify(manifest_of(disk), ends.source(again, copied.id))


def test_zeroes_replace_what_an_earlier_run_wrote(
    aws: AwsService, adapter: AwsAdapter, ends: Ends, tmp_path: Path
) -> None:
    mark = token()
    put(adapter, mark, {0: A, 1: B})
    after = raw(tmp_path, {0: A, 2: B})
    sink = ends.sink(adapter, mark)
    sink.pwrite(memoryview(bytes(BLOCK)), BLOCK)
    sink.pwrite(memoryview(B), 2 * BLOCK)
    verify(manifest_of(after), ends.source(adapter, sink.commit(manifest_of(after))))


def test_a_disk_with_too_much_in_it_is_not_sealed(
    adapter: AwsAdapter, ends: Ends, tmp_path: Path
) -> None:
    mark = token()
    put(adapter, mark, {0: A, 1: B})
    sink = ends.sink(adapter, mark)
    with pytest.raises(DataMismatch, match="anew"):
        sink.commit(manifest_of(raw(tmp_path, {0: A})))
    assert not sink.sealed


def test_a_commit_waits_until_the_service_is_done(
    aws: AwsService, adapter: AwsAdapter, ends: Ends, tmp_path: Path
) -> None:
    aws.control("PUT", "direct", {"completion_seconds": 0.5})
    sink = ends.sink(adapter, token())
    sink.pwrite(memoryview(A), 0)
    disk = sink.commit(manifest_of(raw(tmp_path, {0: A})))
    assert adapter.snapshot(disk).complete


def test_a_volume_is_read_through_a_snapshot_that_goes(
    aws: AwsService, adapter: AwsAdapter, ends: Ends
) -> None:
    ec2 = aws.client("ec2")
    volume = ec2.create_volume(AvailabilityZone="eu-central-1a", Size=1)["VolumeId"]
    aws.write(volume, 2, A)
    before = {snapshot.id for snapshot in adapter.snapshots()}
    source = ends.source(adapter, volume)
    buffer = bytearray(MIB)
    source.pread_into(memoryview(buffer), 2 * BLOCK - 5)
    assert bytes(buffer) == bytes(5) + A + bytes(MIB - BLOCK - 5)
    source.close()
    assert {snapshot.id for snapshot in adapter.snapshots()} == before
