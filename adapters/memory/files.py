"""The bytes: one sparse raw file for every volume, snapshot and image."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from broker.disks.files import FileSource


class Files:
    """Files by the id of what they belong to. A file is there once it is complete."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, id: str) -> Path:
        """Return where the bytes of this thing are, or will be."""
        return self.folder / f"{id}.raw"

    def complete(self, id: str) -> bool:
        """Tell whether all the bytes are there: a disk that is still being filled is not."""
        return self.path(id).exists()

    def blank(self, id: str, size: int) -> None:
        """Make a file that reads as zeroes."""
        with self._partial(id).open("wb") as file:
            file.truncate(size)
        self._partial(id).replace(self.path(id))

    def clone(self, id: str, source: str, size: int) -> None:
        """Copy a file, its holes as holes, into one of ``size`` bytes that is no smaller."""
        disk = FileSource(self.path(source))
        with self._partial(id).open("wb") as target, self.path(source).open("rb") as file:
            target.truncate(size)
            for extent in disk.extents():
                if not extent.zero:
                    _copy(file.fileno(), target.fileno(), extent.offset, extent.length)
        self._partial(id).replace(self.path(id))

    def grow(self, id: str, size: int) -> None:
        """Make a file longer."""
        os.truncate(self.path(id), size)

    def delete(self, id: str) -> None:
        """Delete the file, complete or not; quiet when it is gone."""
        self.path(id).unlink(missing_ok=True)
        self._partial(id).unlink(missing_ok=True)

    def sweep(self, known: Collection[str]) -> None:
        """Delete the files of nothing that is known: a killed process left them."""
        for path in self.folder.iterdir():
            if path.name.split(".")[0] not in known:
                path.unlink(missing_ok=True)

    def _partial(self, id: str) -> Path:
        return self.path(id).with_suffix(".raw.partial")  # the name a FileSink gives it too


def _copy(source: int, target: int, offset: int, length: int) -> None:
    while length:
        done = os.copy_file_range(source, target, length, offset, offset)
        offset, length = offset + done, length - done
