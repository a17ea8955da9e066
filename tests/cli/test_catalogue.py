"""``interop catalogue`` as people use it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import World


@pytest.fixture(autouse=True)
def _own_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTEROP_CATALOGUE", str(tmp_path / "catalogue.sqlite"))


def _renamed(file: Path, size: str) -> Path:
    """A price list as another, of a size with another name."""
    other = file.with_name("other.csv")
    other.write_text(file.read_text("utf-8-sig").replace("m5.large", size))
    return other


def test_a_list_of_ones_own_is_taken_in_and_believed(interop: World, tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(
        "provider;region;item;unit;currency;amount;source\n"
        "aws;eu-central-1;compute:on_demand:linux:m5.large;hour;USD;0.07;contract\n",
        "utf-8-sig",
    )
    assert interop("catalogue", "import", str(file), "--json").json == {"imported": 1}
    strange = interop("catalogue", "import", str(_renamed(file, "m5.lrage")))
    assert "no catalogue knows a size m5.lrage of aws. Did you mean m5.large" in strange.err
    shown = interop("catalogue", "show", "aws/eu-central-1", "compute:on_demand:linux:m5.large")
    assert shown.rows[0][1:4] == ["0.07 USD", "hour", "contract"]
    ages = interop("catalogue", "age", "--json").json
    assert {"aws"} <= {each["place"]["provider"] for each in ages}


def test_an_accounts_sizes_are_refreshed(interop: World) -> None:
    assert interop("catalogue", "refresh", "--account", "lab").code == 0
    assert "memory/lab" in {row[0] for row in interop("catalogue", "show").rows}


def test_mistakes_are_one_line_and_code_2(interop: World, tmp_path: Path) -> None:
    nothing = interop("catalogue", "refresh")
    assert nothing.code == 2
    assert "nothing to refresh" in nothing.err
    unknown = interop("catalogue", "show", "aws/eu-centrl-1")
    assert unknown.code == 2
    assert "Did you mean aws/eu-central-1" in unknown.err
    nobody = interop("catalogue", "refresh", "nimbus/x")
    assert nobody.code == 2
    assert "nobody knows how to read prices of nimbus" in nobody.err
    missing = interop("catalogue", "import", str(tmp_path / "none.csv"))
    assert missing.code == 2


def test_a_size_is_mapped_with_its_reason(interop: World) -> None:
    told = interop("size", "map", "4x16", "--to", "aws/eu-central-1", "--to", "azure/westeurope")
    assert told.code == 0
    assert [row[0] for row in told.rows] == ["aws/eu-central-1", "azure/westeurope"]
    assert all("the cheapest of" in row[4] for row in told.rows)
    assert "days old" in told.err
    euro = interop("size", "map", "4x16", "--to", "aws/eu-central-1", "--currency", "EUR")
    assert "prices of aws/eu-central-1 in USD were not used" in euro.err
    traced = interop("size", "map", "aws/m5.xlarge", "--to", "azure/westeurope", "--json").json
    assert traced[0]["prices"][0]["source"]


def test_what_fits_nowhere_is_code_3(interop: World) -> None:
    told = interop("size", "map", "4x16", "--to", "azure/westeurope", "--gpus", "99")
    assert told.code == 3
    assert "too few GPUs" in told.rows[0][4]
    wrong = interop("size", "map", "4x16", "--to", "azure/westeurope", "--arch", "x86-64")
    assert wrong.code == 2
    assert "Did you mean x86_64" in wrong.err


def test_a_machine_is_mapped_by_its_name(interop: World, tmp_path: Path) -> None:
    interop.machine("web-1")
    command = ("size", "map", "lab/web-1", "--to", "aws/eu-central-1")
    told = interop(*command)
    assert told.code == 0
    assert "Needed: 1 vCPU, 512 MiB (x86_64)" in told.err
    assert "whether the guest starts with" not in told.rows[0][6], "its firmware is known"
    assert interop(*command, "--firmware", "uefi_secure").code == 3
    nobody = interop("size", "map", "lab/wbe-1", "--to", "aws/eu-central-1")
    assert nobody.code == 2
    assert "Did you mean web-1" in nobody.err
    neither = interop("size", "map", "nimbus/web-1", "--to", "aws/eu-central-1")
    assert "no catalogue knows a size web-1 of nimbus" in neither.err


def test_a_machine_of_a_file_is_mapped_by_what_was_measured(interop: World, tmp_path: Path) -> None:
    file = tmp_path / "machines.csv"
    file.write_text(
        "name,place,size,cpu_p95,memory_p95\n"
        "idle,aws/eu-central-1,m5.4xlarge,0.1,0.2\n"
        "busy,aws/eu-central-1,m5.4xlarge,,\n"
    )
    command = ("--to", "azure/westeurope", "-i", str(file), "--json")
    idle = interop("size", "map", "idle", *command).json[0]["match"]["offer"]
    busy = interop("size", "map", "busy", *command).json[0]["match"]["offer"]
    assert (idle["size"]["vcpus"], busy["size"]["vcpus"]) == (2, 16)
    unknown = interop("size", "map", "bsy", *command)
    assert unknown.code == 2
    assert "Did you mean busy" in unknown.err


def with_quota(interop: World, vcpus: str) -> None:
    """Give the account ``eu`` a quota, and let the catalogue know what it sells."""
    accounts = interop.accounts.read_text("utf-8")
    before, eu, after = accounts.partition("[accounts.eu]\n")
    interop.accounts.write_text(f"{before}{eu}quotas = {{ {vcpus} }}\n{after}", "utf-8")
    assert interop("catalogue", "refresh", "--account", "eu").code == 0


def test_an_account_as_a_target_brings_its_quota(interop: World) -> None:
    with_quota(interop, "vcpus = 4")
    command = ("size", "map", "2x4", "--to", "eu", "--json")
    assert interop(*command).json[0]["match"]["offer"]["id"] == "large"
    interop.machine("web-1", "eu")  # and 3 vCPUs are left
    told = interop(*command)
    assert told.code == 3
    assert told.json[0]["match"]["lacked"] == {
        "more vCPUs than the quota leaves": 1,
        "too little memory": 1,
    }
    smaller = interop("size", "map", "1x0.5", "--to", "eu", "--json").json
    assert smaller[0]["match"]["offer"]["id"] == "small"


def test_a_quota_somebody_names_counts_instead(interop: World) -> None:
    with_quota(interop, "vcpus = 1")
    command = ("size", "map", "2x4", "--to", "eu")
    assert interop(*command).code == 3
    assert interop(*command, "--vcpu-quota", "4").code == 0
    assert interop(*command, "--vcpu-quota", "0").code == 3
    accounts = interop.accounts.read_text("utf-8")
    faults = 'faults = [{ kind = "wrong_credentials" }]'
    interop.accounts.write_text(
        accounts.replace("[accounts.eu]", f"[accounts.eu]\n{faults}"), "utf-8"
    )
    assert interop(*command, "--vcpu-quota", "4").code == 0, "the account is not asked then"
    assert interop(*command).code == 2


def test_an_account_without_a_quota_has_none(interop: World) -> None:
    with_quota(interop, "instances = 4")
    assert interop("size", "map", "2x4", "--to", "eu").code == 0


def test_each_target_has_its_own_quota(interop: World) -> None:
    with_quota(interop, "vcpus = 1")
    told = interop("size", "map", "2x4", "--to", "eu", "--to", "azure/westeurope", "--json")
    assert [each["match"]["offer"] is not None for each in told.json] == [False, True]


def test_a_target_that_is_nothing_is_refused(interop: World) -> None:
    told = interop("size", "map", "2x4", "--to", "ey")
    assert told.code == 2
    assert "neither a place nor an account" in told.err
    assert "There are eu, lab" in told.err


def test_mapping_a_size_loads_no_adapters_and_no_costs(tmp_path: Path) -> None:
    program = """
import sys
from broker.cli.app import app
app(["size", "map", "4x16", "--to", "aws/eu-central-1"], standalone_mode=False)
print(*sys.modules, file=sys.stderr)
"""
    told = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"INTEROP_CONFIG": str(tmp_path / "none.toml")},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(told.stderr.split())
    assert "broker.sizing" in loaded
    assert not loaded & {"broker.adapter", "broker.registry", "broker.cost", "numpy", "concurrent"}
