"""The NBD client and the copy against the real qemu-nbd."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from broker.disks.copy import copy
from broker.disks.files import FileSink, FileSource
from broker.disks.manifest import MANIFEST_BLOCK, Manifest
from broker.disks.nbd import NbdExport
from broker.disks.qemu import QemuNbd
from broker.disks.verify import digest, verify
from broker.errors import AccessDenied, Conflict, Invalid, NotFound

MIB = 1024 * 1024
SIZE = 8 * MIB

pytestmark = pytest.mark.skipif(
    not os.environ.get("INTEROP_REQUIRE") and shutil.which("qemu-nbd") is None,
    reason="no qemu-nbd: install the package qemu-utils",
)


def image(folder: Path, format: str = "qcow2") -> Path:
    """Return an image with noise in [1, 3) MiB and zeroes, written out, in [2 MiB, +64 KiB)."""
    path = folder / f"disk.{format}"
    subprocess.run(["qemu-img", "create", "-q", "-f", format, path, str(SIZE)], check=True)
    noise = folder / "noise"
    noise.write_bytes(content()[MIB : 3 * MIB])
    write(path, format, f"write -q -s {noise} 1M 2M", "write -q -z 2M 64k")
    return path


def content() -> bytes:
    noise = bytearray(random.Random(1).randbytes(2 * MIB))
    noise[MIB : MIB + 65536] = bytes(65536)
    return bytes(MIB) + bytes(noise) + bytes(SIZE - 3 * MIB)


def write(path: Path, format: str, *commands: str) -> None:
    options = [part for command in commands for part in ("-c", command)]
    subprocess.run(["qemu-io", "-f", format, *options, path], check=True)


@pytest.mark.parametrize("format", ["raw", "qcow2", "vpc", "vmdk", "vhdx"])
def test_any_format_reads_as_the_same_disk(tmp_path: Path, format: str) -> None:
    with (
        QemuNbd(image(tmp_path, format), format) as server,
        closing(NbdExport(server.address)) as export,
    ):
        assert export.read_only
        everything = bytearray(export.size)
        export.pread_into(memoryview(everything), 0)
        assert everything[:SIZE] == content()
        assert not any(everything[SIZE:])  # a VHD has whole cylinders
        assert digest(export).root == _root(tmp_path, export.size)


def _root(folder: Path, size: int) -> str:
    (folder / "flat").write_bytes(content())
    os.truncate(folder / "flat", size)
    return digest(FileSource(folder / "flat")).root


def test_what_is_written_is_read_and_zeroes_become_holes(tmp_path: Path) -> None:
    path = image(tmp_path)
    with (
        QemuNbd(path, "qcow2", writable=True) as server,
        closing(NbdExport(server.address)) as export,
    ):
        assert not export.read_only
        export.pwrite(memoryview(b"new" * MIB), 4 * MIB)
        export.zero(MIB, MIB)
        export.flush()
    with QemuNbd(path, "qcow2") as server, closing(NbdExport(server.address)) as export:
        kept = bytearray(3 * MIB)
        export.pread_into(memoryview(kept), 4 * MIB)
        assert kept == b"new" * MIB
        first = next(export.extents())
        assert (first.zero, first.offset + first.length >= MIB) == (True, True)
        export.pread_into(memoryview(kept), 0)
        assert not any(kept[: 2 * MIB])


def test_a_copy_through_eight_connections_reads_back_equal(tmp_path: Path) -> None:
    with QemuNbd(image(tmp_path), "qcow2") as server, closing(NbdExport(server.address)) as export:
        done = copy(
            export,
            FileSink(tmp_path / "copy", export.size),
            journal=tmp_path / "journal",
            workers=8,
        )
    assert (tmp_path / "copy").read_bytes() == content()
    assert done.bytes_read < 3 * MIB
    verify(Manifest.load(tmp_path / "journal"), FileSource(tmp_path / "copy"))


def test_a_dirty_bitmap_tells_what_changed(tmp_path: Path) -> None:
    path = image(tmp_path)
    add = ["--add", "--enable", "-g", "64k"]
    subprocess.run(["qemu-img", "bitmap", *add, path, "since"], check=True)
    write(path, "qcow2", "write -q -P 7 5M 64k", "write -q -z 1M 64k")
    subprocess.run(["qemu-img", "bitmap", "--disable", path, "since"], check=True)
    with QemuNbd(path, "qcow2", bitmap="since") as server:
        with closing(NbdExport(server.address, context="qemu:dirty-bitmap:since")) as export:
            assert list(export.changed()) == [(MIB, 65536), (5 * MIB, 65536)]
            assert sum(extent.length for extent in export.extents()) == SIZE
        with pytest.raises(NotFound, match="qemu:dirty-bitmap:other"):
            NbdExport(server.address, context="qemu:dirty-bitmap:other")


def test_writes_to_a_read_only_export_are_refused(tmp_path: Path) -> None:
    with QemuNbd(image(tmp_path), "qcow2") as server, closing(NbdExport(server.address)) as export:
        with pytest.raises(AccessDenied):
            export.pwrite(memoryview(bytes(512)), 0)
        with pytest.raises(Invalid, match="outside"):
            export.pwrite(memoryview(bytes(512)), SIZE)


def test_an_unknown_export_is_missing(tmp_path: Path) -> None:
    with QemuNbd(image(tmp_path), "qcow2") as server, pytest.raises(NotFound):
        NbdExport(server.address, "another")


def test_images_that_cannot_be_opened_say_why(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="missing"):
        QemuNbd(tmp_path / "missing", "raw")
    (tmp_path / "text").write_text("no image")
    with pytest.raises(Invalid, match="not in qcow2 format"):
        QemuNbd(tmp_path / "text", "qcow2")
    path = image(tmp_path)
    with QemuNbd(path, "qcow2", writable=True), pytest.raises(Conflict, match="Another process"):
        QemuNbd(path, "qcow2", writable=True)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    server = QemuNbd(image(tmp_path), "qcow2")
    assert server.address.parent.stat().st_mode & 0o777 == 0o700
    server.close()
    server.close()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_server_dies_with_a_process_that_was_killed(tmp_path: Path) -> None:
    program = f"""
