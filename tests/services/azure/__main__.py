"""Start and stop the service: python -m tests.services.azure up|down|run."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.services.azure import azurite
from tests.services.azure.settings import REPOSITORY, Settings, state_root

# on a machine that is busy with other tests
START_SECONDS = 120.0


def answers(host: str, port: int) -> bool:
    """Whether something listens there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def up(settings: Settings) -> None:
    """Start what does not run yet, and return when all of it answers; quiet when it did already."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    if not answers(settings.host, settings.azurite_port):
        process = start_azurite(settings)
        settings.azurite_pid_file.write_text(str(process.pid))
    if not answers(settings.host, settings.port):
        settings.pid_file.write_text(str(start(settings).pid))


def start_azurite(settings: Settings) -> subprocess.Popen[bytes]:
    """Start Azurite, and return it once it answers."""
    process = azurite.start(settings)
    return _answering(process, settings.host, settings.azurite_port, settings.folder)


def start(settings: Settings) -> subprocess.Popen[bytes]:
    """Start a process that serves Resource Manager, and return it once it answers."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "tests.services.azure", "run"),
        *("--port", str(settings.port), "--azurite-port", str(settings.azurite_port)),
        *("--folder", str(settings.folder)),
    ]
    with settings.log_file.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    return _answering(process, settings.host, settings.port, settings.folder)


def _answering(
    process: subprocess.Popen[bytes], host: str, port: int, folder: Path
) -> subprocess.Popen[bytes]:
    deadline = time.monotonic() + START_SECONDS
    while not answers(host, port):
        if process.poll() is not None or time.monotonic() > deadline:
            process.terminate()
            raise SystemExit(f"the Azure service did not start; see the logs in {folder}")
        time.sleep(0.05)
    return process


def down(settings: Settings) -> None:
    """Stop what this folder's pid files name; quiet when there is nothing."""
    _stop(settings.pid_file, b"tests.services.azure")
    _stop(settings.azurite_pid_file, b"azurite")


def _stop(pid_file: Path, mark: bytes) -> None:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        pid = int(pid_file.read_text())
        if mark in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGTERM)
            _wait_gone(pid)
    pid_file.unlink(missing_ok=True)


def _wait_gone(pid: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if stat[0] == "Z":
            return
        time.sleep(0.02)


def run(settings: Settings) -> None:
    """Serve Resource Manager until SIGTERM."""
    from tests.services.azure import certificate
    from tests.services.azure.service import Service
    from tests.services.wire import Server

    certificate.ensure(settings)
    service = Service(settings)
    address = (settings.host, settings.port)
    with Server(address, service.answer, certificate.context(settings)) as server:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.services.azure")
    parser.add_argument("verb", choices=["up", "down", "run"])
    parser.add_argument("--port", type=int, default=Settings().port)
    parser.add_argument("--azurite-port", type=int, default=Settings().azurite_port)
    parser.add_argument("--folder", type=Path, default=state_root() / "azure")
    asked = parser.parse_args()
    settings = Settings(port=asked.port, azurite_port=asked.azurite_port, folder=asked.folder)
    {"up": up, "down": down, "run": run}[asked.verb](settings)
    if asked.verb == "up":
        print(f"Azure stand-in at {settings.endpoint}, certificate {settings.certificate}")


if __name__ == "__main__":
    main()
