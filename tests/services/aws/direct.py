"""EBS direct: the rules of writing and reading the blocks of a snapshot."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.services.aws.blocks import BLOCK, BlockStore, Content
from tests.services.aws.quotas import Quotas
from tests.services.aws.snapshots import Disks, Snapshot, Stage

MAX_GIB = 65536
BLOCK_TOKEN_DAYS = 7
SNAPSHOT_ID = re.compile(r"snap-[0-9a-f]{8}([0-9a-f]{9})?")


class DirectError(Exception):
    """A refusal, in the words of the service."""

    def __init__(self, status: int, type_: str, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.type = type_
        self.message = message
        self.reason = reason


def invalid(reason: str, message: str) -> DirectError:
    return DirectError(400, "ValidationException", message, reason)


def not_found(id: str) -> DirectError:
    return DirectError(
        404,
        "ResourceNotFoundException",
        f"The snapshot '{id}' does not exist.",
        "SNAPSHOT_NOT_FOUND",
    )


@dataclass
class Direct:
    """One account's EBS direct service.

    ``register`` tells EC2 of a started snapshot: (region, size, description, tags) -> id.
    ``completion_seconds`` is how long a sealed snapshot stays pending. ``empty_pages`` puts an
    empty page, which is legal, in front of every listing.
    """

    store: BlockStore
    disks: Disks
    quotas: Quotas
    register: Callable[[str, int, str, dict[str, str]], str]
    completion_seconds: float = 0.05
    empty_pages: bool = False
    _started: dict[tuple[str, str], tuple[str, dict[str, Any]]] = field(default_factory=dict)

    def start(self, region: str, asked: dict[str, Any]) -> dict[str, Any]:
        token = asked.pop("ClientToken", "")
        with self.disks.lock:
            if token and (before := self._started.get((region, token))):
                asked_before, answer = before
                if asked_before != json.dumps(asked, sort_keys=True):
                    raise DirectError(
                        409, "ConflictException", "The client token was used with other parameters"
                    )
                return answer
            answer = self._start(region, asked)
            if token:
                self._started[region, token] = (json.dumps(asked, sort_keys=True), answer)
            return answer

    def _start(self, region: str, asked: dict[str, Any]) -> dict[str, Any]:
        size = asked.get("VolumeSize")
        if not isinstance(size, int) or not 1 <= size <= MAX_GIB:
            raise invalid("INVALID_VOLUME_SIZE", f"Invalid volume size: {size}")
        parent = None
        if parent_id := asked.get("ParentSnapshotId"):
            if asked.get("Encrypted") is not None or asked.get("KmsKeyArn"):
                raise invalid(
                    "INVALID_PARAMETER_VALUE",
                    "ParentSnapshotId and Encrypted cannot be specified together",
                )
            parent = self._readable(region, parent_id)
            if size < parent.size_gib:
                raise invalid("INVALID_VOLUME_SIZE", "Volume is smaller than its parent snapshot")
        if self.disks.pending(region) >= self.quotas.pending_snapshots:
            raise DirectError(
                402,
                "ServiceQuotaExceededException",
                "The maximum number of pending snapshots has been reached",
                "DEPENDENCY_SERVICE_QUOTA_EXCEEDED",
            )
        tags = {tag["Key"]: tag.get("Value", "") for tag in asked.get("Tags", [])}
        description = asked.get("Description", "")
        new_id = self.register(region, size, description, tags)
        self.disks.snapshots[new_id] = Snapshot(
            id=new_id,
            region=region,
            size_gib=size,
            lineage=parent.lineage if parent else new_id,
            content=dict(parent.content) if parent else {},
            stage=Stage.OPEN,
        )
        return {
            "SnapshotId": new_id,
            "OwnerId": "123456789012",
            "Status": "pending",
            "StartTime": time.time(),
            "VolumeSize": size,
            "BlockSize": BLOCK,
            "Description": description,
            "Tags": asked.get("Tags", []),
            **({"ParentSnapshotId": parent_id} if parent_id else {}),
        }

    def put(
        self, region: str, id: str, index: int, headers: dict[str, str], body: memoryview
    ) -> tuple[bytes, str]:
        """Store one block; the SHA-256 of what arrived, raw and in the service's Base64."""
        snapshot = self._find(region, id)
        if snapshot.stage is not Stage.OPEN:
            raise invalid("INVALID_SNAPSHOT_ID", f"The snapshot {id} is not in the pending state")
        if not 0 <= index < snapshot.blocks:
            raise invalid("INVALID_BLOCK", f"Block {index} is outside of the volume")
        if headers.get("x-amz-data-length") != str(BLOCK) or len(body) != BLOCK:
            raise invalid("INVALID_BLOCK", f"The block must be {BLOCK} bytes long")
        if headers.get("x-amz-checksum-algorithm") != "SHA256":
            raise invalid("INVALID_PARAMETER_VALUE", "The only checksum algorithm is SHA256")
        digest = hashlib.sha256(body).digest()
        encoded = base64.b64encode(digest).decode()
        if headers.get("x-amz-checksum") != encoded:
            raise invalid("INVALID_BLOCK", "The checksum does not match the block data")
        self.store.put(digest, body)
        snapshot.written[index] = digest
        return digest, encoded

    def complete(self, region: str, id: str, headers: dict[str, str]) -> dict[str, str]:
        with self.disks.lock:
            snapshot = self._find(region, id)
            self._check_count(snapshot, headers.get("x-amz-changedblockscount", ""))
            self._check_aggregate(snapshot, headers)
            if snapshot.stage is Stage.OPEN:
                snapshot.content |= snapshot.written
                snapshot.stage = Stage.SEALED
                snapshot.completes_at = time.monotonic() + self.completion_seconds
            return {"Status": "completed" if snapshot.completed else "pending"}

    def _check_count(self, snapshot: Snapshot, said: str) -> None:
        if said != str(len(snapshot.written)):
            raise invalid(
                "INVALID_PARAMETER_VALUE",
                f"ChangedBlocksCount {said} is not the {len(snapshot.written)} blocks written",
            )

    def _check_aggregate(self, snapshot: Snapshot, headers: dict[str, str]) -> None:
        said = headers.get("x-amz-checksum")
        if said is None:
            return
        if (
            headers.get("x-amz-checksum-algorithm") != "SHA256"
            or headers.get("x-amz-checksum-aggregation-method") != "LINEAR"
        ):
            raise invalid("INVALID_PARAMETER_VALUE", "Checksum needs SHA256 and LINEAR")
        linear = b"".join(snapshot.written[index] for index in sorted(snapshot.written))
        if said != base64.b64encode(hashlib.sha256(linear).digest()).decode():
            raise invalid("INVALID_PARAMETER_VALUE", "The aggregated checksum does not match")

    def get(self, region: str, id: str, index: int, token: str) -> tuple[bytes, str]:
        """The bytes of one block and their checksum."""
        snapshot = self._readable(region, id)
        if not 0 <= index < snapshot.blocks:
            raise invalid("INVALID_BLOCK", f"Block {index} is outside of the volume")
        digest = snapshot.content.get(index)
        if digest is None or not hmac.compare_digest(token, _block_token(snapshot, index)):
            raise invalid("INVALID_BLOCK_TOKEN", "The block token is not valid for this block")
        return self.store.get(digest), base64.b64encode(digest).decode()

    def list_blocks(self, region: str, id: str, query: dict[str, str]) -> dict[str, Any]:
        snapshot = self._readable(region, id)
        page, next_token = self._page(snapshot.content, query)
        blocks = [
            {"BlockIndex": index, "BlockToken": _block_token(snapshot, index)} for index in page
        ]
        return {"Blocks": blocks, **_about(snapshot), **next_token}

    def list_changed(self, region: str, id: str, query: dict[str, str]) -> dict[str, Any]:
        second = self._readable(region, id)
        if not (first_id := query.get("firstSnapshotId")):
            page, next_token = self._page(second.content, query)
            changed = [
                {"BlockIndex": index, "SecondBlockToken": _block_token(second, index)}
                for index in page
            ]
            return {"ChangedBlocks": changed, **_about(second), **next_token}
        first = self._readable(region, first_id)
        if first.lineage != second.lineage:
            raise invalid("UNRELATED_SNAPSHOTS", f"{first_id} and {id} are of different volumes")
        page, next_token = self._page(_difference(first.content, second.content), query)
        changed = [
            {
                "BlockIndex": index,
                **(
                    {"FirstBlockToken": _block_token(first, index)}
                    if index in first.content
                    else {}
                ),
                **(
                    {"SecondBlockToken": _block_token(second, index)}
                    if index in second.content
                    else {}
                ),
            }
            for index in page
        ]
        return {"ChangedBlocks": changed, **_about(second), **next_token}

    def _page(
        self, indexes: Iterable[int], query: dict[str, str]
    ) -> tuple[list[int], dict[str, str]]:
        most = int(query.get("maxResults", "10000"))
        if not 100 <= most <= 10000:
            raise invalid("INVALID_PARAMETER_VALUE", "MaxResults must be between 100 and 10000")
        token = query.get("pageToken")
        start = _page_start(token) if token else int(query.get("startingBlockIndex", "0"))
        if self.empty_pages and not token:
            return [], {"NextToken": _page_token(start)}
        left = sorted(index for index in indexes if index >= start)
        page = left[:most]
        return page, {"NextToken": _page_token(left[most])} if len(left) > most else {}

    def _find(self, region: str, id: str) -> Snapshot:
        if not SNAPSHOT_ID.fullmatch(id):
            raise invalid("INVALID_SNAPSHOT_ID", f"Invalid snapshot id: {id}")
        snapshot = self.disks.snapshots.get(id)
        if snapshot is None or snapshot.region != region:
            raise not_found(id)
        return snapshot

    def _readable(self, region: str, id: str) -> Snapshot:
        snapshot = self._find(region, id)
        if not snapshot.completed:
            raise invalid("INVALID_SNAPSHOT_ID", f"The snapshot {id} is not completed")
        return snapshot


def _difference(first: Content, second: Content) -> Iterable[int]:
    return (i for i in first.keys() | second.keys() if first.get(i) != second.get(i))


def _block_token(snapshot: Snapshot, index: int) -> str:
    digest = snapshot.content[index]
    mark = hmac.new(snapshot.token_key, b"%d:%b" % (index, digest), hashlib.sha256).digest()
    return base64.b64encode(mark).decode()


def _page_token(index: int) -> str:
    return base64.b64encode(b"from:%d" % index).decode()


def _page_start(token: str) -> int:
    try:
        word, _, index = base64.b64decode(token, validate=True).decode().partition(":")
        if word == "from":
            return int(index)
    except (binascii.Error, ValueError):
        pass
    raise invalid("INVALID_PAGE_TOKEN", "The page token is not valid")


def _about(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "VolumeSize": snapshot.size_gib,
        "BlockSize": BLOCK,
        "ExpiryTime": time.time() + BLOCK_TOKEN_DAYS * 86400,
    }