import os, sys, threading, time
from pathlib import Path
from broker.disks.qemu import QemuNbd
made = []
path = Path({str(image(tmp_path))!r})
opener = threading.Thread(target=lambda: made.append(QemuNbd(path, "qcow2")))
opener.start()
opener.join()
time.sleep(0.2)
print((made[0].address.parent / "pid").read_text().strip(), flush=True)
time.sleep(60)
"""
    command = [sys.executable, "-c", program]
    place = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=place) as process:
        assert process.stdout is not None
        server = int(process.stdout.readline())
        assert _runs(server), "it must outlive the thread that opened it"
        process.send_signal(signal.SIGKILL)
    end = time.monotonic() + 20
    while _runs(server) and time.monotonic() < end:
        time.sleep(0.01)
    assert not _runs(server)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_a_block_of_holes_and_data_hashes_like_the_flat_disk(tmp_path: Path) -> None:
    path = tmp_path / "mixed.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", path, str(SIZE)], check=True)
    write(path, "qcow2", "write -q -P 1 64k 64k", "write -q -P 2 300k 7k", "write -q -P 3 7M 1M")
    flat = bytearray(SIZE)
    flat[65536:131072] = b"\1" * 65536
    flat[300 * 1024 : 307 * 1024] = b"\2" * 7 * 1024
    flat[7 * MIB :] = b"\3" * MIB
    (tmp_path / "flat").write_bytes(flat)
    with QemuNbd(path, "qcow2") as server, closing(NbdExport(server.address)) as export:
        assert digest(export).root == digest(FileSource(tmp_path / "flat")).root
        assert digest(export).digest(7 * MIB // MANIFEST_BLOCK - 1) is None
