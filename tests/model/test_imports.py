"""Names of the model are where its package says, and imported when they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from broker import model

CODE = """
import sys
from broker.model import Offer, Size
loaded = sorted(name for name in sys.modules if name.startswith("broker.model."))
assert loaded == ["broker.model.base", "broker.model.size"], loaded
"""


@pytest.mark.parametrize("name", model.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(model, name) is not None


def test_a_name_that_is_not_there_is_told() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Sizes'"):
        model.Sizes  # noqa: B018  the look-up is what is tested


def test_a_size_needs_no_firewalls() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)
