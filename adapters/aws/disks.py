"""The bytes of disks: snapshots, read and written through EBS direct."""

from __future__ import annotations

import itertools
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from adapters.aws import tags
from adapters.aws.blocks import Blocks
from adapters.aws.errors import calling
from adapters.aws.sink import SnapshotSink
from adapters.aws.snapshots import Snapshots
from adapters.aws.source import SnapshotSource
from adapters.aws.translate.words import gib
from adapters.aws.volumes import check_size
from adapters.aws.waiting import VISIBLE_SECONDS
from broker.adapter import Kind
from broker.disks.contract import Sink, Source
from broker.errors import NotFound
from broker.model import Bytes

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import SnapshotTypeDef, TagTypeDef

OPEN_MINUTES = 4320
"""How long the service waits for the next block before it gives a snapshot up: the longest it
allows, three days, so that a copy can be gone on with after a weekend.
"""


class Disks(Snapshots):
    """Reads any snapshot or volume; writes new snapshots."""

    def open_source(self, id: str) -> Source:
        """Open a volume or a snapshot; a volume through a snapshot, which goes with the source."""
        if id.startswith("vol-"):
            return self._open_volume(id)
        with calling("open disk"):
            found = self._wait_snapshot(self._described_snapshot(id)["SnapshotId"])
        return self._source(found, temporary=False)

    def open_sink(self, size: int, *, name: str, token: str) -> Sink:
        """Open a new disk of at least ``size`` bytes; the same token opens the same one again."""
        check_size(size)
        with calling("open disk"):
            found = self._begun(token)
            if found is None:
                disk, size_gib, sealed = self._begin(size, name, token), gib(size), False
            else:
                disk, size_gib = found["SnapshotId"], found["VolumeSize"]
                sealed = found["State"] == "completed"
            ebs = self._session.ebs
        return SnapshotSink(
            disk,
            size_gib,
            ebs,
            Blocks(self._session),
            fresh=found is None,
            sealed=sealed,
            wait_completed=lambda: self._wait_snapshot(disk),
            is_completed=lambda: self.snapshot(disk).complete,
            delete=lambda: self._abort(disk),
        )

    def delete_disk(self, id: str) -> None:
        """Delete what ``Sink.commit`` returned; machines made from it keep their volumes."""
        self.delete_snapshot(id)

    def _open_volume(self, id: str) -> Source:
        taken = self.create_snapshot(id, f"read of {id}", token=f"read-{secrets.token_hex(8)}")
        try:
            return self._source(self._described_snapshot(taken.id), temporary=True)
        except BaseException:
            self.delete_snapshot(taken.id)
            raise

    def _source(self, found: SnapshotTypeDef, *, temporary: bool) -> Source:
        snapshot = found["SnapshotId"]
        return SnapshotSource(
            snapshot,
            found["VolumeSize"],
            self._session.ebs,
            Blocks(self._session),
            on_close=(lambda: self.delete_snapshot(snapshot)) if temporary else (lambda: None),
        )

    def _begun(self, token: str) -> SnapshotTypeDef | None:
        """The disk an earlier call with this token began."""
        found = self._session.ec2.describe_snapshots(
            OwnerIds=["self"], Filters=tags.by_token(token)
        )["Snapshots"]
        return next((each for each in found if each["State"] != "error"), None)

    def _begin(self, size: Bytes, name: str, token: str) -> str:
        """Start a snapshot. A token that was used for one since deleted is varied.

        The service remembers it, and answers with that snapshot or, when the name or the size is
        another now, with a conflict.
        """
        marks = tags.tags_for(name, {}, {tags.TOKEN: token, tags.ROLE: Kind.DISK})
        turns = (token if turn == 0 else f"{token}-{turn}" for turn in itertools.count())
        return next(disk for turn in turns if (disk := self._start(size, name, marks, turn)))

    def _start(
        self, size: Bytes, name: str, marks: list[TagTypeDef], client_token: str
    ) -> str | None:
        """Start a snapshot, or None where this client token is spent."""
        try:
            made = self._session.ebs.start_snapshot(
                VolumeSize=gib(size),
                Tags=marks,
                Description=f"Disk {name}"[:255],
                ClientToken=client_token,
                Timeout=OPEN_MINUTES,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConflictException":
                raise
            return None
        disk = made["SnapshotId"]
        if disk in self._aborted or self._was_deleted(disk, made["StartTime"]):
            return None
        return disk

    _aborted: frozenset[str] = frozenset()

    def _abort(self, id: str) -> None:
        self.delete_snapshot(id)
        self._aborted |= {id}

    def _was_deleted(self, id: str, started: datetime) -> bool:
        """Whether a snapshot the service answers with again is one that is gone since.

        A young one that is not there may only be invisible yet.
        """
        if datetime.now(UTC) - started < timedelta(seconds=VISIBLE_SECONDS):
            return False
        try:
            self._described_snapshot(id)
        except NotFound:
            return True
        return False
