"""Start and stop the service: python -m tests.services.aws up|down|serve."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from pathlib import Path

from tests.services import process
from tests.services.aws.settings import REPOSITORY, Settings, state_root

# moto accepts any image, type and key pair unless told otherwise
STRICT = {
    "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true",
    "MOTO_ENABLE_AMI_VALIDATION": "true",
    "MOTO_ENABLE_KEYPAIR_VALIDATION": "true",
    # two public images instead of moto's 1,301, which every listing would have to go through
    "MOTO_AMIS_PATH": str(Path(__file__).with_name("images.json")),
}


def up(settings: Settings) -> None:
    """Start the service and return when it answers; quiet when it runs already."""
    if not process.answers(settings.host, settings.port):
        settings.folder.mkdir(parents=True, exist_ok=True)
        settings.pid_file.write_text(str(start(settings).pid))


def start(settings: Settings) -> subprocess.Popen[bytes]:
    """Start a process that serves, and return it once it answers."""
    command = [
        *(sys.executable, "-m", "tests.services.aws", "serve"),
        *("--port", str(settings.port), "--folder", str(settings.folder)),
    ]
    address = (settings.host, settings.port)
    return process.start(
        command, address, folder=REPOSITORY, log=settings.log_file, environment=STRICT
    )


def down(settings: Settings) -> None:
    """Stop the service this folder's pid file names; quiet when there is none."""
    process.stop(settings.pid_file, b"tests.services.aws")
    (settings.folder / "blocks").unlink(missing_ok=True)


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
