"""kill -9 in the middle of a real copy, and what the next process makes of it."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from broker.disks.copy import copy
from broker.disks.files import FileSink, FileSource
from broker.disks.manifest import MANIFEST_BLOCK, Manifest
from broker.disks.verify import verify
from broker.errors import Invalid

SIZE = 24 * MANIFEST_BLOCK + 700

COPYING = """
import os, signal, sys
from pathlib import Path
from broker.disks.copy import copy
from broker.disks.files import FileSink, FileSource

class Dying(FileSink):
    left = int(sys.argv[4])

    def pwrite(self, data, offset):
        half = len(data) // 1024 * 512
        self.left -= 1
        if self.left == 0:
            super().pwrite(data[:half], offset)
            os.kill(os.getpid(), signal.SIGKILL)
        super().pwrite(data, offset)

source = FileSource(Path(sys.argv[1]))
copy(source, Dying(Path(sys.argv[2]), source.size), journal=Path(sys.argv[3]), workers=2)
"""


def test_a_killed_copy_goes_on_and_a_changed_source_cannot_spoil_it(tmp_path: Path) -> None:
    disk, target, journal = tmp_path / "disk", tmp_path / "copy", tmp_path / "journal"
    chance = random.Random(7)
    disk.write_bytes(chance.randbytes(SIZE))
    for survived in (5, 9):
        killed = subprocess.run(
            [sys.executable, "-c", COPYING, disk, target, journal, str(survived)], check=False
        )
        assert killed.returncode == -signal.SIGKILL
        with pytest.raises(Invalid, match="finished copy"):
            Manifest.load(journal)
        with disk.open("r+b") as file:
            file.seek(chance.randrange(4) * MANIFEST_BLOCK)
            file.write(bytes(MANIFEST_BLOCK))
    source = FileSource(disk)
    done = copy(source, FileSink(target, SIZE), journal=journal)
    assert done.bytes_skipped >= 8 * MANIFEST_BLOCK
    assert target.read_bytes() == disk.read_bytes() + bytes(-SIZE % 512)
    verify(Manifest.load(journal), FileSource(target))
