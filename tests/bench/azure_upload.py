"""Our upload of a sparse disk against the SDK's own of the same file.

Both write over TLS to a server that counts the bytes of each put and drops them. Each measurement
is a process of its own, ours and theirs in turn. The SDK leaves out only what is zero for 4 MiB,
and so sends holes that ours does not: what each put is told beside. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import re
import resource
import socketserver
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import UUID

from adapters.azure.vhd import FOOTER, footer
from tests.services.azure import certificate
from tests.services.azure.settings import Settings

MIB = 1024 * 1024
ROOT = Path(__file__).parents[2]
STATE = ROOT / ".state" / "bench"

SIZE, DATA, EXTENT = 2048 * MIB, 512 * MIB, MIB
"""What disks look like: mostly holes, and data in short runs."""

THREADS = 8
ROUNDS = 3
GOAL_TIMES = 2.0
GOAL_MIB = 200

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_ANSWER = (
    b'HTTP/1.1 201 Created\r\nContent-Length: 0\r\nETag: "0x1"\r\n'
    b"Last-Modified: Mon, 02 Mar 2026 10:00:00 GMT\r\nx-ms-version: 2021-12-02\r\n\r\n"
)


@contextmanager
def counting(settings: Settings) -> Iterator[tuple[int, Connection]]:
    """Yield a server's port, and what tells how many bytes were put since it was last asked."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("fork").Process(
        target=_serve, args=(settings, theirs), daemon=True
    )
    server.start()
    try:
        yield ours.recv(), ours
    finally:
        server.terminate()
        server.join()


def _serve(settings: Settings, told: Connection) -> None:
    context = certificate.context(settings)
    counted = [0]

    class Count(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            _count(context.wrap_socket(self.request, server_side=True), counted)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def service_actions(self) -> None:
            while told.poll():
                told.recv()
                told.send(counted[0])
                counted[0] = 0

    with Server(("127.0.0.1", 0), Count) as server:
        told.send(server.server_address[1])
        server.serve_forever(poll_interval=0.05)


def _count(connection: ssl.SSLSocket, counted: list[int]) -> None:
    room = bytearray(MIB)
    while head := connection.recv(64 * 1024):
        while b"\r\n\r\n" not in head:
            head += connection.recv(64 * 1024)
        fields, _, body = head.partition(b"\r\n\r\n")
        found = _LENGTH.search(fields)
        length = int(found[1]) if found else 0
        left = length - len(body)
        while left > 0:
            left -= connection.recv_into(room, min(left, len(room)))
        if b"comp=page" in fields:
            counted[0] += length
        connection.sendall(_ANSWER)


def disk() -> Path:
    """Return a sparse raw disk, made once."""
    path = STATE / "azure.raw"
    if path.exists():
        return path
    STATE.mkdir(parents=True, exist_ok=True)
    chance = random.Random(1)
    with path.open("wb") as file:
        file.truncate(SIZE)
        for place in chance.sample(range(SIZE // EXTENT), DATA // EXTENT):
            os.pwrite(file.fileno(), chance.randbytes(EXTENT), place * EXTENT)
    return path


def ours(url: str, ca_file: Path) -> None:
    """Copy the disk as the broker does, with its digests and its journal."""
    from adapters.azure.access import Access
    from adapters.azure.pages import Pages
    from adapters.azure.sink import DiskSink
    from broker.disks.copy import copy
    from broker.disks.files import FileSource

    last = footer(SIZE, unique_id=UUID(int=1), created=datetime.now(UTC))
    sink = DiskSink(
        "bench",
        SIZE,
        Pages(Access(lambda _seconds: url), ca_file),
        sealed=False,
        footer=lambda: last,
        seal=lambda: None,
        is_sealed=lambda: False,
        delete=lambda: None,
    )
    with tempfile.TemporaryDirectory() as folder:
        copy(FileSource(disk()), sink, journal=Path(folder) / "journal", workers=THREADS)
    sink.close()


def theirs(url: str, ca_file: Path) -> None:
    """Upload the file with the SDK."""
    from azure.storage.blob import BlobClient

    with (
        BlobClient.from_blob_url(url, connection_verify=str(ca_file)) as blob,
        disk().open("rb") as file,
    ):
        blob.upload_blob(file, blob_type="PageBlob", length=SIZE, max_concurrency=THREADS)


def measured(name: str, url: str, ca_file: Path) -> tuple[float, float]:
    """Return the wall seconds and the peak MiB of one run in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.azure_upload", "--run", name, url, str(ca_file)]
    done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", nargs=3)
    if asked := parser.parse_args().run:
        name, url, ca_file = asked
        began = time.monotonic()
        {"ours": ours, "theirs": theirs}[name](url, Path(ca_file))
        seconds = time.monotonic() - began
        print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    settings = Settings(folder=STATE / "azure")
    certificate.ensure(settings)
    disk()
    runs: dict[str, list[tuple[float, float]]] = {"ours": [], "theirs": []}
    sent = dict.fromkeys(runs, 0)
    with counting(settings) as (port, counted):
        url = f"https://127.0.0.1:{port}/disk/abcd?sv=2018-03-28&sr=b&si=bench&sig=bench"
        for _ in range(ROUNDS):
            for name, done in runs.items():
                done.append(measured(name, url, settings.certificate))
                counted.send("how many")
                put = counted.recv() - (FOOTER if name == "ours" else 0)
                assert DATA <= put < 5 * DATA, f"{name} put {put} bytes"
                sent[name] = put // MIB
    own, sdk = runs["ours"], runs["theirs"]
    times = statistics.median(other[0] / mine[0] for mine, other in zip(own, sdk, strict=True))
    peak = max(mib for _, mib in own)
    print(
        json.dumps(
            {
                "bench": "Upload of a 2 GiB disk with 512 MiB of data as an Azure managed disk, "
                f"{THREADS} threads, TLS",
                "goal": {"times upload_blob of the SDK, >=": GOAL_TIMES, "peak MiB, <=": GOAL_MIB},
                "held": times >= GOAL_TIMES and peak <= GOAL_MIB,
                "times_the_sdk": round(times, 1),
                "ours_seconds": round(statistics.median(seconds for seconds, _ in own), 2),
                "sdk_seconds": round(statistics.median(seconds for seconds, _ in sdk), 2),
                "ours_put_mib": sent["ours"],
                "sdk_put_mib": sent["theirs"],
                "ours_peak_mib": round(peak),
                "sdk_peak_mib": round(max(mib for _, mib in sdk)),
            }
        )
    )


if __name__ == "__main__":
    main()
