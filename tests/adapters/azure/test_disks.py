"""The way of the bytes, when signatures end, the service throttles, and copies are killed."""

from __future__ import annotations

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from azure.mgmt.compute import ComputeManagementClient

from adapters.azure import access, connect
from adapters.azure.adapter import AzureAdapter
from adapters.azure.vhd import FOOTER
from broker.adapter.retry import Budget, retrying
from broker.disks.contract import Sink, Source
from broker.disks.copy import copy
from broker.disks.files import FileSource
from broker.disks.manifest import Manifest
from broker.disks.verify import digest, verify
from broker.errors import AccessDenied, Conflict, Invalid, Throttled, Transient, Unsupported
from broker.model import GIB, MIB, VolumeSpec
from tests.adapters.azure.test_vhd import OURS, convert, fields_that_differ
from tests.conformance.content import manifest
from tests.services.azure.fixture import AzureService

PUT, GET = "blobs/PutPage", "blobs/GetBlob"
BLOCK = 512 * 1024
PAGE = memoryview(b"\x05" * 512)


class Ends:
    """Opens the two ends of copies, and closes them after the test."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def sink(self, adapter: AzureAdapter, token: str, size: int = 1) -> Sink:
        sink = adapter.open_sink(size, name="a disk", token=token)
        self._stack.callback(sink.close)
        return sink

    def source(self, adapter: AzureAdapter, id: str) -> Source:
        source = adapter.open_source(id)
        self._stack.callback(source.close)
        return source


@pytest.fixture
def ends() -> Iterator[Ends]:
    with ExitStack() as stack:
        yield Ends(stack)


@pytest.fixture
def waits() -> list[float]:
    """What the retries would have waited."""
    return []


@pytest.fixture
def patient(adapter: AzureAdapter, waits: list[float]) -> AzureAdapter:
    """The adapter as the broker uses it, without the waits."""
    budget = Budget(sleep=waits.append, jitter=lambda _low, _high: 0.0)
    found: AzureAdapter = retrying(adapter, budget)  # type: ignore[assignment]
    return found


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """Data, a hole, data, and an end that is no whole MiB."""
    path = tmp_path / "disk.raw"
    with path.open("wb") as file:
        file.write(secrets.token_bytes(3 * BLOCK))
        file.seek(21 * MIB)
        file.write(secrets.token_bytes(2 * BLOCK + 700))
    return path


def token() -> str:
    return f"test-{secrets.token_hex(8)}"


def journal(disk: Path) -> Path:
    return disk.with_suffix(".journal")


def filled(adapter: AzureAdapter, disk: Path) -> str:
    """Return the id of a disk that holds what the file holds."""
    sink = adapter.open_sink(disk.stat().st_size, name="a disk", token=token())
    copied = copy(FileSource(disk), sink, journal=journal(disk))
    sink.close()
    return copied.id


def write(azure: AzureService, adapter: AzureAdapter, volume: str, data: bytes, at: int) -> None:
    """Write into a volume, as its guest would."""
    told = {"offset": at, "data": base64.b64encode(data).decode()}
    path = str(adapter.volume(volume).native["id"]).lstrip("/")
    azure.control("POST", f"bytes/{path}", told)


def test_a_disk_is_copied_and_read_back(
    azure: AzureService, adapter: AzureAdapter, ends: Ends, disk: Path
) -> None:
    sink = ends.sink(adapter, token(), disk.stat().st_size)
    assert sink.size == 23 * MIB
    copied = copy(FileSource(disk), sink, journal=journal(disk))

    source = ends.source(adapter, copied.id)
    assert source.size == 23 * MIB
    verify(Manifest.load(journal(disk)), source)
    data = [(each.offset, each.length) for each in source.extents() if not each.zero]
    assert data == [(0, 3 * BLOCK), (21 * MIB, 2 * BLOCK + 1024)]
    assert azure.calls()[PUT] == 3 + 3 + 1  # the last one is the footer


def test_what_is_uploaded_is_what_qemu_img_writes_but_for_the_listed_fields(
    azure: AzureService, adapter: AzureAdapter, disk: Path, qemu_img: str
) -> None:
    """Byte for byte, the footer too."""
    path = str(adapter.volume(filled(adapter, disk)).native["id"])
    os.truncate(disk, 23 * MIB)
    vhd = disk.with_suffix(".vhd")
    convert(qemu_img, disk, vhd)
    theirs = vhd.read_bytes()
    ours = b"".join(azure.read(path, at, MIB) for at in range(0, 23 * MIB, MIB))
    last = azure.read(path, 23 * MIB, FOOTER)

    assert len(theirs) == 23 * MIB + FOOTER
    assert ours == theirs[:-FOOTER]
    # both may have been made in one second
    by_chance = {"time stamp", "checksum"}
    assert set(OURS) - by_chance <= fields_that_differ(last, theirs[-FOOTER:]) <= set(OURS)


def test_a_disk_larger_than_qemu_img_writes_is_filled_and_read_back(
    adapter: AzureAdapter, ends: Ends
) -> None:
    size = 2041 * GIB
    sink = ends.sink(adapter, token(), size)
    sink.pwrite(PAGE, size - len(PAGE))
    source = ends.source(adapter, sink.commit(manifest(bytes(PAGE))))
    assert source.size == size
    assert [each for each in source.extents() if not each.zero] == [(size - 512, 512, False)]
    buffer = bytearray(512)
    source.pread_into(memoryview(buffer), size - 512)
    assert bytes(buffer) == bytes(PAGE)


def test_the_smallest_upload_is_twenty_mib(adapter: AzureAdapter, ends: Ends) -> None:
    assert ends.sink(adapter, token()).size == 20 * MIB


def test_signatures_that_end_in_mid_copy_are_renewed(
    azure: AzureService, adapter: AzureAdapter, ends: Ends, disk: Path
) -> None:
    azure.control("PUT", "signatures", {"requests": 4})
    sink = ends.sink(adapter, token(), disk.stat().st_size)
    copied = copy(FileSource(disk), sink, journal=journal(disk), workers=3)
    verify(Manifest.load(journal(disk)), ends.source(adapter, copied.id), workers=3)
    assert azure.calls()["Microsoft.Compute/disks/beginGetAccess/action"] > 1
    assert azure.calls()["Microsoft.Compute/snapshots/beginGetAccess/action"] > 1


def test_a_signature_about_to_end_is_renewed_before(
    azure: AzureService, adapter: AzureAdapter, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "MARGIN_SECONDS", access.SECONDS + 1)
    sink = ends.sink(adapter, token())
    sink.pwrite(PAGE, 0)
    sink.pwrite(PAGE, 512)
    calls = azure.calls()
    assert calls["Microsoft.Compute/disks/beginGetAccess/action"] == calls[PUT] == 2


def test_a_signature_that_is_refused_for_good_is_access_denied(
    azure: AzureService, adapter: AzureAdapter, ends: Ends
) -> None:
    sink = ends.sink(adapter, token())
    azure.fault(PUT, times=5, status=403, code="AuthenticationFailed")
    with pytest.raises(AccessDenied) as raised:
        sink.pwrite(PAGE, 0)
    assert raised.value.code == "AuthenticationFailed"
    assert azure.calls()[PUT] == 3


@pytest.mark.parametrize(("status", "code"), [(429, "TooManyRequests"), (503, "ServerBusy")])
def test_throttling_in_mid_upload_waits_as_told_and_once(
    azure: AzureService,
    patient: AzureAdapter,
    waits: list[float],
    ends: Ends,
    disk: Path,
    status: int,
    code: str,
) -> None:
    sink = ends.sink(patient, token(), disk.stat().st_size)
    azure.fault(PUT, skip=1, times=2, status=status, code=code, retry_after=7)
    copied = copy(FileSource(disk), sink, journal=journal(disk), workers=1)
    assert waits == [7, 7]
    verify(Manifest.load(journal(disk)), ends.source(patient, copied.id))


def test_throttling_is_told_with_its_wait(
    azure: AzureService, adapter: AzureAdapter, ends: Ends
) -> None:
    sink = ends.sink(adapter, token())
    azure.fault(PUT, status=503, code="ServerBusy", retry_after=3)
    with pytest.raises(Throttled) as raised:
        sink.pwrite(PAGE, 0)
    assert raised.value.retry_after == 3
    assert azure.calls()[PUT] == 1


def test_a_copy_lives_through_trouble(
    azure: AzureService, patient: AzureAdapter, ends: Ends, disk: Path
) -> None:
    azure.fault(PUT, times=2, status=500, code="InternalError")
    azure.fault(PUT, times=2, hang_up=True)
    azure.fault(PUT, times=1, lost=True)
    azure.fault(GET, times=2, status=500, code="OperationTimedOut")
    azure.fault(GET, times=1, hang_up=True)
    sink = ends.sink(patient, token(), disk.stat().st_size)
    copied = copy(FileSource(disk), sink, journal=journal(disk))
    verify(Manifest.load(journal(disk)), ends.source(patient, copied.id))


def test_an_idle_connection_that_was_closed_is_opened_again(
    azure: AzureService, adapter: AzureAdapter, ends: Ends
) -> None:
    sink = ends.sink(adapter, token())
    sink.pwrite(PAGE, 0)
    azure.fault(PUT, hang_up=True)
    sink.pwrite(PAGE, 512)
    assert azure.calls()[PUT] == 3


def test_more_than_one_put_may_hold_is_written_in_parts(
    azure: AzureService, adapter: AzureAdapter, ends: Ends
) -> None:
    sink = ends.sink(adapter, token())
    data = secrets.token_bytes(9 * MIB)
    sink.pwrite(memoryview(data), 0)
    assert azure.calls()[PUT] == 3
    sink.pwrite(memoryview(bytes(512)), 9 * MIB)


@pytest.mark.parametrize(("length", "offset"), [(511, 0), (512, 1), (513, 512)])
def test_what_is_no_whole_page_is_refused(
    azure: AzureService, adapter: AzureAdapter, ends: Ends, length: int, offset: int
) -> None:
    sink = ends.sink(adapter, token())
    with pytest.raises(Invalid, match="512"):
        sink.pwrite(memoryview(bytes(length)), offset)
    assert PUT not in azure.calls()


def test_a_copy_that_failed_goes_on_with_what_it_had(
    azure: AzureService, adapter: AzureAdapter, ends: Ends, disk: Path
) -> None:
    mark = token()
    first = ends.sink(adapter, mark, disk.stat().st_size)
    azure.fault(PUT, skip=3, times=1000, status=500, code="InternalError")
    with pytest.raises(Transient):
        copy(FileSource(disk), first, journal=journal(disk), workers=1)
    first.close()
    azure.control("DELETE", "faults")

    again = connect(azure.account())
    second = ends.sink(again, mark, disk.stat().st_size)
    assert (second.id, second.sealed) == (first.id, False)
    copied = copy(FileSource(disk), second, journal=journal(disk))
    assert azure.calls()[PUT] == 3 + 1
    verify(digest(FileSource(disk)), ends.source(again, copied.id))
    again.close()


COPY = """
import json, sys
from pathlib import Path
from adapters.azure import connect
from broker.adapter import Account
from broker.disks.copy import copy
from broker.disks.files import FileSource

