"""Our copy, which hashes, against `qemu-img convert -W -m 16`, which does not: raw to raw.

Prints one JSON object. Each measurement is a process of its own, ours and theirs in turn, so that
load from elsewhere meets both. Run as `python -m tests.bench.copy [--rounds N]`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

MIB = 1024 * 1024
GIB = 1024 * MIB
ROOT = Path(__file__).parents[2]
STATE = ROOT / ".state" / "bench"

SIZE = 20 * GIB
DATA = 3900 * MIB
MEDIAN_EXTENT = 80 * 1024
PAGE = 4096
LONGEST = 512 * MIB
SPREAD = 2.7
"""Log-normal: half of the extents are under 80 KiB, a few are hundreds of MiB. Fitted to a 20 GiB
ext4 that had seen installs, deletes and rewrites: 3,941 MiB in 1,135 extents, median 80 KiB.
"""

GOAL_RATIO = 1.2
GOAL_RSS_MIB = 150


class Run(NamedTuple):
    """One process, measured."""

    wall_s: float
    cpu_s: float
    rss_mib: float


def build(path: Path) -> None:
    """Make the disk, the same each time, unless it is there."""
    if path.exists():
        return
    chance = random.Random(20)
    noise = chance.randbytes(8 * MIB)
    words = [chance.randbytes(chance.randrange(2, 9)).hex().encode() for _ in range(500)]
    text = b" ".join(chance.choices(words, k=1_200_000))[: 8 * MIB]
    partial = path.with_suffix(".partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    extents = list(_extents(chance))
    gaps = [chance.expovariate(1) for _ in extents]
    room = (SIZE - sum(extents) - len(extents) * PAGE) / sum(gaps)
    with partial.open("wb") as disk:
        disk.truncate(SIZE)
        at = 0
        for length, gap in zip(extents, gaps, strict=True):
            at += int(gap * room) // PAGE * PAGE + PAGE
            disk.seek(at)
            kind = chance.choice((noise, text))
            for done in range(0, length, len(kind) // 2):
                shift = chance.randrange(len(kind) // 2)
                disk.write(kind[shift : shift + min(length - done, len(kind) // 2)])
            at += length
    partial.rename(path)


def _extents(chance: random.Random) -> Iterator[int]:
    """Yield lengths, in whole pages, that make DATA together."""
    left = DATA
    while left > 0:
        length = int(chance.lognormvariate(0, SPREAD) * MEDIAN_EXTENT) // PAGE * PAGE + PAGE
        yield min(length, LONGEST, left)
        left -= length


def ours(source: Path, target: Path, workers: int | None) -> None:
    """Copy in this process."""
    from broker.disks.copy import WORKERS, copy
    from broker.disks.files import FileSink, FileSource

    disk = FileSource(source)
    sink = FileSink(target, disk.size)
    copy(disk, sink, journal=Path(f"{target}.journal"), workers=workers or WORKERS)


def measure(command: list[str]) -> Run:
    """Run a command to its end; CPU and memory are the kernel's own count."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} failed")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def summary(runs: list[Run]) -> dict[str, float]:
    return {
        "wall_s_median": round(statistics.median(run.wall_s for run in runs), 2),
        "wall_s_min": round(min(run.wall_s for run in runs), 2),
        "cpu_s_median": round(statistics.median(run.cpu_s for run in runs), 2),
        "cpu_s_min": round(min(run.cpu_s for run in runs), 2),
        "rss_mib_max": round(max(run.rss_mib for run in runs), 1),
    }


def scratch() -> Path:
    """Return a folder in memory when the copy fits there twice over, or one on disk."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * DATA
    available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    folder = (memory if roomy and available > 2 * DATA else STATE) / "interop-bench-copy"
    folder.mkdir(exist_ok=True)
    return folder


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--workers", type=int)
    options.add_argument("--one", nargs=2, type=Path, help=argparse.SUPPRESS)
    options.add_argument("--build", action="store_true", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.one:
        ours(asked.one[0], asked.one[1], asked.workers)
        return
    source = STATE / "scattered-20g.raw"
    if asked.build:
        build(source)
        return
    # In a child: its memory would be counted as that of every child after it.
    measure([sys.executable, "-m", "tests.bench.copy", "--build"])
    folder = scratch()
    target = folder / "copy.raw"
    workers = ["--workers", str(asked.workers)] if asked.workers else []
    mine = [sys.executable, "-m", "tests.bench.copy", *workers, "--one", str(source), str(target)]
    peer = ["qemu-img", "convert", "-W", "-m", "16", "-f", "raw", "-O", "raw"]
    peer += [str(source), str(target)]
    measured: dict[str, list[Run]] = {"ours": [], "qemu-img": []}
    try:
        for turn in range(asked.rounds + 1):
            for name, command in (("ours", mine), ("qemu-img", peer)):
                run = measure(command)
                if turn:  # the first one fills the page cache
                    measured[name].append(run)
                written = target.stat().st_blocks * 512 // MIB
                print(f"{name}: {run} {written} MiB written", file=sys.stderr)
                for left in folder.iterdir():
                    left.unlink()
    finally:
        shutil.rmtree(folder)
    us, them = summary(measured["ours"]), summary(measured["qemu-img"])
    ratios = {key: round(us[key] / them[key], 2) for key in us if key != "rss_mib_max"}
    held = ratios["wall_s_min"] <= GOAL_RATIO and us["rss_mib_max"] <= GOAL_RSS_MIB
    report = {
        "bench": "copy raw to raw, BLAKE3 manifest, against qemu-img convert -W -m 16",
        "data_mib": source.stat().st_blocks * 512 // MIB,
        "ours": us,
        "qemu-img": them,
        "ratio": ratios,
        "goal": {"ratio": GOAL_RATIO, "rss_mib": GOAL_RSS_MIB},
        "held": held,
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
