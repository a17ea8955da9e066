"""The same figures, whatever the report is written as."""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from broker.catalog import Catalogue, Place
from broker.cost import Machine, Report, compare
from broker.cost.files import read
from broker.cost.focus import write_focus
from broker.cost.page import as_html
from broker.cost.tables import write_csv, write_json
from broker.errors import ConfigError
from broker.model import Host
from tests.cost import focus_spec

TABLE = """name;place;size;os;state;disks;addresses;egress_gib;labels
web-1;aws/eu-central-1;m5.large;linux;running;gp3:50 20;1;300;team=web
<script>;aws/eu-central-1;4x16;windows;deallocated;;;;
=cmd();azure/westeurope;Standard_D2s_v5;;;premium_ssd:100;;;team=ä
"""


def told(found: Sequence[Machine]) -> list[Machine]:
    """The machines with no more traffic or snapshots than the table tells."""
    return [machine.completed(egress_gib=0, snapshots_gib=0) for machine in found]


def machines(tmp_path: Path, text: str = TABLE, name: str = "machines.csv") -> Path:
    file = tmp_path / name
    file.write_text(text, "utf-8-sig")
    return file


@pytest.fixture
def report(catalogue: Catalogue, tmp_path: Path) -> Report:
    found = read(machines(tmp_path), catalogue, {})
    return compare(found, [Place.parse("azure/eastus")], catalogue=catalogue)


def test_a_table_of_machines_is_read(catalogue: Catalogue, tmp_path: Path) -> None:
    web, script, cmd = read(machines(tmp_path), catalogue, {})
    assert (web.offer, web.addresses, web.egress_gib) == ("m5.large", 1, Decimal(300))
    assert [(disk.kind, disk.gib) for disk in web.disks] == [
        ("gp3", Decimal(50)),
        (None, Decimal(20)),
    ]
    assert (script.offer, script.size.vcpus, script.billed, script.os) == (
        None,
        4,
        False,
        "windows",
    )
    assert cmd.labels == {"team": "ä"}


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("x;aws/eu-central-1;m5.lrge;;;;;;", "machines.csv:2: no catalogue knows a size m5.lrge"),
        ("x;frankfurt;m5.large;;;;;;", 'machines.csv:2: "frankfurt" is no place'),
        ("x;aws/eu-central-1;0x4;;;;;;", "asks for nothing"),
        ("x;aws/eu-central-1;m5.large;;sleeping;;;;", 'unknown state "sleeping"'),
        ("x;aws/eu-central-1;m5.large;;;gp3;;;", '"gp3" is no disk'),
        ("x;aws/eu-central-1;m5.large;;;;-1;;", "machines.csv:2: addresses"),
        ("x;aws/eu-central-1;m5.large;;;;;much;", "machines.csv:2: egress_gib"),
        (";aws/eu-central-1;m5.large;;;;;;", "machines.csv:2: name"),
    ],
)
def test_a_bad_row_is_told(catalogue: Catalogue, tmp_path: Path, row: str, complaint: str) -> None:
    file = machines(tmp_path, f"{TABLE.splitlines()[0]}\n{row}\n")
    with pytest.raises(ConfigError) as told:
        read(file, catalogue, {})
    assert complaint in str(told.value)


def test_json_of_machines_names_the_key_at_fault(catalogue: Catalogue, tmp_path: Path) -> None:
    one = {
        "name": "a",
        "place": {"provider": "aws", "region": "eu-central-1"},
        "size": {"vcpus": 2, "memory": 4096},
        "hours": "100",
    }
    good = machines(tmp_path, json.dumps({"machines": [one]}), "good.json")
    assert read(good, catalogue, {})[0].hours == 100
    bad = machines(tmp_path, json.dumps({"machines": [one | {"adresses": 1}]}), "bad.json")
    with pytest.raises(ConfigError, match=r'"machines.0.adresses"\. Did you mean addresses'):
        read(bad, catalogue, {})


def test_csv_and_json_tell_the_same_total(report: Report) -> None:
    text = io.StringIO()
    write_csv(report, text)
    rows = list(csv.DictReader(io.StringIO(text.getvalue())))
    for scenario, column in (("now", report.now), ("azure/eastus", report.targets[0])):
        amounts = [row["amount"] for row in rows if row["scenario"] == scenario]
        known = sum(Decimal(amount) for amount in amounts if amount)
        assert known == column.monthly.amount + column.one_off.amount
        assert ("" in amounts) == (not (column.monthly.exact and column.one_off.exact))
    written = io.StringIO()
    write_json(report, written)
    document = json.loads(written.getvalue())
    assert Decimal(document["scenarios"][0]["monthly"]["amount"]) == report.now.monthly.amount
    assert {row["machine"] for row in rows} >= {"'=cmd()"}, "no formula for a spreadsheet"
    every = [line for one in document["scenarios"][0]["machines"] for line in one["lines"]]
    assert all(line["source"] and line["as_of"] for line in every if line["amount"])


