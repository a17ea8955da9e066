"""What people install: the wheel, built from the source archive, in a folder far from here."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.service  # pip fetches the dependencies


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the source archive and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


class Elsewhere:
    """An empty virtual environment with the wheel in it, and a folder to work in."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
        self.run("python", "-m", "pip", "install", "--quiet", str(wheel))

    def run(self, command: str, *words: str, code: int = 0) -> str:
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [str(self.folder / "venv" / "bin" / command), *words],
            cwd=self.folder,
            env=inherited | {"INTEROP_CONFIG": str(self.folder / "accounts.toml")},
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Elsewhere:
    return Elsewhere(tmp_path_factory.mktemp("elsewhere"), wheel)


def test_the_command_works(elsewhere: Elsewhere) -> None:
    assert "migrate" in elsewhere.run("interop", "--help")
    assert elsewhere.run("interop", "--version").startswith("interop 0.")
    assert "import names" in elsewhere.run("interop", "doctor", code=1)


def test_the_packages_are_the_installed_ones(elsewhere: Elsewhere) -> None:
    script = "import broker, adapters, mappings; print(broker.__file__, broker.open, broker.model)"
    assert str(elsewhere.folder / "venv") in elsewhere.run("python", "-c", script)


def test_a_provider_without_its_sdk_says_what_to_install(elsewhere: Elsewhere) -> None:
    (elsewhere.folder / "accounts.toml").write_text(
        '[accounts.eu]\nkind = "aws"\nregion = "eu-central-1"\n'
    )
    for words in (("inventory",), ("providers",)):
        told = elsewhere.run("interop", *words, code=1 if words == ("inventory",) else 0)
        assert "pip install 'interop-broker[aws]'" in told
        assert "Traceback" not in told


def test_the_memory_provider_needs_nothing_more(elsewhere: Elsewhere) -> None:
    script = (
        "import broker; from broker.adapter import Account;"
        "print(broker.open(Account(name='m', kind='memory', settings={'path': 'm'})).instances())"
    )
    assert elsewhere.run("python", "-c", script).strip() == "[]"


def test_the_wheel_has_the_data_and_types_and_no_tests(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(
        ["git", "ls-files", "broker", "adapters", "mappings"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert set(tracked) <= held
    assert {"broker/py.typed", "adapters/py.typed"} <= held
    assert not [name for name in held if name.startswith(("tests", "examples", "docs"))]


def test_the_source_archive_can_be_tested(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"Makefile", "LICENSE", "requirements.lock", "tests/test_wheel.py"} <= names
