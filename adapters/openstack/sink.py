"""A new image, streamed up while it is written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from queue import Empty, Full, Queue
from typing import Any

from adapters.openstack import marks
from adapters.openstack.errors import calling
from adapters.openstack.session import Session
from adapters.openstack.waiting import until
from broker.disks.formats.qcow2_stream import CLUSTER, Qcow2Stream
from broker.disks.formats.raw_stream import RawStream
from broker.disks.manifest import Manifest
from broker.errors import BrokerError, Conflict, DataMismatch, Invalid
from broker.model import GIB

QCOW2, RAW = "qcow2", "raw"
FORMATS = (QCOW2, RAW)
"""What a disk can be streamed as, best first: qcow2 leaves holes out, and is 0.04 % longer where a
disk has none.
"""

AHEAD = 4
"""Pieces that wait for the link; a writer waits when there are so many."""

HELD = 16 * 1024 * 1024
"""Bytes kept back before the stream begins: of a disk with less data, the length is known."""

LOOK_SECONDS = 0.5
"""How often a writer that waits looks whether the upload has failed."""

UPLOAD_SECONDS = 600.0
"""How long glance may take to answer when it has all bytes."""


class ImageSink:
    """A disk that becomes an image in one PUT. It is a Sink.

    glance takes an image in one request, from its first byte to its last, and keeps nothing of one
    that broke. The stream ends with ``commit``; until then pieces go out as they come: in whatever
    order as qcow2, one behind the other as raw. It is a Streamed too.
    """

    block = CLUSTER

    def __init__(
        self, session: Session, image: Mapping[str, Any], drop: Callable[[str], None]
    ) -> None:
        self._session = session
        self._drop = drop
        self._lock = threading.Lock()
        self._upload: _Upload | None = None
        self._closed = False
        self._held: dict[int, bytes] = {}
        self._written = marks.IMAGE_WRITTEN in image
        self._expected: int | None = None
        self.id: str = image["id"]
        self.size: int = image["min_disk"] * GIB
        self.sealed: bool = image["status"] == "active"
        self.in_order: bool = image["disk_format"] == RAW

    def expect(self, length: int) -> None:
        """Be told, before the first write, that at most ``length`` bytes will be written."""
        self._expected = length

    def pwrite(self, data: memoryview, offset: int) -> None:
        """Write at ``offset``; Invalid when it is not whole blocks inside the disk."""
        if offset % CLUSTER or len(data) % CLUSTER:
            raise Invalid(f"a write of {len(data)} bytes at {offset} is not in whole blocks")
        if offset < 0 or offset + len(data) > self.size:
            raise Invalid(f"write at {offset} ends beyond {self.size} bytes")
        with calling("upload disk"):
            upload = self._hold(data, offset)
            if upload is not None:
                upload.stream.write(data, offset)

    def commit(self, manifest: Manifest) -> str:
        """End the stream and return the image's id, once glance has it. May be called twice."""
        with calling("upload disk"):
            if not self.sealed:
                with self._lock:
                    upload = self._opened() or self._begin(len(self._held))
                upload.finish()
                self.sealed = True
            return self.id

    def abort(self) -> None:
        """Break the stream and delete the image. May be called twice; quiet when it is gone."""
        self.close()
        if not self.sealed:
            with calling("delete disk"):
                self._drop(self.id)

    def close(self) -> None:
        """Break a stream that was not committed: what was sent is lost. May be called twice."""
        with self._lock:
            self._closed = True
            self._held = {}
            upload, self._upload = self._upload, None
        if upload is not None:
            upload.stop()

    def _hold(self, data: memoryview, offset: int) -> _Upload | None:
        """Keep a piece back, or return the stream it is to go to."""
        with self._lock:
            if upload := self._opened():
                return upload
            if not self._written:
                self._mark_written()
            if (len(self._held) * CLUSTER) + len(data) > HELD:
                most = self.size if self._expected is None else self._expected
                return self._begin(-(-most // CLUSTER))
            for start in range(0, len(data), CLUSTER):
                self._held[offset + start] = bytes(data[start : start + CLUSTER])
            return None

    def _mark_written(self) -> None:
        self._session.request(
            "image",
            "PATCH",
            f"/images/{self.id}",
            json=[{"op": "add", "path": f"/{marks.IMAGE_WRITTEN}", "value": "yes"}],
            headers={"Content-Type": "application/openstack-images-v2.1-json-patch"},
        )
        self._written = True

    def _opened(self) -> _Upload | None:
        if self.sealed or self._closed:
            raise Conflict("this disk is closed or complete: it takes no more writes")
        return self._upload

    def _begin(self, room: int) -> _Upload:
        """Begin the stream with what was kept back."""
        self._upload = _Upload(self._session, self.id)
        emit = self._upload.put
        self._upload.stream = (
            RawStream(self.size, emit) if self.in_order else Qcow2Stream(self.size, room, emit)
        )
        for offset, piece in sorted(self._held.items()):
            self._upload.stream.write(memoryview(piece), offset)
        self._held = {}
        return self._upload


class _Stop(Exception):
    """The stream ends here, on purpose."""


class _Upload:
    """One PUT, in a thread of its own, that sends what writers put in the queue."""

    stream: RawStream | Qcow2Stream

    def __init__(self, session: Session, image: str) -> None:
        self._session = session
        self._image = image
        self._path = f"/images/{image}/file"
        self._queue: Queue[bytes | _Stop | None] = Queue(AHEAD)
        self._error: BrokerError | None = None
        self._sent: int | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Send the end, wait for glance's word, and check that it has every byte.

        An answer that was lost on its way loses nothing: it is the image that tells. May be called
        again when it could not be asked.
        """
        if self._sent is None:
            sent = self.stream.finish()
            self.put(None)
            self._sent = sent
        self._thread.join()
        told = self._stored()
        if told["status"] == "active" and told["size"] == self._sent:
            return
        if self._error is not None:
            raise self._error
        raise DataMismatch(
            f"{self._sent} bytes were sent; the image has {told['size']} and is {told['status']}",
            hint="Run the copy again: it starts anew",
        )

    def _stored(self) -> Mapping[str, Any]:
        """Return the image once glance is done with what it got."""
        return until(
            lambda: self._session.get("image", f"/images/{self._image}"),
            lambda told: told["status"] != "saving",
            f"storing image {self._image}",
            UPLOAD_SECONDS,
        )

    def stop(self) -> None:
        """Break the request. What it is doing ends with the connection."""
        if self._thread.is_alive():
            try:
                self.put(_Stop())
            except BrokerError:
                return  # it broke by itself
            self._thread.join()

    def put(self, piece: bytes | _Stop | None) -> None:
        """Let the request send this next; the error when it has broken."""
        while True:
            if self._error is not None:
                raise self._error
            try:
                self._queue.put(piece, timeout=LOOK_SECONDS)
            except Full:
                continue
            return

    def _run(self) -> None:
        try:
            with calling("upload disk"):
                # renews a token that has expired: once pieces are on their way it is too late
                self._session.get("image", f"/images/{self._image}")
                self._session.request(
                    "image",
                    "PUT",
                    self._path,
                    data=self._pieces(),
                    headers={"Content-Type": "application/octet-stream"},
                    timeout=UPLOAD_SECONDS,
                    allow_reauth=False,
                )
        except _Stop:
            self._error = Conflict("this disk was closed while it was written")
        except BrokerError as error:
            # never worth another try of one piece: all of the stream is lost
            self._error = error if not error.retryable else _broken(error)
        self._empty()

    def _pieces(self) -> Iterator[bytes]:
        while (piece := self._queue.get()) is not None:
            if isinstance(piece, _Stop):
                raise piece
            yield piece

    def _empty(self) -> None:
        """Let no writer wait for a link that is gone."""
        try:
            while True:
                self._queue.get_nowait()
        except Empty:
            return


def _broken(error: BrokerError) -> Conflict:
    broken = Conflict(
        f"the upload broke: {error.message}",
        hint="Run the copy again: an image is uploaded in one stream, so it starts anew",
        provider=error.provider,
        operation=error.operation,
        code=error.code,
        request_id=error.request_id,
    )
    broken.__cause__ = error
    return broken
