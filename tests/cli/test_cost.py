"""``interop cost`` as people use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import World

MACHINES = (
    "name,place,size,disks,labels\n"
    "web,aws/eu-central-1,m5.large,gp3:50,team=web\n"
    "db,aws/eu-central-1,r5.xlarge,gp3:200,team=data\n"
)


@pytest.fixture(autouse=True)
def _own_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTEROP_CATALOGUE", str(tmp_path / "catalogue.sqlite"))


@pytest.fixture
def machines(tmp_path: Path) -> str:
    file = tmp_path / "machines.csv"
    file.write_text(MACHINES)
    return str(file)


def test_totals_by_place_machine_and_label(interop: World, machines: str) -> None:
    command = (
        "cost", "compare", "-i", machines, "--to", "azure/westeurope",
        "--egress", "0", "--snapshots", "0",
    )  # fmt: skip
    totals = interop(*command)
    assert "nobody tells" not in totals.err
    untold = interop(*command[:-4])
    assert untold.rows[0][1].startswith("≥ ")
    assert "the traffic of 2 machines (an inventory file, or --egress)" in untold.err
    assert totals.code == 0
    assert [row[0] for row in totals.rows] == ["now", "azure/westeurope"]
    assert totals.rows[1][2].startswith("≥ "), "nobody says what writing blocks there costs"
    assert "days old" in totals.err
    by_machine = interop(*command, "--by", "machine")
    assert by_machine.rows[0][:2] == ["web", "88.71 USD (m5.large)"]
    assert [row[0] for row in interop(*command, "--by", "team").rows] == ["data", "web"]
    groups = interop(*command, "--by", "team", "--json").json
    assert [each["name"] for each in groups["groups"]] == ["data", "web"]
    assert groups["groups"][1]["totals"]["now"]["amount"] == "88.7100"
    assert "machines" not in groups["scenarios"][0], "a summary, however many machines there are"
    three = interop(*command, "--by", "machine", "--three-years")
    assert three.rows[0][:2] == ["web", "3,193.56 USD (m5.large)"]


def test_many_machines_that_cannot_go_do_not_fill_the_screen(
    interop: World, tmp_path: Path
) -> None:
    file = tmp_path / "many.csv"
    rows = (f"m{number},aws/us-east-1,9999x99\n" for number in range(25))
    file.write_text("name,place,size\n" + "".join(rows))
    told = interop("cost", "compare", "-i", str(file), "--to", "azure/eastus")
    assert told.err.count(" cannot be at azure/eastus: no size on offer") == 20
    assert "5 more machines cannot be at azure/eastus" in told.err


def test_accounts_are_priced_as_they_are(interop: World) -> None:
    interop.machine("web-1")
    interop("catalogue", "refresh", "--account", "lab")
    told = interop("cost", "compare", "lab", "--to", "aws/eu-central-1")
    assert told.code == 0
    assert told.rows[0][1].startswith("≥ 0.00"), "the memory cloud has no price list"
    assert "now: ≥ 0.00 USD, " in told.err
    assert "the system of 1 machine (an inventory file, or --os)" in told.err


@pytest.mark.parametrize("name", ["r.html", "r.csv", "r.json"])
def test_a_report_is_a_file(interop: World, machines: str, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    told = interop("cost", "report", "-i", machines, "-o", str(file), "--to", "azure/eastus")
    assert told.code == 0
    assert "2 machines, " in told.err
    assert "m5.large" in file.read_text("utf-8")


def test_focus_is_a_month(interop: World, machines: str, tmp_path: Path) -> None:
    file = tmp_path / "focus.csv"
    command = ("cost", "report", "-i", machines, "-o", str(file), "--focus")
    assert interop(*command, "--month", "2026-02").code == 0
    assert "2026-03-01T00:00:00Z" in file.read_text()
    assert interop(*command, "--month", "February").code == 2
    assert interop("cost", "report", "-i", machines, "-o", str(tmp_path / "x.pdf")).code == 2


def test_an_estimate_shows_every_line_and_its_source(interop: World) -> None:
    told = interop("cost", "estimate", "2x8", "--at", "aws/eu-central-1", "--disk", "gp3:100")
    assert told.code == 0
    assert [row[1].partition(",")[0] for row in told.rows] == ["compute", "disk"]
    assert all(row[6] and row[7] for row in told.rows)
    nothing = interop("cost", "estimate", "9999x8", "--at", "azure/westeurope", "--json")
    assert nothing.code == 3
    assert nothing.json[0]["blocked"]


def test_what_inventory_printed_is_an_inventory(interop: World, tmp_path: Path) -> None:
    interop.machine("web-1")
    interop("catalogue", "refresh", "--account", "lab")
    file = tmp_path / "inventory.json"
    file.write_text(interop("inventory", "lab", "--json").out)
    told = interop(
        "cost", "compare", "-i", str(file), "--to", "aws/eu-central-1", "--by", "provider"
    )
    assert told.code == 0
    assert told.rows[0][0] == "memory"
    assert told.rows[0][2].endswith(" USD")


ABSENT = "aws/eu-south-1 does not offer p4d.24xlarge; it is offered in aws/eu-central-1, "


@pytest.fixture
def absent(tmp_path: Path) -> str:
    """Two machines of a size that their region does not have."""
    file = tmp_path / "absent.csv"
    row = "aws/eu-south-1,p4d.24xlarge,0,0"
    file.write_text(f"name,place,size,egress_gib,snapshots_gib\ngpu-1,{row}\ngpu-2,{row}\n")
    return str(file)


def test_a_size_that_is_not_offered_where_a_machine_is_said_to_be_is_told(
    interop: World, absent: str, tmp_path: Path
) -> None:
    told = interop("cost", "compare", "-i", absent)
    assert told.code == 0
    assert f"interop: {ABSENT}" in told.err
    assert "(gpu-1 and 1 more)" in told.err
    document = interop("cost", "compare", "-i", absent, "--json").json
    assert document["not_offered"][0].startswith(ABSENT)
    machines = document["scenarios"][0]["machines"]
    assert [one["not_offered"].startswith(ABSENT) for one in machines] == [True, True]
    for name in ("r.csv", "r.html"):
        file = tmp_path / name
        assert interop("cost", "report", "-i", absent, "-o", str(file)).code == 0
        assert ABSENT in file.read_text("utf-8")


def test_a_size_that_is_not_offered_is_told_wherever_it_is_named(
    interop: World, absent: str, tmp_path: Path
) -> None:
    named = "aws/eu-south-1/p4d.24xlarge"
    to = ("--to", "aws/eu-central-1")
    assert ABSENT in interop("size", "map", named, *to).err
    assert interop("size", "map", named, *to, "--json").json[0]["not_offered"].startswith(ABSENT)
    assert ABSENT in interop("size", "map", "gpu-1", "-i", absent, *to).err
    assert ABSENT in interop("cost", "estimate", "aws/p4d.24xlarge", "--at", "aws/eu-south-1").err
    assert "not offer" not in interop("size", "map", "aws/eu-central-1/m5.large", *to).err
    misspelled = interop("size", "map", "aws/eu-sooth-1/m5.large", *to)
    assert misspelled.code == 2
    assert "Did you mean aws/eu-south-1" in misspelled.err
    file = tmp_path / "w.yaml"
    file.write_text(
        "places: [aws/eu-central-1]\n"
        "workloads:\n"
        "  - {name: a, size: aws/p4d.24xlarge, at: aws/eu-south-1, moving_cost: 0}\n"
        f"  - {{name: b, size: {named}}}\n"
    )
    told = interop("place", str(file))
    assert f"interop: a: {ABSENT}" in told.err
    assert f"interop: b: {ABSENT}" in told.err
    assert len(interop("place", str(file), "--json").json["not_offered"]) == 2


@pytest.mark.parametrize(("word", "code"), [("windws", 2), ("ubuntu", 2), ("Windows", 0)])
def test_a_system_nothing_is_sold_with_is_refused_wherever_it_is_named(
    interop: World, machines: str, tmp_path: Path, word: str, code: int
) -> None:
    table = tmp_path / "systems.csv"
    table.write_text(f"name,place,size,os\na,aws/eu-central-1,m5.large,{word}\n")
    workloads = tmp_path / "w.yaml"
    workloads.write_text(
        f"places: [aws/eu-central-1]\nworkloads: [{{name: a, size: 2x4, os: {word}}}]\n"
    )
    for command in (
        ("cost", "compare", "-i", machines, "--os", word),
        ("cost", "report", "-i", machines, "--os", word, "-o", str(tmp_path / "r.csv")),
        ("cost", "compare", "-i", str(table)),
        ("cost", "estimate", "2x4", "--at", "aws/eu-central-1", "--os", word),
        ("size", "map", "2x4", "--to", "aws/eu-central-1", "--os", word),
        ("place", str(workloads)),
    ):
        told = interop(*command)
        assert told.code == code, command
        assert (f'there is no system "{word}"' in told.err) == (code == 2)
        if word == "windws":
            assert "Did you mean windows?" in told.err
