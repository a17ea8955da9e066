"""A file of workloads: what it means, and what is wrong with it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from broker.catalog import Catalogue, Market, Place, onprem
from broker.errors import ConfigError
from broker.placement import moves, place
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
    "space_per_month": 0, "staff_per_month": 0, "licences_per_year": 0, "egress_per_gib": 0,
    "storage": [{"kind": "ssd", "price": 2000, "years": 4, "usable_gib": 4000, "watts": 0}],
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


CHOICES = """
places:
  - {place: aws/us-east-1, zones: [us-east-1a, us-east-1b], account: prod}
workloads:
  - {name: stays, size: 4x16, years: 3, os: windows, old_generations: true}
  - {name: comes, size: 4x16, cpu_p95: 0.2, memory_p95: 0.2}
  - {name: apart, size: 2x8, count: 2, spread: zone, at: azure/eastus, machines: [az/a, az/b]}
"""


def test_reservations_systems_zones_and_measured_use(stocked: Catalogue, tmp_path: Path) -> None:
    told = read(written(tmp_path, CHOICES), stocked)
    found = place(told.problem)
    at = {each.workload: each.option for each in found.placed}
    assert ":reserved_3y@" in at["stays"]
    assert ":reserved" not in at["comes"]
    assert told.problem.workload("comes").need.size.vcpus == 1
    assert len({each.option for each in found.placed if each.workload == "apart"}) == 2
    (bare,) = [option for option in told.problem.options if option.id == at["stays"]]
    licence = Market(stocked, Place.parse("aws/us-east-1")).price("licence:windows:vcpu")
    assert licence is not None
    assert bare.offer is not None
    assert bare.systems["windows"] == bare.offer.size.vcpus * licence.amount * 730


def test_named_machines_move_and_the_others_are_told(stocked: Catalogue, tmp_path: Path) -> None:
    told = read(written(tmp_path, CHOICES), stocked)
    found = place(told.problem)
    implied = moves(told.problem, found, told.accounts)
    assert [(each.machine, each.target) for each in implied.requests] == [
        ("az/a", "prod"),
        ("az/b", "prod"),
    ]
    assert implied.unnamed == ()
    sizes = {option.id: option.offer.id for option in told.problem.options if option.offer}
    assert {each.options.size for each in implied.requests} == {
        sizes[each.option] for each in found.placed if each.workload == "apart"
    }
    nowhere = moves(told.problem, found, {})
    assert nowhere.requests == ()
    assert nowhere.unnamed[0] == "the account at aws/us-east-1 that az/a goes to"


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
        ("size: 2x4", 'size: "0x4"', 'web: "0x4" asks for nothing'),
        ("size: 2x4", "size: 2x4\n    os: windos", "Did you mean windows"),
        ("size: 2x4", "size: 2x4\n    memory_p95: 0", "memory_p95"),
        (
            "site: office",
            "site: offce",
            "db: latency_ms does not tell of the site offce. Did you mean office",
        ),
        ("  - azure/westeurope", "  - lab/rack", "the place lab/rack is there twice"),
        ("at: aws/eu-central-1", "at: azure/koreasouth", "Say moving_cost"),
        ("budget: 900", "currency: EUR", "have no price in EUR (some in USD)"),
        ("size: 2x4", "size: 0x4", "workloads.0.size: a size is written 2x4"),
        ("budget: 900", "budget: 900\nbudget: 9", '"budget" is there twice'),
        ("count: 3", "count: 3\n    count: 4", 'yaml:19: "count" is there twice'),
        ("size: aws/r5.xlarge", "size: aws/r5.xlrge", "Did you mean r5.xlarge"),
        ("- azure/westeurope", "- azure/westeurop", "Did you mean azure/westeurope"),
        ("{place: aws/eu-central-1, vcpus", "{place: aws/eu-west-1, vcpus", "not among the places"),
        ("to: db", "to: cache", "there is no workload cache"),
        ("name: db", "name: web", "two workloads are called web"),
        ("together: true", "together: false", "a group says together"),
        ("machine: aws-eu/db-1", "machines: [a/b, a/c]", "more machines than its count of 1"),
        ("machine: aws-eu/db-1", "machine: a/b\n    machines: [a/b]", "not both"),
        ("disk_gib: 100", "years: -1", "years"),
        ("disk_gib: 100", "cpu_p95: 30", "cpu_p95"),
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


def test_what_has_no_price_is_told_and_not_in_question(stocked: Catalogue, tmp_path: Path) -> None:
    euro = onprem.Own.model_validate({"site": [SITE | {"place": "lab/euro", "currency": "EUR"}]})
    euro.keep(stocked, "own.toml")
    text = "places: [lab/euro, aws/eu-central-1]\nworkloads: [{name: web, size: 2x4}]\n"
    told = read(written(tmp_path, text), stocked)
    hosts, sizes = told.left_out
    assert hosts == "the hosts of lab/euro have no price in USD (some in EUR)"
    assert sizes.endswith(" sizes of aws/eu-central-1 have no price")
    assert {option.place for option in told.problem.options} == {"aws/eu-central-1"}
