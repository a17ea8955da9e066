"""Several processes in one folder, and processes that die there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.memory.adapter import MemoryAdapter
from broker.errors import ConfigError, NotFound
from tests.memory.conftest import Cloud, machine, volume

CHILD = """
import sys
from pathlib import Path
from adapters.memory.adapter import MemoryAdapter
from adapters.memory.settings import Settings
from broker.model import MIB, VolumeSpec
lab = MemoryAdapter("lab", Settings(path=Path(sys.argv[1])))
print("ready", flush=True)
"""

MAKE_TEN = """
for place in range(10):
    lab.create_volume(VolumeSpec(name="v", size=MIB), token=f"{sys.argv[2]}-{place}")
    lab.create_volume(VolumeSpec(name="v", size=MIB), token=f"both-{place}")
"""

MAKE_FOR_EVER = """
place = 0
while True:
    made = lab.create_volume(VolumeSpec(name="v", size=MIB), token=f"v-{place}")
    lab.create_snapshot(made.id, "s", token=f"s-{place}")
    place += 1
    print(place, flush=True)
"""

FILL_AND_DIE = """
import os, signal
sink = lab.open_sink(2 * MIB, name="disk", token="disk")
sink.pwrite(memoryview(b"x" * 4096), 4096)
os.kill(os.getpid(), signal.SIGKILL)
"""


def child(program: str, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD + program, str(folder), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_lose_nothing_and_double_nothing(cloud: Cloud, tmp_path: Path) -> None:
    folder = tmp_path / "cloud"
    children = [child(MAKE_TEN, folder, name) for name in ("one", "two")]
    for process in children:
        process.communicate()
        assert process.returncode == 0
    assert len(cloud().volumes()) == 30


def test_a_process_killed_while_it_writes_leaves_a_whole_cloud(
    cloud: Cloud, tmp_path: Path
) -> None:
    with child(MAKE_FOR_EVER, tmp_path / "cloud") as process:
        assert process.stdout
        for _ in range(20):
            told = process.stdout.readline()
        process.kill()

    lab = cloud()
    made = int(told)
    assert len(lab.volumes()) >= made
    for place in range(made):
        assert len(lab.made(f"v-{place}")) == len(lab.made(f"s-{place}")) == 1
    for snapshot in lab.snapshots():
        assert lab.open_source(snapshot.id).size == snapshot.size
    known = {thing.id for thing in (*lab.volumes(), *lab.snapshots())}
    assert {path.name for path in (tmp_path / "cloud" / "disks").iterdir()} == {
        f"{id_}.raw" for id_ in known
    }


def test_a_disk_whose_writer_was_killed_is_filled_further(cloud: Cloud, tmp_path: Path) -> None:
    with child(FILL_AND_DIE, tmp_path / "cloud") as process:
        process.communicate()

    lab = cloud()
    assert lab.volumes() == []
    sink = lab.open_sink(2 << 20, name="disk", token="disk")
    assert [made.id for made in lab.made("disk")] == [sink.id]
    assert not sink.sealed
    (file,) = (tmp_path / "cloud" / "disks").iterdir()
    assert file.read_bytes().strip(b"\0") == b"x" * 4096


def test_two_adapters_see_the_same(cloud: Cloud) -> None:
    one, other = cloud(), cloud()
    id_ = machine(one, "vm")
    assert other.instance(id_).name == "vm"
    other.delete_instance(id_)
    assert one.instances() == []


def test_a_folder_with_something_else_in_it_is_a_wrong_setting(
    cloud: Cloud, tmp_path: Path
) -> None:
    (tmp_path / "cloud").mkdir()
    (tmp_path / "cloud" / "cloud.json").write_text("[1, 2")
    with pytest.raises(ConfigError, match=r"cloud\.json is not the state"):
        cloud()


def test_a_folder_that_goes_away_is_told_as_our_error(cloud: Cloud, tmp_path: Path) -> None:
    lab = cloud()
    shutil.rmtree(tmp_path / "cloud")
    with pytest.raises(NotFound) as raised:
        lab.create_volume(volume(), token="v")
    assert (raised.value.provider, raised.value.operation) == ("lab", "create_volume")


def test_a_call_that_is_refused_changes_nothing(cloud: Cloud, tmp_path: Path) -> None:
    lab: MemoryAdapter = cloud(quotas={"volume_bytes": 3 << 20})
    lab.create_volume(volume(size=2 << 20), token="v")
    before = (tmp_path / "cloud" / "cloud.json").read_bytes()
    with pytest.raises(Exception, match="quota"):
        lab.create_volume(volume(size=2 << 20), token="w")
    assert (tmp_path / "cloud" / "cloud.json").read_bytes() == before
