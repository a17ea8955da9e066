"""A disk in an image, read piece by piece."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from adapters.openstack.errors import calling
from adapters.openstack.session import Session
from broker.disks.contract import Extent
from broker.disks.formats.qcow2 import Qcow2
from broker.disks.formats.ranged import Disk, Ranged, Raw
from broker.errors import Invalid, Unsupported

FORMATS: dict[str, Callable[[Ranged], Disk]] = {"raw": Raw, "qcow2": Qcow2}

KEY = "cinder_encryption_key_id"
"""cinder's property on images of encrypted volumes, which it uploads as they are: encrypted."""

WINDOW = 4 * 1024 * 1024
"""Bytes of one request: an answer of 512 KiB costs glance as much in checks as in bytes."""

WINDOWS = 6
"""Kept in memory. Threads of a copy are next to each other, most often in the same one."""


class ImageFile:
    """The bytes of an image, by ranges. It is a Ranged."""

    def __init__(self, session: Session, image: Mapping[str, Any]) -> None:
        self._session = session
        self._path = f"/images/{image['id']}/file"
        self._lock = threading.Lock()
        self._windows: OrderedDict[int, _Window] = OrderedDict()
        self.length: int = image["size"]

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly those bytes."""
        pieces = []
        while length:
            start = offset // WINDOW * WINDOW
            piece = self._window(start)[offset - start : offset - start + length]
            pieces.append(piece)
            offset, length = offset + len(piece), length - len(piece)
        return b"".join(pieces)

    def _window(self, start: int) -> bytes:
        with self._lock:
            window = self._windows.setdefault(start, _Window())
            self._windows.move_to_end(start)
            if len(self._windows) > WINDOWS:
                self._windows.popitem(last=False)
        with window.lock:  # the first thread fetches, the others wait for it
            if window.data is None:
                window.data = self._fetch(start, min(start + WINDOW, self.length))
            return window.data

    def _fetch(self, start: int, stop: int) -> bytes:
        wanted = {"Range": f"bytes={start}-{stop - 1}"}
        answer = self._session.request("image", "GET", self._path, headers=wanted, stream=True)
        with answer:
            if answer.status_code != 206 and stop - start < self.length:
                raise Unsupported(
                    "this deployment's image store gives no parts of an image",
                    hint="The operator can let glance keep images on a file store",
                )
            data: bytes = answer.content
        if len(data) != stop - start:
            raise ConnectionError(f"the answer was cut short: {len(data)} of {stop - start} bytes")
        return data


class _Window:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.data: bytes | None = None


class ImageSource:
    """The disk in an image; ``forget`` is called on close. It is a Source."""

    def __init__(
        self, session: Session, image: Mapping[str, Any], forget: Callable[[], None]
    ) -> None:
        self._forget: Callable[[], None] | None = forget
        kind = FORMATS.get(image["disk_format"])
        if image.get(KEY):
            raise Unsupported(
                "this image was made of an encrypted volume: its bytes are not what a guest sees",
                hint="Copy the volume in the guest to one of a type without encryption",
            )
        if kind is None:
            raise Unsupported(f"a disk in format {image['disk_format']} cannot be read here")
        self._disk = kind(ImageFile(session, image))
        self.size = self._disk.size

    def extents(self) -> Iterator[Extent]:
        """Yield extents: ascending, touching, together exactly ``[0, size)``."""
        with calling("look at disk"):
            yield from self._disk.extents()

    def pread_into(self, buffer: memoryview, offset: int) -> None:
        """Fill ``buffer`` with the bytes at ``offset``; Invalid beyond the end."""
        if self._forget is None:
            raise Invalid("this disk was closed")
        with calling("read disk"):
            self._disk.pread_into(buffer, offset)

    def close(self) -> None:
        """Delete the image where it was made for reading. May be called twice."""
        forget, self._forget = self._forget, None
        if forget is not None:
            with calling("close disk"):
                forget()
