"""The footer: read by a parser of its own, by qemu-img, and beside the one qemu-img writes."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.azure.vhd import FOOTER, STEP, footer, rounded
from broker.model import GIB, MIB

ID = UUID("5a0b7c3e-8f16-4d2a-9a77-0123456789ab")
CREATED = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)

LARGEST = 32767 * GIB

FIELDS = {
    "cookie": (0, 8),
    "features": (8, 12),
    "version": (12, 16),
    "data offset": (16, 24),
    "time stamp": (24, 28),
    "creator": (28, 32),
    "creator version": (32, 36),
    "creator host": (36, 40),
    "original size": (40, 48),
    "current size": (48, 56),
    "cylinders": (56, 58),
    "heads": (58, 59),
    "sectors": (59, 60),
    "disk type": (60, 64),
    "checksum": (64, 68),
    "unique id": (68, 84),
    "saved state": (84, 85),
    "reserved": (85, 512),
}
"""Where each field starts and ends, from the specification's table."""

OURS = {
    "creator": "it was not qemu that made it",
    "creator version": "of another program",
    "time stamp": "the disk's own, so that a second try writes the same",
    "unique id": "the disk's own, so that a second try writes the same",
    "checksum": "over the fields above",
}
"""Fields that are meant to differ from what qemu-img writes, and why."""


def parsed(data: bytes) -> dict[str, bytes]:
    return {name: data[start:stop] for name, (start, stop) in FIELDS.items()}


def number(field: bytes) -> int:
    return int.from_bytes(field, "big")


def fields_that_differ(one: bytes, other: bytes) -> set[str]:
    first, second = parsed(one), parsed(other)
    return {name for name in FIELDS if first[name] != second[name]}


def convert(qemu_img: str, raw: Path, vhd: Path) -> None:
    """Write the fixed VHD that qemu-img makes of a raw disk."""
    how = ("-O", "vpc", "-o", "subformat=fixed,force_size")
    subprocess.run([qemu_img, "convert", *how, raw, vhd], check=True, stderr=subprocess.PIPE)


@given(
    mib=st.integers(1, LARGEST // MIB),
    unique_id=st.uuids(),
    created=st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)),
)
def test_every_field_says_what_the_specification_wants(
    mib: int, unique_id: UUID, created: datetime
) -> None:
    data = footer(mib * MIB, unique_id=unique_id, created=created)
    told = parsed(data)

    assert len(data) == FOOTER
    assert told["cookie"] == b"conectix"
    assert number(told["features"]) == 2
    assert number(told["version"]) == 0x00010000
    assert number(told["data offset"]) == 2**64 - 1
    assert number(told["time stamp"]) == int(
        (created - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds()
    )
    assert told["creator host"] == b"Wi2k"
    assert number(told["original size"]) == number(told["current size"]) == mib * MIB
    assert [number(told[name]) for name in ("cylinders", "heads", "sectors")] == [65535, 16, 255]
    assert number(told["disk type"]) == 2
    assert UUID(bytes=told["unique id"]) == unique_id
    assert number(told["saved state"]) == 0
    assert not told["reserved"].strip(b"\0")
    without = data[:64] + bytes(4) + data[68:]
    assert number(told["checksum"]) == ~sum(without) & 0xFFFFFFFF


def test_the_same_disk_has_the_same_footer() -> None:
    first = footer(GIB, unique_id=ID, created=CREATED)
    assert footer(GIB, unique_id=ID, created=CREATED) == first
    assert footer(GIB, unique_id=UUID(int=1), created=CREATED) != first


@given(st.integers(0, LARGEST))
def test_sizes_are_rounded_up_to_whole_mib(size: int) -> None:
    assert rounded(size) % STEP == 0
    assert rounded(size) >= max(size, STEP)
    assert rounded(size) - size < STEP or rounded(size) == STEP


@pytest.mark.parametrize("size", [MIB, 10 * MIB, GIB + MIB, 130 * GIB, 2040 * GIB])
def test_only_the_listed_fields_differ_from_qemus(tmp_path: Path, qemu_img: str, size: int) -> None:
    raw, vhd = tmp_path / "disk.raw", tmp_path / "disk.vhd"
    with raw.open("wb") as file:
        file.write(b"boot sector")
        file.truncate(size)
    convert(qemu_img, raw, vhd)
    with vhd.open("rb") as file:
        file.seek(-FOOTER, os.SEEK_END)
        assert file.tell() == size
        theirs = file.read()
    ours = footer(size, unique_id=ID, created=CREATED)

    assert sum(stop - start for start, stop in FIELDS.values()) == FOOTER
    # two sums of a few hundred bytes are equal by chance once in a while
    assert fields_that_differ(ours, theirs) | {"checksum"} == set(OURS)


def test_where_qemu_stops_the_footer_goes_on(tmp_path: Path, qemu_img: str) -> None:
    raw, size = tmp_path / "disk.raw", 2041 * GIB
    with raw.open("wb") as file:
        file.truncate(size)
    with pytest.raises(subprocess.CalledProcessError) as raised:
        convert(qemu_img, raw, tmp_path / "disk.vhd")
    assert b"max size is 2040 GiB" in raised.value.stderr
    told = parsed(footer(size, unique_id=ID, created=CREATED))
    assert number(told["current size"]) == size


@pytest.mark.parametrize("size", [MIB, 3 * MIB, GIB, 127 * GIB, 128 * GIB, 2040 * GIB])
def test_qemu_reads_a_disk_of_this_size(tmp_path: Path, qemu_img: str, size: int) -> None:
    vhd = tmp_path / "disk.vhd"
    with vhd.open("wb") as file:
        file.truncate(size)
        file.seek(size)
        file.write(footer(size, unique_id=ID, created=CREATED))
    command = [qemu_img, "info", "-f", "vpc", "--output=json", str(vhd)]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)

    assert told["format"] == "vpc"
    assert told["virtual-size"] == size
