"""``interop place`` as people use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import World

WORKLOADS = """
places:
  - {place: aws/eu-central-1, account: aws-eu}
  - azure/westeurope
workloads:
  - {name: web, size: 2x8, count: 2, at: azure/westeurope, machines: [az/web-1], only: [aws]}
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
    size = told.rows[0][2].partition(":")[2]
    assert f"interop migrate plan az/web-1 aws-eu --size {size}\n" in told.err
    assert "does not name a machine of web" in told.err, "there are two, and one has a name"
    assert "days old" in told.err
    document = interop("place", str(file), "--json").json
    assert [each["machine"] for each in document["moves"]["requests"]] == ["az/web-1"]
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


def test_moves_become_plans(interop: World, tmp_path: Path) -> None:
    """The whole way: where it should run, to a plan that could be applied."""
    interop.machine("web-1")
    interop("catalogue", "refresh", "--account", "eu", "--account", "lab")
    prices = tmp_path / "prices.csv"
    prices.write_text(
        "provider,region,item,unit,currency,amount\n"
        "memory,eu,compute:on_demand:linux:small,hour,USD,0.01\n"
        "memory,eu,compute:on_demand:linux:large,hour,USD,0.02\n"
        "memory,lab,compute:on_demand:linux:small,hour,USD,0.05\n"
    )
    interop("catalogue", "import", str(prices))
    file, moves, plans = tmp_path / "w.yaml", tmp_path / "moves.json", tmp_path / "plans"
    file.write_text(
        "places: [memory/lab, memory/eu]\n"
        "workloads: [{name: web, size: 1x0.5, at: memory/lab, machine: lab/web-1}]\n"
    )
    assert interop("place", str(file), "--moves", str(moves)).code == 0
    plans.mkdir()
    interop.network("eu")
    told = interop("migrate", "plan", "--requests", str(moves), "-o", str(plans))
    assert told.code == 0, told.err
    (plan,) = plans.iterdir()
    written = json.loads(plan.read_text())
    assert written["source"]["account"] == "lab"
    assert (written["target"]["account"], written["target"]["size"]["offer"]) == ("eu", "small")
    assert interop("migrate", "apply", str(plan), "--yes").code == 0
    gone = interop("migrate", "plan", "--requests", str(moves), "-o", str(plans))
    assert gone.code == 1, "the name is taken there now, and that is told"
    assert "lab/web-1 to eu: " in gone.err
    moves.write_text('{"requests": [{"machine": "lab/web-1", "traget": "eu"}]}')
    wrong = interop("migrate", "plan", "--requests", str(moves))
    assert wrong.code == 2
    assert "Did you mean target" in wrong.err
    assert interop("migrate", "plan", "lab/web-1").code == 2
