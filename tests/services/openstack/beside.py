"""A second API process beside one of the stack's, with other settings: what an operator may choose.

It has the same database and queue, so it is the same service; only who comes by its address meets
the other choice.
"""

from __future__ import annotations

import configparser
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.services.openstack.clouds import CLOUDS

ROOT = CLOUDS.parent
UP_S = 60

API = {  # service type in clouds.yaml: name, application, the variable that leads to its settings
    "compute": ("nova", "nova.wsgi.osapi_compute", "OS_NOVA_CONFIG_DIR"),
    "image": ("glance", "glance.wsgi.api", "OS_GLANCE_CONFIG_DIR"),
    "network": ("neutron", "neutron.wsgi.api", "OS_NEUTRON_CONFIG_DIR"),
}
FILES = {"nova": "nova.conf", "glance": "glance-api.conf", "neutron": "neutron.conf"}
PATHS = {"nova": "/v2.1", "glance": "", "neutron": ""}

Sections = Mapping[str, Mapping[str, object]]


@contextmanager
def beside(kind: str, changes: Sections, folder: Path, *, clouds: Path = CLOUDS) -> Iterator[Path]:
    """Yield ``clouds``, leading to such a service with these settings changed."""
    name, application, variable = API[kind]
    settings = folder / name
    shutil.copytree(ROOT / "etc" / name, settings)
    _change(settings / FILES[name], changes)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = Path(__file__).parent / "serve.py"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [ROOT / "venv/bin/python", serve, str(port), application],
            env={**os.environ, variable: str(settings)},
            stdout=log,
            stderr=log,
        )
        try:
            _listens(port, process, folder / "log")
            there = f"    {kind}_endpoint_override: http://127.0.0.1:{port}{PATHS[name]}\n"
            leading = folder / "clouds.yaml"
            told = clouds.read_text().replace("    region_name:", f"{there}    region_name:")
            leading.write_text(told)
            yield leading
        finally:
            process.terminate()
            process.wait()


def _change(file: Path, changes: Sections) -> None:
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(file)
    for section, values in changes.items():
        if section != "DEFAULT" and not parser.has_section(section):
            parser.add_section(section)
        for key, value in values.items():
            parser.set(section, key, str(value))
    with file.open("w") as target:
        parser.write(target)


def _listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + UP_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert process.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < give_up, log.read_text()[-2000:]
            time.sleep(0.1)
        else:
            return
