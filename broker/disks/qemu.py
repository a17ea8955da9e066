"""A disk image of any format qemu knows, served over NBD by a qemu-nbd of our own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Self

from broker.errors import AccessDenied, BrokerError, Conflict, Invalid, NotFound, Transient

START_S = 30.0
"""A qemu-nbd that is not ready after this is stuck: an image opens in milliseconds."""

STOP_S = 60.0
"""Writing out a page cache takes seconds; only a qemu-nbd that hangs is killed."""

_LAUNCHER = f"""
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, {int(signal.SIGTERM)})
if os.getppid() == int(sys.argv[1]):
    os.execvp(sys.argv[2], sys.argv[2:])
"""
"""Ask the kernel for SIGTERM when the parent ends (1 is PR_SET_PDEATHSIG), even by kill -9, unless
it has ended already; then become qemu-nbd.
"""


class QemuNbd:
    """A qemu-nbd serving ``path`` on ``address``, a unix socket that only this user can reach.

    ``format`` is qemu's word (raw, qcow2, vpc, vhdx, vmdk); it is never guessed from the bytes,
    which belong to the guest. ``bitmap`` names a persistent dirty bitmap to export as well. The
    server ends with ``close`` or with this process, however that ends.
    """

    def __init__(
        self, path: Path, format: str, *, writable: bool = False, bitmap: str | None = None
    ) -> None:
        if not path.exists():
            raise NotFound(f"no disk image {path}")
        if shutil.which("qemu-nbd") is None:
            raise NotFound("there is no qemu-nbd", hint="Install the package qemu-utils")
        self._folder = Path(tempfile.mkdtemp(prefix="interop-nbd-"))
        self.address = self._folder / "socket"
        self._ready = self._folder / "pid"  # written when the image is open, after the socket
        command = ["qemu-nbd", f"--socket={self.address}", "--persistent", "--shared=0"]
        command += [f"--pid-file={self._ready}"]
        command += [f"--format={format}"]
        command += ["--discard=unmap", "--detect-zeroes=unmap"] if writable else ["--read-only"]
        command += [f"--bitmap={bitmap}"] if bitmap else []
        command += ["--", str(path.absolute())]
        launched: Future[subprocess.Popen[bytes]] = Future()
        # The kernel takes the thread that starts a child for its parent, so one waits for its end.
        self._keeper = threading.Thread(
            target=_keep, args=(command, self._folder / "stderr", launched), daemon=True
        )
        self._keeper.start()
        self._process = launched.result()
        try:
            self._wait_until_ready(path)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server, which writes out what it holds. May be called twice."""
        if self._keeper.is_alive():
            self._process.terminate()
            self._keeper.join(STOP_S)
        if self._keeper.is_alive():
            self._process.kill()
            self._keeper.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wait_until_ready(self, path: Path) -> None:
        end = time.monotonic() + START_S
        while not self._ready.exists():
            if not self._keeper.is_alive():
                raise _refusal(path, (self._folder / "stderr").read_text(errors="replace"))
            if time.monotonic() > end:
                raise Transient(f"qemu-nbd did not open {path} within {START_S:.0f} s")
            time.sleep(0.005)


def _keep(command: list[str], told: Path, launched: Future[subprocess.Popen[bytes]]) -> None:
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid())]
    try:
        with told.open("wb") as stderr:
            process = subprocess.Popen(
                [*launcher, *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )
    except OSError as error:
        launched.set_exception(Transient(f"qemu-nbd cannot be started: {error}"))
        return
    launched.set_result(process)
    process.wait()


def _refusal(path: Path, told: str) -> BrokerError:
    told = told.strip().removeprefix("qemu-nbd: ") or "qemu-nbd gives no reason"
    for words, kind, hint in _REFUSALS:
        if words in told:
            return kind(told, hint=hint)
    return Invalid(f"{path} cannot be opened: {told}")


_REFUSALS: tuple[tuple[str, type[BrokerError], str], ...] = (
    ("Failed to get", Conflict, "Another process has this image open: stop it, or its machine"),
    ("Permission denied", AccessDenied, "Read access to the image, or write access, is missing"),
)
"""qemu's words for a lock it cannot get, and for a file it may not open."""
