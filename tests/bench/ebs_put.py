"""Putting blocks into a snapshot: ours against the SDK's own call and against bare HTTP.

The server drops each block unread. Rounds alternate, and each client's best round counts: others
use the machine too.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from adapters.aws.blocks import BLOCK, Blocks
from adapters.aws.session import Session
from adapters.aws.settings import Settings
from tests.services.aws.canned import discarding

THREADS = 8
BLOCKS = 1024
ROUNDS = 7
VERSUS_SDK, VERSUS_BARE = 2.0, 0.7
SNAPSHOT = "snap-0123456789abcdef0"

Put = Callable[[int], None]
"""Puts the block of this index."""


ANSWER = (
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
    b"x-amz-Checksum: %b\r\nx-amz-Checksum-Algorithm: SHA256\r\n\r\n{}" % (b"A" * 44)
)


def seconds(put: Put) -> float:
    with ThreadPoolExecutor(THREADS) as pool:
        started = time.perf_counter()
        for done in pool.map(put, range(BLOCKS)):
            assert done is None
        return time.perf_counter() - started


def puts(port: int) -> dict[str, Put]:
    session = Session(Settings(endpoint=f"http://127.0.0.1:{port}", region="eu-central-1"))
    ebs, blocks = session.ebs, Blocks(session)
    data = [memoryview(secrets.token_bytes(BLOCK)) for _ in range(16)]
    plain = [bytes(each) for each in data]
    digests = [hashlib.sha256(each).digest() for each in data]
    bare_connections: dict[int, http.client.HTTPConnection] = {}

    def ours_with_hash(index: int) -> None:
        block = data[index % 16]
        blocks.put(SNAPSHOT, index, block, hashlib.sha256(block).digest())

    def sdk_with_hash(index: int) -> None:
        block = plain[index % 16]
        digest = base64.b64encode(hashlib.sha256(block).digest()).decode()
        ebs.put_snapshot_block(
            SnapshotId=SNAPSHOT,
            BlockIndex=index,
            BlockData=block,
            DataLength=BLOCK,
            Checksum=digest,
            ChecksumAlgorithm="SHA256",
        )

    def ours(index: int) -> None:
        blocks.put(SNAPSHOT, index, data[index % 16], digests[index % 16])

    def bare(index: int) -> None:
        thread = threading.get_ident()
        if thread not in bare_connections:
            bare_connections[thread] = http.client.HTTPConnection("127.0.0.1", port)
        connection = bare_connections[thread]
        digest = digests[index % 16]
        headers = {
            "x-amz-Checksum": base64.b64encode(digest).decode(),
            "x-amz-Checksum-Algorithm": "SHA256",
            "x-amz-Data-Length": str(BLOCK),
        }
        path = f"/snapshots/{SNAPSHOT}/blocks/{index}"
        connection.request("PUT", path, data[index % 16], headers)
        connection.getresponse().read()

    return {
        "ours_with_hash": ours_with_hash,
        "sdk_with_hash": sdk_with_hash,
        "ours": ours,
        "bare": bare,
    }


def main() -> None:
    os.environ |= {"AWS_ACCESS_KEY_ID": "AKIABENCH", "AWS_SECRET_ACCESS_KEY": "bench"}
    with discarding(ANSWER) as port:
        clients = puts(port)
        for put in clients.values():
            put(0)
        rounds = [{name: seconds(put) for name, put in clients.items()} for _ in range(ROUNDS)]
    best = {name: min(each[name] for each in rounds) for name in clients}
    versus_sdk = best["sdk_with_hash"] / best["ours_with_hash"]
    versus_bare = best["bare"] / best["ours"]
    mib = BLOCKS * BLOCK / 2**20
    print(
        json.dumps(
            {
                "bench": f"512 KiB blocks put into a snapshot, {THREADS} threads",
                "goal": {"times the SDK, >=": VERSUS_SDK, "of bare http.client, >=": VERSUS_BARE},
                "held": versus_sdk >= VERSUS_SDK and versus_bare >= VERSUS_BARE,
                "times_the_sdk": round(versus_sdk, 2),
                "of_bare_http": round(versus_bare, 2),
                "mib_per_second": {name: round(mib / best[name]) for name in clients},
            }
        )
    )


if __name__ == "__main__":
    main()
