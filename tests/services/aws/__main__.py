"""Start and stop the service: python -m tests.services.aws up|down|serve."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.services.aws.settings import REPOSITORY, Settings, state_root

START_SECONDS = 30.0
# moto accepts any image, type and key pair unless told otherwise
STRICT = {
    "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true",
    "MOTO_ENABLE_AMI_VALIDATION": "true",
    "MOTO_ENABLE_KEYPAIR_VALIDATION": "true",
    # two public images instead of moto's 1,301, which every listing would have to go through
    "MOTO_AMIS_PATH": str(Path(__file__).with_name("images.json")),
}


def answers(settings: Settings) -> bool:
    """Whether something listens there."""
    try:
        socket.create_connection((settings.host, settings.port), timeout=1).close()
    except OSError:
        return False
    return True


def up(settings: Settings) -> None:
    """Start the service and return when it answers; quiet when it runs already."""
    if not answers(settings):
        settings.folder.mkdir(parents=True, exist_ok=True)
        settings.pid_file.write_text(str(start(settings).pid))


def start(settings: Settings) -> subprocess.Popen[bytes]:
    """Start a process that serves, and return it once it answers."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "tests.services.aws", "serve"),
        *("--port", str(settings.port), "--folder", str(settings.folder)),
    ]
    with settings.log_file.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=os.environ | STRICT,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while not answers(settings):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the AWS service did not start; see {settings.log_file}")
        time.sleep(0.05)
    return process


def down(settings: Settings) -> None:
    """Stop the service this folder's pid file names; quiet when there is none."""
    try:
        pid = int(settings.pid_file.read_text())
        if b"tests.services.aws" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGTERM)
            _wait_gone(pid)
    except (FileNotFoundError, ProcessLookupError):
        pass
    for file in (settings.pid_file, settings.folder / "blocks"):
        file.unlink(missing_ok=True)


def _wait_gone(pid: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if stat[0] == "Z":
            return
        time.sleep(0.02)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM."""
    from tests.services.aws.service import Service
    from tests.services.wire import Server

    service = Service(settings)
    with Server((settings.host, settings.port), service.answer) as server:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.services.aws")
    parser.add_argument("verb", choices=["up", "down", "serve"])
    parser.add_argument("--port", type=int, default=Settings().port)
    parser.add_argument("--folder", type=Path, default=state_root() / "aws")
    asked = parser.parse_args()
    settings = Settings(port=asked.port, folder=asked.folder)
    {"up": up, "down": down, "serve": serve}[asked.verb](settings)
    if asked.verb == "up":
        print(f"AWS stand-in at {settings.endpoint}")


if __name__ == "__main__":
    main()
