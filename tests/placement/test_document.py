"""A file of workloads: what it means, and what is wrong with it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from broker.catalog import Catalogue, onprem
from broker.errors import ConfigError
from broker.placement import place
from broker.placement.document import read

GOOD = """
places:
  - place: aws/eu-central-1
    tags: [eu]
    account: aws-eu
  - azure/westeurope
  - place: lab/rack
    tags: [eu]
budget: 900
quotas:
  - {place: aws/eu-central-1, vcpus: 32}
latency_ms:
  office: {aws/eu-central-1: 9, lab/rack: 1}
groups:
  - {workloads: [web, db], together: true}
traffic:
  - {from: web, to: db, gib: 50}
workloads:
  - name: web
    size: 2x4
    count: 3
    egress_gib: 100
  - name: db
    size: aws/r5.xlarge
    residency: [eu]
    latency: {site: office, ms: 5}
    disk_gib: 100
    at: aws/eu-central-1
    machine: aws-eu/db-1
"""

SITE = {
    "place": "lab/rack", "currency": "USD", "as_of": "2026-11-01", "threads": 64, "hosts": 2,
    "memory_gib": 256, "price": 12000, "years": 4, "watts": 400, "kwh": "0.2", "utilisation": "0.6",
    "storage": [{"kind": "ssd", "price": 2000, "years": 4, "usable_gib": 4000}],
}  # fmt: skip


@pytest.fixture
def stocked(catalogue: Catalogue) -> Catalogue:
    onprem.Own.model_validate({"site": [SITE]}).keep(catalogue, "own.toml")
    return catalogue


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "workloads.yaml"
    file.write_text(text, "utf-8")
    return file


def test_a_file_is_placed_over_clouds_and_own_hosts(stocked: Catalogue, tmp_path: Path) -> None:
    told = read(written(tmp_path, GOOD), stocked)
    found = place(told.problem)
    assert {each.place for each in found.placed} == {"lab/rack"}, "5 ms from the office"
    assert [each.workload for each in found.moves] == ["db"]
    assert told.accounts == {"aws/eu-central-1": "aws-eu"}
    moving = told.problem.workload("db").moving
    assert round(moving, 6) == round(100 * Decimal("912.6") / 10240, 6)  # the mean of its tiers


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("budget: 900", "budgett: 900", 'unknown key "budgett". Did you mean budget'),
        ("egress_gib: 100", "egres_gib: 100", "Did you mean egress_gib"),
        ("{site: office, ms: 5}", "{site: office, m: 5}", "Did you mean ms"),
        ("together: true", "togehter: true", "Did you mean together"),
        ("budget: 900", "budget: -1", "budget"),
        ("budget: 900", "budget: much", "budget"),
        ("count: 3", "count: 0", "count"),
        ("size: 2x4", 'size: "0x4"', "asks for nothing"),
        ("size: 2x4", "size: 0x4", "workloads.0.size"),
        ("size: aws/r5.xlarge", "size: aws/r5.xlrge", "Did you mean r5.xlarge"),
        ("- azure/westeurope", "- azure/westeurop", "Did you mean azure/westeurope"),
        ("{place: aws/eu-central-1, vcpus", "{place: aws/eu-west-1, vcpus", "not among the places"),
        ("to: db", "to: cache", "there is no workload cache"),
        ("name: db", "name: web", "two workloads are called web"),
        ("together: true", "together: false", "a group says together"),
        ("places:", "places: [", "workloads.yaml:"),
        (GOOD, "- a", "no table of workloads"),
        (GOOD, "workloads: []\nplaces: [aws/eu-central-1]", "workloads"),
    ],
)
def test_what_is_wrong_is_told(
    stocked: Catalogue, tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    with pytest.raises(ConfigError, match=r"workloads\.yaml") as told:
        read(written(tmp_path, GOOD.replace(old, new, 1)), stocked)
    assert complaint in str(told.value)
    assert "\n" not in str(told.value)
