"""The tiny guest, for tests that boot it."""

import os
from pathlib import Path

import pytest

from tests.boot.guest import build

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def micro() -> Path:
    """The guest's disk, built when its recipe changed. Read it, never write it."""
    state = Path(os.environ.get("INTEROP_STATE", REPOSITORY / ".state"))
    image = state / "guest" / "micro.qcow2"
    build.main(image)
    return image
