"""Where the state is kept: one JSON file, changed by one process and thread at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.memory.state import State
from broker.errors import ConfigError

Version = tuple[int, int, int] | None
"""What tells one version of a file from the next; None when there is no file."""


class Store:
    """The state of the cloud in ``folder``.

    A change is written to a second file, which then takes the first one's name: whoever reads sees
    all of it or nothing, and so it is when the writer is killed in the middle. Nothing waits for
    the disk: a power cut may cost the last changes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "cloud.json"
        self._known: tuple[Version, State] = (None, State())
        folder.mkdir(parents=True, exist_ok=True)

    def state(self) -> State:
        """Return the state as it is now. It is shared with other readers: change a copy."""
        version = self._version()
        if self._known[0] != version:
            self._known = (version, self._load())
        return self._known[1]

    @contextmanager
    def change(self) -> Iterator[State]:
        """Give the state to be changed; it is kept when the block ends well, and only then."""
        with (self.folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # of this open file: it holds other threads back too
            state = self.state().copied()
            yield state
            partial = self._file.with_suffix(".partial")
            partial.write_text(state.model_dump_json(), "utf-8")
            partial.replace(self._file)
            self._known = (self._version(), state)

    def _version(self) -> Version:
        try:
            file = self._file.stat()
        except FileNotFoundError:
            return None
        return file.st_ino, file.st_mtime_ns, file.st_size

    def _load(self) -> State:
        try:
            return State.model_validate_json(self._file.read_text("utf-8"))
        except ValueError as error:
            raise ConfigError(
                f"{self._file} is not the state of a memory cloud",
                hint="Give the account another path, or delete the folder to begin anew",
            ) from error
