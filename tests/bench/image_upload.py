"""Our streamed upload of a disk against `qemu-img convert` and the SDK's own upload of the file.

A 4 GiB disk with 1 GiB of data, to the OpenStack of tests/services. Prints one JSON object. Each
measurement is a process of its own, ours and theirs in turn.
Run as `python -m tests.bench.image_upload [--rounds N]`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import secrets
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.services.openstack.clouds import CLOUDS

MIB = 1024 * 1024
ROOT = Path(__file__).parents[2]
STATE = ROOT / ".state" / "bench"

SIZE = 4096 * MIB
DATA = 1024 * MIB
EXTENT = 8 * MIB

GOAL_RATIO = 1.3
GOAL_RSS_MIB = 150


def disk() -> Path:
    """Return a sparse raw disk, made once."""
    path = STATE / "upload.raw"
    if path.exists():
        return path
    STATE.mkdir(parents=True, exist_ok=True)
    chance = random.Random(1)
    with path.open("wb") as file:
        file.truncate(SIZE)
        for place in chance.sample(range(SIZE // EXTENT), DATA // EXTENT):
            os.pwrite(file.fileno(), chance.randbytes(EXTENT), place * EXTENT)
    return path


def ours() -> None:
    """Copy the disk with the broker, and read nothing back: theirs does not either."""
    from adapters.openstack import connect
    from broker.adapter import Account
    from broker.disks.copy import copy
    from broker.disks.files import FileSource

    settings = {"cloud": "interop-a", "clouds_file": str(CLOUDS)}
    adapter = connect(Account(name="stack", kind="openstack", settings=settings))
    token = f"bench-{secrets.token_hex(4)}"
    journal = STATE / token
    sink = adapter.open_sink(SIZE, name=token, token=token)
    try:
        copy(FileSource(disk()), sink, journal=journal)
    finally:
        adapter.delete_disk(sink.id)
        journal.unlink(missing_ok=True)


def theirs() -> None:
    """Convert to qcow2, then upload the file."""
    import openstack

    os.environ["OS_CLIENT_CONFIG_FILE"] = str(CLOUDS)
    cloud = openstack.connect(cloud="interop-a")
    converted = STATE / "upload.qcow2"
    command = ["qemu-img", "convert", "-W", "-m", "16", "-O", "qcow2", str(disk()), str(converted)]
    subprocess.run(command, check=True)
    image = cloud.image.create_image(
        name="bench", disk_format="qcow2", container_format="bare", visibility="private"
    )
    try:
        with converted.open("rb") as data:
            told = {"Content-Type": "application/octet-stream"}
            path = f"/images/{image.id}/file"
            cloud.image.put(path, data=data, headers=told, timeout=600).raise_for_status()
    finally:
        cloud.image.delete_image(image.id)
        converted.unlink()


def measured(name: str) -> tuple[float, float]:
    """Return the wall seconds and the peak MiB of one run in a process of its own."""
    began = time.monotonic()
    command = [sys.executable, "-W", "ignore", "-m", "tests.bench.image_upload", "--run", name]
    done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return time.monotonic() - began, float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--run", choices=("ours", "theirs"))
    asked = parser.parse_args()
    if asked.run:
        {"ours": ours, "theirs": theirs}[asked.run]()
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    disk()
    pairs = [(measured("ours"), measured("theirs")) for _ in range(asked.rounds)]
    ratio = statistics.median(own[0] / other[0] for own, other in pairs)
    peak = max(own[1] for own, _ in pairs)
    result = {
        "bench": "upload of a 4 GiB disk with 1 GiB of data, against converting and uploading it",
        "goal": {"times theirs, <=": GOAL_RATIO, "peak MiB, <=": GOAL_RSS_MIB},
        "held": ratio <= GOAL_RATIO and peak <= GOAL_RSS_MIB,
        "ratio": round(ratio, 2),
        "ours_s": round(statistics.median(own[0] for own, _ in pairs), 1),
        "theirs_s": round(statistics.median(other[0] for _, other in pairs), 1),
        "ours_peak_mib": round(peak),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
