"""qcow2 images written in one pass and read in place, against qemu-img."""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.disks.formats.qcow2 import Qcow2
from broker.disks.formats.qcow2_stream import CLUSTER, Qcow2Stream
from broker.errors import Conflict, Invalid, Unsupported

SIZE = 600 * 1024 * 1024 + CLUSTER
"""Two second tables, the last hardly used."""

needs_qemu = pytest.mark.skipif(not shutil.which("qemu-img"), reason="qemu-img is not there")


class Held:
    """A Ranged in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.length = len(data)

    def read(self, offset: int, length: int) -> bytes:
        assert 0 <= offset <= offset + length <= self.length
        return self.data[offset : offset + length]


def streamed(size: int, room: int, writes: dict[int, bytes]) -> bytes:
    pieces: list[bytes] = []
    stream = Qcow2Stream(size, room, pieces.append)
    for place, data in writes.items():
        stream.write(memoryview(data), place * CLUSTER)
    assert stream.finish() == sum(map(len, pieces))
    return b"".join(pieces)


def content(disk: Qcow2, length: int, offset: int) -> bytes:
    buffer = bytearray(length)
    disk.pread_into(memoryview(buffer), offset)
    return bytes(buffer)


@settings(max_examples=30, deadline=None)
@given(
    places=st.lists(st.integers(0, 9600), max_size=6),
    spare=st.integers(0, 3),
    last=st.integers(0, 255),
)
def test_what_is_streamed_is_read_back(places: list[int], spare: int, last: int) -> None:
    writes = {place: bytes([at + 1]) * CLUSTER for at, place in enumerate(places)}
    disk = Qcow2(Held(streamed(SIZE, len(writes) + spare, writes)))

    assert disk.size == SIZE
    end = 0
    for extent in disk.extents():
        assert (extent.offset, extent.length > 0) == (end, True)
        end += extent.length
        for at in range(extent.offset, end, CLUSTER):
            assert (at // CLUSTER in writes) is not extent.zero
    assert end == SIZE
    for place, data in writes.items():
        assert content(disk, CLUSTER, place * CLUSTER) == data
    assert content(disk, 1, SIZE - 1 - last) == writes.get(9600, bytes(CLUSTER))[:1]


def test_the_last_writer_wins() -> None:
    pieces: list[bytes] = []
    stream = Qcow2Stream(SIZE, 2, pieces.append)
    stream.write(memoryview(b"a" * CLUSTER), 0)
    stream.write(memoryview(b"b" * CLUSTER), 0)
    stream.finish()
    assert content(Qcow2(Held(b"".join(pieces))), 4, 0) == b"bbbb"


def test_more_than_was_said_is_refused() -> None:
    stream = Qcow2Stream(SIZE, 1, lambda _: None)
    stream.write(memoryview(bytes(CLUSTER)), 0)
    with pytest.raises(Conflict):
        stream.write(memoryview(bytes(CLUSTER)), CLUSTER)


@needs_qemu
@pytest.mark.parametrize("spare", [0, 5])
def test_qemu_finds_no_fault(tmp_path: Path, spare: int) -> None:
    chance = random.Random(7)
    places = chance.sample(range(9600), 40)
    writes = {place: chance.randbytes(CLUSTER) for place in places}
    image, raw = tmp_path / "x.qcow2", tmp_path / "x.raw"
    image.write_bytes(streamed(SIZE, len(writes) + spare, writes))
    with raw.open("wb") as file:
        file.truncate(SIZE)
        for place, data in writes.items():
            os.pwrite(file.fileno(), data, place * CLUSTER)

    subprocess.run(["qemu-img", "check", image], check=True, capture_output=True)
    subprocess.run(["qemu-img", "compare", image, raw], check=True, capture_output=True)


@needs_qemu
@pytest.mark.parametrize(
    "options",
    [["-c"], ["-o", "cluster_size=4k"], ["-o", "compat=0.10"], ["-c", "-o", "cluster_size=2M"]],
)
def test_what_qemu_writes_is_read(tmp_path: Path, options: list[str]) -> None:
    chance = random.Random(3)
    truth = bytearray(24 * 1024 * 1024)
    for _ in range(20):
        at = chance.randrange(len(truth) - 300_000)
        truth[at : at + 300_000] = chance.randbytes(150_000) * 2
    raw, image = tmp_path / "x.raw", tmp_path / "x.qcow2"
    raw.write_bytes(truth)
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", *options, raw, image], check=True)

    disk = Qcow2(Held(image.read_bytes()))
    assert disk.size == len(truth)
    for _ in range(50):
        at = chance.randrange(len(truth) - 700_000)
        assert content(disk, 700_000, at) == truth[at : at + 700_000]
    for extent in disk.extents():
        if extent.zero:
            assert not any(truth[extent.offset : extent.offset + extent.length])


def changed(change: Callable[[bytearray], None]) -> Held:
    image = bytearray(streamed(SIZE, 1, {0: b"x" * CLUSTER}))
    change(image)
    return Held(bytes(image))


def put(layout: str, at: int, value: int) -> Callable[[bytearray], None]:
    return lambda image: struct.pack_into(layout, image, at, value)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (put(">I", 0, 0), Invalid),  # another magic
        (put(">I", 4, 4), Unsupported),  # a version nobody knows
        (put(">Q", 8, 512), Unsupported),  # a backing file
        (put(">I", 20, 60), Unsupported),  # clusters larger than memory
        (put(">I", 32, 1), Unsupported),  # encrypted
        (put(">Q", 24, 1 << 62), Invalid),  # larger than its table
        (put(">Q", 40, 1 << 60), Invalid),  # a table beyond the file
        (put(">Q", 72, 1 << 2), Unsupported),  # data in another file
        (put(">Q", 72, 1 << 4), Unsupported),  # extended entries
    ],
)
def test_a_hostile_header_is_refused(
    change: Callable[[bytearray], None], error: type[Exception]
) -> None:
    with pytest.raises(error):
        Qcow2(changed(change))


def test_a_hostile_table_is_refused() -> None:
    image = streamed(SIZE, 1, {0: b"x" * CLUSTER})
    (first_at,) = struct.unpack_from(">Q", image, 40)
    broken = bytearray(image)
    struct.pack_into(">Q", broken, first_at, 1 << 50)
    disk = Qcow2(Held(bytes(broken)))
    with pytest.raises(Invalid):
        content(disk, 1, 0)


def test_a_read_beyond_the_end_is_refused() -> None:
    disk = Qcow2(Held(streamed(SIZE, 0, {})))
    with pytest.raises(Invalid):
        content(disk, 2, SIZE - 1)
