from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from blake3 import blake3

from broker.disks.journal import Journal
from broker.disks.manifest import MANIFEST_BLOCK, Manifest
from broker.disks.records import Records
from broker.disks.verify import digest, verify
from broker.errors import Conflict, DataMismatch, Invalid, NotFound
from tests.disks.doubles import MemorySource

BLOCK = MANIFEST_BLOCK
DATA = random.Random(1).randbytes(BLOCK) + bytes(BLOCK) + b"tail"


def test_one_blake3_a_block_none_for_zeroes_and_the_last_at_its_real_length() -> None:
    manifest = digest(MemorySource(DATA))
    assert manifest.digest(0) == blake3(DATA[:BLOCK]).digest()
    assert manifest.digest(1) is None
    assert manifest.digest(2) == blake3(b"tail").digest()
    with pytest.raises(Invalid):
        manifest.digest(3)


def test_the_root_is_the_same_for_holes_and_zeroes_and_any_number_of_threads() -> None:
    stored = MemorySource(DATA)
    sparse = MemorySource(DATA, [BLOCK, 2 * BLOCK])
    roots = {digest(source, workers=count).root for source in (stored, sparse) for count in (1, 5)}
    assert len(roots) == 1
    expected = blake3(len(DATA).to_bytes(8, "little"))
    expected.update(blake3(DATA[:BLOCK]).digest() + bytes(32) + blake3(b"tail").digest())
    assert roots == {expected.hexdigest()}


def test_disks_of_other_bytes_order_or_length_have_other_roots() -> None:
    swapped = DATA[BLOCK : 2 * BLOCK] + DATA[:BLOCK] + b"tail"
    disks = [DATA, swapped, DATA[:-1] + b"L", DATA + b"\0", bytes(BLOCK), bytes(BLOCK + 1)]
    assert len({digest(MemorySource(disk)).root for disk in disks}) == len(disks)


def test_saved_and_loaded_it_is_the_same(tmp_path: Path) -> None:
    manifest = digest(MemorySource(DATA))
    manifest.save(tmp_path / "manifest")
    loaded = Manifest.load(tmp_path / "manifest")
    assert (loaded.root, loaded.size, loaded.blocks) == (manifest.root, len(DATA), 3)


@pytest.mark.parametrize("broken", [b"", b"{}", b"\xff" * 5000, None])
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, broken: bytes | None) -> None:
    path = tmp_path / "manifest"
    digest(MemorySource(DATA)).save(path)
    path.write_bytes(path.read_bytes()[:-1] if broken is None else broken)
    with pytest.raises(Invalid, match="no manifest"):
        Manifest.load(path)
    with pytest.raises(NotFound):
        Manifest.load(tmp_path / "missing")


def test_a_disk_of_1_tib_takes_neither_memory_nor_minutes() -> None:
    program = """
from pathlib import Path
from broker.disks.manifest import Manifest, count
from broker.disks.records import Records
size = 1 << 40

def peak_kib():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

before = peak_kib()
records = Records.temporary(count(size))
records[count(size) - 1] = b"x" * 32
assert list(records.marked(0, records.count)) == [count(size) - 1]
assert len(Manifest(size, records).root) == 64
print(peak_kib() - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert int(done.stdout) < 16 * 1024


def test_reading_back_compares_the_source_length_and_wants_zeroes_behind() -> None:
    manifest = digest(MemorySource(DATA))
    verify(manifest, MemorySource(DATA + bytes(BLOCK)))
    with pytest.raises(DataMismatch, match="behind"):
        verify(manifest, MemorySource(DATA + bytes(BLOCK) + b"x"))
    with pytest.raises(DataMismatch, match="behind"):
        verify(manifest, MemorySource(DATA + b"x"))
    with pytest.raises(DataMismatch, match="only"):
        verify(manifest, MemorySource(DATA[:-1]))


def test_a_mismatch_names_the_first_blocks_and_counts_the_rest() -> None:
    good = b"".join(bytes([number + 1]) * BLOCK for number in range(14))
    manifest = digest(MemorySource(good))
    with pytest.raises(DataMismatch, match=r"^13 of 14 .*: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 3 "):
        verify(manifest, MemorySource(good[:BLOCK] + bytes(13 * BLOCK), [BLOCK]))


def test_a_journal_is_believed_for_its_own_disk_only(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    first = Journal(path, sink="one", size=BLOCK)
    first.records[0] = b"a" * 32
    with pytest.raises(Conflict, match="another copy"):
        Journal(path, sink="one", size=BLOCK)
    first.close()

    again = Journal(path, sink="one", size=BLOCK)
    assert again.records[0] == b"a" * 32
    again.close()
    for sink, size in (("two", BLOCK), ("two", 2 * BLOCK)):
        other = Journal(path, sink=sink, size=size)
        assert other.records[0] == bytes(32)
        other.records[0] = b"b" * 32
        other.close()


def test_a_journal_that_was_cut_short_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    first = Journal(path, sink="one", size=2 * BLOCK)
    first.records[0] = b"a" * 32
    first.close()
    path.write_bytes(path.read_bytes()[:-32])
    again = Journal(path, sink="one", size=2 * BLOCK)
    assert again.records[0] == bytes(32)
    again.close()


def test_closed_records_cannot_reach_another_file() -> None:
    records = Records.temporary(1)
    records.close()
    with pytest.raises(Invalid, match="closed"):
        records[0] = b"x" * 32