def test_focus_has_its_columns_and_says_what_it_left_out(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    found = read(
        machines(tmp_path, TABLE + "x;aws/eu-central-1;m5.large;;;holo:9;;;\n"), catalogue, {}
    )
    report = compare(told(found), [], catalogue=catalogue)
    text = io.StringIO()
    assert write_focus(report, text, datetime.date(2026, 12, 24)) == 1
    rows = list(csv.DictReader(io.StringIO(text.getvalue())))
    assert set(rows[0]) == set(focus_spec.COLUMNS)
    assert sum(Decimal(row["BilledCost"]) for row in rows) == report.now.monthly.amount
    first = rows[0]
    assert first["BillingPeriodStart"] == "2026-12-01T00:00:00Z"
    assert first["BillingPeriodEnd"] == "2027-01-01T00:00:00Z"
    assert json.loads(first["Tags"]) == {"team": "web"}
    assert [fault for row in rows for fault in focus_spec.faults(row)] == []
    for row in rows:
        exact = Decimal(row["ListUnitPrice"]) * Decimal(row["PricingQuantity"])
        assert round(exact, 9) == round(Decimal(row["ListCost"]), 9)


def test_what_a_reservation_covers_names_it(catalogue: Catalogue, tmp_path: Path) -> None:
    text = (
        "name,place,size,os,plan,disks,addresses,egress_gib,snapshots_gib,labels\n"
        "r,aws/us-east-1,m5.large,,reserved_3y,gp3:50.5:4000:250,1,300.25,20,team=web x=1\n"
        "w,aws/us-east-1,m5.large,windows,on_demand,,,,,\n"
    )
    found = read(machines(tmp_path, text), catalogue, {})
    written = io.StringIO()
    assert (
        write_focus(compare(told(found), catalogue=catalogue), written, datetime.date(2026, 2, 1))
        == 0
    )
    rows = list(csv.DictReader(io.StringIO(written.getvalue())))
    assert [fault for row in rows for fault in focus_spec.faults(row)] == []
    covered = [row for row in rows if row["CommitmentDiscountId"]]
    assert [row["ResourceName"] for row in covered] == ["r"], "its disks are not covered"
    broken = covered[0] | {"CommitmentDiscountStatus": "", "BilledCost": "12 USD"}
    assert len(focus_spec.faults(broken)) == 2, "the check can fail"


def test_the_page_needs_nothing_else_and_lets_nothing_in(report: Report) -> None:
    page = as_html(report, title="Kosten <2026>")
    assert "default-src 'none'" in page
    addresses = set(re.findall(r"https?://[^\"'\s<]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}, "a name of XML, never fetched"
    assert not re.search(r"<(link|img|iframe)\b|@import|url\(", page)
    assert "Kosten &lt;2026&gt;" in page
    assert page.count("<script>") == 1, "a machine's name is no markup"
    assert "&lt;script&gt;" in page
    assert "$" not in re.sub(r"\$\{", "", page), "every place in the template was filled"


def drawn(page: str) -> dict[str, Any]:
    """What the plots of a page are drawn from."""
    found = re.search(r"const data = (\{.*\});$", page, re.MULTILINE)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_the_verdict_claims_no_more_than_is_known(catalogue: Catalogue, tmp_path: Path) -> None:
    untold = read(machines(tmp_path), catalogue, {})
    east = Place.parse("azure/eastus")
    page = as_html(compare(untold, [east], catalogue=catalogue))
    assert "which is cheaper cannot be said for certain" in page
    bare = [machine.model_copy(update={"disks": ()}) for machine in told(untold[:1])]
    known = as_html(compare(bare, [east], catalogue=catalogue))
    assert "for certain" not in known
    assert re.search(r"Moving there has paid for itself after [\d.]+ months", known)


def test_the_verdict_tells_what_is_certain_where_the_cheapest_is_not(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    text = (
        "name,place,size,disks,addresses,egress_gib,snapshots_gib\n"
        "web,aws/eu-central-1,m5.4xlarge,gp3:50,1,0,0\n"
    )
    found = read(machines(tmp_path, text), catalogue, {})
    catalogue.put_hosts(Place.parse("kvm/lab"), [Host(id="h", vcpus=64, memory=262144)])
    places = [Place.parse("kvm/lab"), Place.parse("aws/us-east-1")]
    unsure, sure = compare(found, places, catalogue=catalogue).targets
    assert unsure.monthly.amount < sure.monthly.amount, "nobody told what the hosts cost"
    page = as_html(compare(found, places, catalogue=catalogue))
    assert "cannot be said for certain. Certain is that moving to <b>aws/us-east-1</b>" in page


def test_plots_mark_bounds_and_keep_apart_what_the_sliders_move(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    text = (
        "name,place,size,plan,disks,egress_gib,snapshots_gib\n"
        "kept,aws/us-east-1,m5.large,reserved_3y,gp3:50,0,0\n"
        "sends,aws/us-east-1,m5.large,on_demand,gp3:50,300,0\n"
    )
    found = read(machines(tmp_path, text), catalogue, {})
    west = Place.parse("azure/westeurope")
    data = drawn(as_html(compare(found, [west], catalogue=catalogue)))
    now = data["columns"][0]
    assert round(now["compute"], 4) == 730 * 0.096, "what is reserved is paid while it is off"
    assert round(now["egress"], 4) == 200 * 0.09
    bounds = {bar["name"]: bar["bound"] for bar in data["machines"]}
    assert bounds == {"kept": [False, True], "sends": [False, False]}
    assert data["providers"][0]["bound"] == [False, True]
