"""The footer the stand-in writes, as qemu-img reads it, and what it refuses in others'."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.services.azure.blobs import vhd

MIB = 1024**2


@pytest.mark.parametrize("size", [20 * MIB, 1024 * MIB, 130 * 1024 * MIB])
def test_qemu_reads_the_footer(tmp_path: Path, size: int) -> None:
    file = tmp_path / "disk.vhd"
    with file.open("wb") as disk:
        disk.truncate(size)
        disk.seek(size)
        disk.write(vhd.footer(size, uuid.uuid4()))
    told = subprocess.run(
        ["qemu-img", "info", "-f", "vpc", "--output", "json", file],
        capture_output=True,
        check=True,
    )
    assert json.loads(told.stdout)["virtual-size"] == size
    assert vhd.fault(_end(file), size) is None


@pytest.mark.parametrize(
    ("at", "fault"), [(0, "cookie"), (63, "type"), (20, "checksum"), (67, "checksum")]
)
def test_a_broken_footer_is_told(at: int, fault: str) -> None:
    page = bytearray(vhd.footer(20 * MIB, uuid.uuid4()))
    page[at] ^= 1
    assert vhd.fault(bytes(page), 20 * MIB) == fault
    assert vhd.fault(vhd.footer(21 * MIB, uuid.uuid4()), 20 * MIB) == "size"


def _end(file: Path) -> bytes:
    with file.open("rb") as disk:
        disk.seek(-vhd.SIZE, 2)
        return disk.read()
