"""The copy: equal bytes whatever the disk looks like, and whatever went wrong before."""

from __future__ import annotations

import random
import threading
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.disks.copy import copy
from broker.disks.manifest import MANIFEST_BLOCK, Manifest
from broker.disks.progress import Progress
from broker.disks.verify import digest, verify
from broker.errors import (
    Conflict,
    DataMismatch,
    Invalid,
    QuotaExceeded,
    Transient,
    Unsupported,
)
from tests.disks.doubles import MemorySink, MemorySource

BLOCK = MANIFEST_BLOCK


def disk(seed: int, size: int, runs: int) -> bytearray:
    """Return zeroes with some runs of noise in them, small and large."""
    chance = random.Random(seed)
    data = bytearray(size)
    for _ in range(runs):
        start = chance.randrange(size)
        length = min(int(2 ** chance.uniform(0, 20)), size - start)
        data[start : start + length] = chance.randbytes(length)
    return data


def cuts(seed: int, size: int) -> list[int]:
    chance = random.Random(seed)
    return [chance.randrange(size) // 512 * 512 for _ in range(chance.randrange(40))]


disks = st.tuples(st.integers(0, 2**32), st.integers(1, 3 * BLOCK + 5000), st.integers(0, 12)).map(
    lambda drawn: disk(*drawn)
)
blocks = st.sampled_from([1, 512, 4096, 65536, BLOCK])


def reads_as(sink: MemorySink, data: bytes | bytearray) -> bool:
    return sink.data == data + bytes(sink.size - len(data))


@settings(max_examples=30, deadline=None)
@given(disks, st.integers(0, 2**32), blocks, st.integers(1, 4))
def test_any_disk_arrives_unchanged(data: bytearray, seed: int, block: int, workers: int) -> None:
    source = MemorySource(bytes(data), cuts(seed, len(data)))
    sink = MemorySink(len(data), block)
    with TemporaryDirectory() as folder:
        journal = Path(folder) / "journal"
        done = copy(source, sink, journal=journal, workers=workers)
        manifest = Manifest.load(journal)
        assert reads_as(sink, data)
        assert done.root == sink.committed == manifest.root == digest(source).root
        assert done.bytes_sent == sink.sent()
        assert done.blocks == sum(any(data[at : at + BLOCK]) for at in range(0, len(data), BLOCK))
        verify(manifest, MemorySource(bytes(sink.data)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(disks, st.data(), blocks)
def test_tries_that_fail_never_spoil_the_last_one(
    data: bytearray, drawn: st.DataObject, block: int
) -> None:
    """Between tries the source changes: data becomes zeroes, zeroes become data."""
    sink = MemorySink(len(data), block)
    with TemporaryDirectory() as folder:
        journal = Path(folder) / "journal"
        for number in range(drawn.draw(st.integers(1, 3))):
            sink.fail_after = len(sink.writes) + drawn.draw(st.integers(0, 3))
            source = MemorySource(bytes(data), cuts(number, len(data)))
            with suppress(Transient):
                copy(source, sink, journal=journal, workers=2)
            sink.sealed = False
            start = drawn.draw(st.integers(0, len(data) - 1))
            stop = drawn.draw(st.integers(start, len(data)))
            changed = drawn.draw(st.sampled_from([b"\0", b"n"]))
            data[start:stop] = changed * (stop - start)
        sink.fail_after = None
        copy(MemorySource(bytes(data), cuts(99, len(data))), sink, journal=journal, workers=2)
    assert reads_as(sink, data)


def test_a_second_run_sends_only_what_is_missing(tmp_path: Path) -> None:
    data = random.Random(1).randbytes(8 * BLOCK)
    sink = MemorySink(len(data))
    sink.fail_after = 5
    with pytest.raises(Transient, match="link broke"):
        copy(MemorySource(data), sink, journal=tmp_path / "journal", workers=1)
    sink.fail_after = None
    done = copy(MemorySource(data), sink, journal=tmp_path / "journal", workers=1)
    assert (done.bytes_sent, done.bytes_skipped) == (3 * BLOCK, 5 * BLOCK)
    assert sink.data == data


def test_the_next_try_may_begin_while_the_error_of_the_last_is_at_hand(tmp_path: Path) -> None:
    data = random.Random(6).randbytes(4 * BLOCK)
    sink = MemorySink(len(data))
    errors = []
    for limit in (1, 2):
        sink.fail_after = limit
        with pytest.raises(Transient) as caught:
            copy(MemorySource(data), sink, journal=tmp_path / "journal", workers=1)
        errors.append(caught)
    sink.fail_after = None
    copy(MemorySource(data), sink, journal=tmp_path / "journal", workers=1)
    assert sink.data == data


def test_a_write_nobody_acknowledged_is_made_again_even_over_zeroes(tmp_path: Path) -> None:
    """The sink stored the bytes, then the answer was lost; meanwhile the source became zeroes."""

    class Deaf(MemorySink):
        def pwrite(self, data: memoryview, offset: int) -> None:
            super().pwrite(data, offset)
            raise Transient("no answer")

    journal, old = tmp_path / "journal", b"x" * BLOCK
    deaf = Deaf(BLOCK)
    with pytest.raises(Transient):
        copy(MemorySource(old), deaf, journal=journal)
    sink = MemorySink(BLOCK)
    sink.data = deaf.data
    copy(MemorySource(bytes(BLOCK)), sink, journal=journal)
    assert not any(sink.data)


def test_small_data_in_a_block_is_sent_without_the_zeroes_around_it(tmp_path: Path) -> None:
    data = bytearray(4 * BLOCK)
    data[100_000:100_010] = b"0123456789"
    sink = MemorySink(len(data))
    copy(MemorySource(bytes(data)), sink, journal=tmp_path / "journal")
    assert 0 < sink.sent() <= 64 * 1024


def test_a_sealed_sink_takes_no_writes_and_the_manifest_is_made_again(tmp_path: Path) -> None:
    data = disk(3, 2 * BLOCK, 5)
    source, sink = MemorySource(bytes(data)), MemorySink(len(data))
    first = copy(source, sink, journal=tmp_path / "journal")
    (tmp_path / "journal").unlink()
    writes = len(sink.writes)
    again = copy(source, sink, journal=tmp_path / "journal")
    assert (len(sink.writes), again.root, again.bytes_sent) == (writes, first.root, 0)
    assert Manifest.load(tmp_path / "journal").root == first.root


def test_a_journal_of_another_disk_is_not_believed(tmp_path: Path) -> None:
    data = random.Random(2).randbytes(2 * BLOCK)
    copy(MemorySource(data), MemorySink(len(data)), journal=tmp_path / "journal")
    other = MemorySink(len(data), name="sink-2")
    copy(MemorySource(data), other, journal=tmp_path / "journal")
    assert other.data == data


def test_a_lost_block_is_found_by_reading_back(tmp_path: Path) -> None:
    data = random.Random(4).randbytes(4 * BLOCK)
    sink = MemorySink(len(data))
    sink.lost = {2}
    copy(MemorySource(data), sink, journal=tmp_path / "journal", workers=1)
    with pytest.raises(DataMismatch, match=r"1 of 4 blocks .*: 2$"):
        verify(Manifest.load(tmp_path / "journal"), MemorySource(bytes(sink.data)))


def test_a_full_sink_is_told_as_such_and_stops_every_thread(tmp_path: Path) -> None:
    data = random.Random(5).randbytes(16 * BLOCK)
    sink = MemorySink(len(data))
    sink.room = 3 * BLOCK
    before = threading.active_count()
    with pytest.raises(QuotaExceeded, match="pool is full"):
        copy(MemorySource(data), sink, journal=tmp_path / "journal", workers=4)
    assert threading.active_count() == before
    assert sink.committed is None


def test_ctrl_c_does_not_wait_for_a_sink_that_hangs(tmp_path: Path) -> None:
    """The hanging thread keeps the journal to itself until it has ended."""
    hang, hanging = threading.Event(), threading.Event()

    class Hanging(MemorySink):
        def pwrite(self, data: memoryview, offset: int) -> None:
            hanging.set()
            hang.wait()
            super().pwrite(data, offset)

    def interrupt(_: Progress) -> None:
        hanging.wait()
        raise KeyboardInterrupt

    data = b"x" * BLOCK
    journal = tmp_path / "journal"
    threads = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        copy(MemorySource(data), Hanging(BLOCK), journal=journal, workers=2, progress=interrupt)
    with pytest.raises(Conflict, match="another copy"):
        copy(MemorySource(data), MemorySink(BLOCK), journal=journal)
    hang.set()
    for thread in set(threading.enumerate()) - threads:
        thread.join()
    copy(MemorySource(data), MemorySink(BLOCK), journal=journal)


def test_a_source_whose_extents_have_a_gap_is_refused(tmp_path: Path) -> None:
    source = MemorySource(b"x" * BLOCK, [512, 1024])
    del source._runs[1]
    with pytest.raises(Invalid, match="broken at 512"):
        copy(source, MemorySink(BLOCK), journal=tmp_path / "journal")


def test_disks_that_cannot_fit_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    source = MemorySource(b"x" * 1024)
    with pytest.raises(Invalid, match="does not fit"):
        copy(source, MemorySink(512), journal=tmp_path / "journal")
    with pytest.raises(Unsupported, match="blocks of 3 bytes"):
        copy(source, MemorySink(1024, 3), journal=tmp_path / "journal")
    assert not (tmp_path / "journal").exists()


def test_progress_ends_with_all_data_done(tmp_path: Path) -> None:
    data = bytes(2 * BLOCK) + b"x" * BLOCK
    told: list[Progress] = []
    source = MemorySource(data, [2 * BLOCK])
    copy(source, MemorySink(len(data)), journal=tmp_path / "journal", progress=told.append)
    assert (told[-1].done, told[-1].total, told[-1].seconds_left) == (BLOCK, BLOCK, 0.0)


def test_an_empty_disk_copies() -> None:
    with TemporaryDirectory() as folder:
        done = copy(MemorySource(b""), MemorySink(0), journal=Path(folder) / "journal")
    assert (done.blocks, done.bytes_read) == (0, 0)
