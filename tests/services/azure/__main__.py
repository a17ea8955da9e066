"""Start and stop the service: python -m tests.services.azure up|down|run."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from pathlib import Path

from tests.services import process
from tests.services.azure import azurite
from tests.services.azure.settings import REPOSITORY, Settings, state_root


def up(settings: Settings) -> None:
    """Start what does not run yet, and return when all of it answers; quiet when it did already."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    if not process.answers(settings.host, settings.azurite_port):
        settings.azurite_pid_file.write_text(str(azurite.start(settings).pid))
    if not process.answers(settings.host, settings.port):
        settings.pid_file.write_text(str(start(settings).pid))


def start(settings: Settings) -> subprocess.Popen[bytes]:
    """Start a process that serves Resource Manager, and return it once it answers."""
    command = [
        *(sys.executable, "-m", "tests.services.azure", "run"),
        *("--port", str(settings.port), "--azurite-port", str(settings.azurite_port)),
        *("--folder", str(settings.folder)),
    ]
    address = (settings.host, settings.port)
    return process.start(command, address, folder=REPOSITORY, log=settings.log_file)


def down(settings: Settings) -> None:
    """Stop what this folder's pid files name; quiet when there is nothing."""
    process.stop(settings.pid_file, b"tests.services.azure")
    process.stop(settings.azurite_pid_file, b"azurite")


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