account, mark, disk = Account.model_validate_json(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
sink = connect(account).open_sink(disk.stat().st_size, name="a disk", token=mark)
copy(FileSource(disk), sink, journal=disk.with_suffix(".journal"), workers=1)
"""


def test_a_killed_copy_goes_on(
    azure: AzureService, adapter: AzureAdapter, ends: Ends, disk: Path
) -> None:
    mark = token()
    azure.fault(PUT, skip=2, times=1000, delay=0.3)
    account = azure.account()
    told = json.dumps({"name": "a", "kind": "azure", "settings": dict(account.settings)})
    process = subprocess.Popen([sys.executable, "-c", COPY, told, mark, str(disk)])
    try:
        while azure.calls().get(PUT, 0) < 3:
            assert process.poll() is None
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    azure.control("DELETE", "faults")

    sink = ends.sink(adapter, mark, disk.stat().st_size)
    assert not sink.sealed
    copied = copy(FileSource(disk), sink, journal=journal(disk))
    assert copied.bytes_skipped >= 2 * BLOCK
    verify(digest(FileSource(disk)), ends.source(adapter, copied.id))


def test_a_commit_that_was_not_told_of_is_done_again(
    azure: AzureService, adapter: AzureAdapter, ends: Ends, disk: Path
) -> None:
    mark = token()
    sink = ends.sink(adapter, mark, disk.stat().st_size)
    azure.fault("Microsoft.Compute/disks/endGetAccess/action", lost=True)
    with pytest.raises(Transient):
        copy(FileSource(disk), sink, journal=journal(disk))
    again = ends.sink(adapter, mark, disk.stat().st_size)
    assert again.id == sink.id
    copied = copy(FileSource(disk), again, journal=journal(disk))
    verify(digest(FileSource(disk)), ends.source(adapter, copied.id))


def test_what_was_lost_is_told_apart_from_what_comes_after(
    adapter: AzureAdapter, ends: Ends
) -> None:
    mark = token()
    first = ends.sink(adapter, mark)
    first.pwrite(PAGE, 0)
    adapter.delete_disk(first.id)
    assert ends.sink(adapter, mark).id != first.id


def test_a_disk_that_is_still_being_made_is_waited_for(
    azure: AzureService, adapter: AzureAdapter, ends: Ends
) -> None:
    mark = token()
    azure.fault("Microsoft.Compute/disks/write", lost=True, seconds=0.7)
    with pytest.raises(Transient):
        adapter.open_sink(1, name="a disk", token=mark)
    sink = ends.sink(adapter, mark)
    sink.pwrite(PAGE, 0)
    assert [made.id for made in adapter.made(mark)] == [sink.id]


def test_a_half_filled_disk_is_deleted_by_its_id(adapter: AzureAdapter, ends: Ends) -> None:
    sink = ends.sink(adapter, token())
    sink.pwrite(PAGE, 0)
    adapter.delete_disk(sink.id)
    assert adapter.volumes() == []


def test_a_disk_that_is_being_filled_is_not_read(adapter: AzureAdapter, ends: Ends) -> None:
    sink = ends.sink(adapter, token())
    with pytest.raises(Conflict, match="being filled"):
        adapter.open_source(sink.id)


def test_a_volume_is_read_through_a_snapshot_that_goes(
    azure: AzureService, adapter: AzureAdapter, ends: Ends
) -> None:
    volume = adapter.create_volume(VolumeSpec(name="data", size=1), token=token()).id
    write(azure, adapter, volume, bytes(PAGE), 2 * BLOCK)
    source = ends.source(adapter, volume)
    write(azure, adapter, volume, bytes(512), 2 * BLOCK)
    buffer = bytearray(1024)
    source.pread_into(memoryview(buffer), 2 * BLOCK - 5)
    assert bytes(buffer) == bytes(5) + bytes(PAGE) + bytes(1024 - 512 - 5)
    source.close()
    assert adapter.snapshots() == []


def test_a_volume_of_another_location_is_read_where_it_is(
    azure: AzureService, adapter: AzureAdapter, ends: Ends
) -> None:
    client = azure.client(ComputeManagementClient)
    wish = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}
    client.disks.begin_create_or_update(
        azure.resource_group, "far", {"location": "northeurope", "properties": wish}
    ).result()
    write(azure, adapter, "far", bytes(PAGE), 512)
    source = ends.source(adapter, "far")
    assert [each for each in source.extents() if not each.zero] == [(512, 512, False)]
    source.close()
    assert adapter.snapshots() == []


def test_two_may_read_one_snapshot(adapter: AzureAdapter, ends: Ends, disk: Path) -> None:
    taken = adapter.create_snapshot(filled(adapter, disk), "a snapshot", token=token())
    first, second = ends.source(adapter, taken.id), ends.source(adapter, taken.id)
    verify(digest(FileSource(disk)), first)
    first.close()
    verify(digest(FileSource(disk)), second)
    adapter.delete_snapshot(taken.id)
    assert adapter.snapshots() == []


def test_what_changed_between_two_snapshots_is_told(
    azure: AzureService, adapter: AzureAdapter, ends: Ends, disk: Path
) -> None:
    volume = filled(adapter, disk)
    older = adapter.create_snapshot(volume, "older", token=token())
    write(azure, adapter, volume, os.urandom(1024), 4 * MIB)
    write(azure, adapter, volume, os.urandom(512), 4 * MIB + 1024)
    write(azure, adapter, volume, os.urandom(512), 0)
    newer = adapter.create_snapshot(volume, "newer", token=token())

    before, after = ends.source(adapter, older.id), ends.source(adapter, newer.id)
    assert list(after.changed(before)) == [(0, 512), (4 * MIB, 1536)]  # type: ignore[attr-defined]


def test_snapshots_of_two_disks_are_not_compared(
    adapter: AzureAdapter, ends: Ends, disk: Path
) -> None:
    taken = [
        adapter.create_snapshot(filled(adapter, disk), "one", token=token()),
        adapter.create_snapshot(filled(adapter, disk), "other", token=token()),
    ]
    one, other = (ends.source(adapter, each.id) for each in taken)
    with pytest.raises(Unsupported, match="of one disk"):
        list(one.changed(other))  # type: ignore[attr-defined]
