"""Raw files as disks: holes, full filesystems, resume, and misuse."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from broker.disks.copy import copy
from broker.disks.files import FileSink, FileSource
from broker.disks.manifest import MANIFEST_BLOCK
from broker.disks.verify import digest
from broker.errors import Conflict, Invalid, NotFound, QuotaExceeded

MIB = 1024 * 1024


def sparse(path: Path) -> Path:
    with path.open("wb") as file:
        file.seek(3 * MIB)
        file.write(b"x" * 5000)
        file.truncate(64 * MIB + 77)
    return path


def test_extents_touch_and_cover_the_file(tmp_path: Path) -> None:
    source = FileSource(sparse(tmp_path / "disk"))
    extents = list(source.extents())
    assert extents[0].offset == 0
    assert all(one.offset + one.length == two.offset for one, two in pairwise(extents))
    assert extents[-1].offset + extents[-1].length == source.size == 64 * MIB + 77
    assert sum(extent.length for extent in extents if not extent.zero) < MIB


def test_a_copy_stays_sparse(tmp_path: Path) -> None:
    source = FileSource(sparse(tmp_path / "disk"))
    sink = FileSink(tmp_path / "copy", source.size, block=4096)
    copy(source, sink, journal=tmp_path / "journal")
    assert (tmp_path / "copy").stat().st_blocks * 512 < MIB
    assert (tmp_path / "copy").stat().st_size == 64 * MIB + 4096
    assert sink.sealed


def test_what_is_not_committed_has_another_name_and_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "copy"
    sink = FileSink(path, 1000)
    assert sink.size == 1024
    sink.pwrite(memoryview(b"a" * 512), 512)
    sink.close()
    sink.close()
    assert not path.exists()
    with pytest.raises(Conflict, match="1024 bytes"):
        FileSink(path, 5000)
    again = FileSink(path, 1000)
    assert again.id == sink.id
    again.commit(digest(FileSource(tmp_path / "copy.partial")))
    assert path.read_bytes() == bytes(512) + b"a" * 512
    sealed = FileSink(path, 1000)
    assert sealed.sealed
    with pytest.raises(Conflict, match="no more writes"):
        sealed.pwrite(memoryview(bytes(512)), 0)


def test_abort_deletes_what_is_not_complete_and_may_be_called_twice(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "copy", 1000)
    sink.abort()
    sink.abort()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("offset", "length"), [(1, 512), (0, 511), (-512, 512), (512, 1024)])
def test_a_write_out_of_step_is_refused(tmp_path: Path, offset: int, length: int) -> None:
    with pytest.raises(Invalid):
        FileSink(tmp_path / "copy", 1024).pwrite(memoryview(bytes(length)), offset)


def test_a_read_beyond_the_end_is_refused(tmp_path: Path) -> None:
    source = FileSource(sparse(tmp_path / "disk"))
    with pytest.raises(Invalid, match="beyond"):
        source.pread_into(memoryview(bytearray(100)), source.size - 99)
    source.close()
    with pytest.raises(Invalid, match="closed"):
        source.pread_into(memoryview(bytearray(1)), 0)


def test_a_file_cut_short_under_us_is_told(tmp_path: Path) -> None:
    source = FileSource(sparse(tmp_path / "disk"))
    os.truncate(tmp_path / "disk", MIB)
    with pytest.raises(Conflict, match="cut short"):
        source.pread_into(memoryview(bytearray(10)), 3 * MIB)


def test_what_cannot_be_opened_says_which_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"missing"):
        FileSource(tmp_path / "missing")
    with pytest.raises(Invalid, match="folder"):
        FileSource(tmp_path)
    with pytest.raises(NotFound, match=r"no-folder"):
        FileSink(tmp_path / "no-folder" / "copy", 1)


def test_a_full_disk_is_told_with_the_file_and_the_copy_goes_on_later(tmp_path: Path) -> None:
    """RLIMIT_FSIZE stands for the full disk: a write beyond it fails in the same place."""
    disk = tmp_path / "disk"
    disk.write_bytes(os.urandom(4 * MANIFEST_BLOCK))
    program = f"""
import resource
from pathlib import Path
from broker.disks.copy import copy
from broker.disks.files import FileSink, FileSource
from broker.errors import QuotaExceeded
folder = Path({str(tmp_path)!r})
source = FileSource(folder / "disk")
sink = FileSink(folder / "copy", source.size)
resource.setrlimit(resource.RLIMIT_FSIZE, ({MIB}, {MIB}))
try:
    copy(source, sink, journal=folder / "journal")
except QuotaExceeded as error:
    print(error)
"""
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert f"{tmp_path}/copy.partial" in told.stdout
    assert "it goes on where it stopped" in told.stdout
    source = FileSource(disk)
    done = copy(source, FileSink(tmp_path / "copy", source.size), journal=tmp_path / "journal")
    assert done.bytes_sent < source.size
    assert (tmp_path / "copy").read_bytes() == disk.read_bytes()


def test_a_full_filesystem_is_a_quota_error() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    from broker.disks.os_errors import broker_error

    with (
        pytest.raises(OSError, match="No space") as caught,
        Path("/dev/full").open("wb", 0) as full,
    ):
        full.write(b"x")
    assert isinstance(broker_error(caught.value, "cannot write it"), QuotaExceeded)
