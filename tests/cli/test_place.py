"""``interop place`` as people use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import World

WORKLOADS = """
places:
  - {place: aws/eu-central-1, account: aws-eu}
  - azure/westeurope
workloads:
  - {name: web, size: 2x8, count: 2, at: azure/westeurope, machine: az/web, only: [aws]}
  - {name: db, size: 4x32}
"""


@pytest.fixture(autouse=True)
def _own_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTEROP_CATALOGUE", str(tmp_path / "catalogue.sqlite"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "workloads.yaml"
    path.write_text(WORKLOADS)
    return path


def test_a_placement_and_the_moves_it_implies(interop: World, file: Path) -> None:
    told = interop("place", str(file))
    assert told.code == 0
    assert [row[0] for row in told.rows] == ["web", "db"]
    assert told.rows[0][2].startswith("aws/eu-central-1:")
    assert "interop migrate plan az/web aws-eu\n" in told.err
    assert "days old" in told.err
    document = interop("place", str(file), "--json").json
    assert document["moves"] == ["interop migrate plan az/web aws-eu"]
    assert document["gap"] <= 0.01


def test_why_and_what_changed(interop: World, file: Path, tmp_path: Path) -> None:
    kept = tmp_path / "before.json"
    assert interop("place", str(file), "-o", str(kept)).code == 0
    because = interop("place", str(file), "--why", "web")
    assert because.rows[0][0] == "azure/westeurope"
    assert "web: only at aws" in because.rows[0][3]
    file.write_text(WORKLOADS.replace("4x32", "8x64"))
    changed = interop("place", str(file), "--compare", str(kept))
    assert [row[0] for row in changed.rows] == ["db"]
    assert interop("place", str(file), "--compare", str(file)).code == 2
    assert interop("place", str(file), "--why", "wbe").code == 2


def test_rules_that_contradict_are_code_3(interop: World, file: Path) -> None:
    file.write_text(WORKLOADS + "budget: 50\n")
    told = interop("place", str(file))
    assert told.code == 3
    assert "budget of 50 USD" in {row[0] for row in told.rows}
