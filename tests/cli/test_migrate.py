"""``interop migrate``: a plan is shown before anything changes, and a failure says how to go on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from broker import migrate
from broker.cli.migrate.watch import Lines
from broker.errors import NotFound, QuotaExceeded
from broker.model import Power
from tests.cli.conftest import OFFERS, World


@pytest.fixture
def planned(interop: World) -> Path:
    """Return the file of a plan to move ``lab/web-1`` to ``eu`` as ``moved``."""
    interop.machine("web-1")
    file = interop.folder / "plan.json"
    answer = interop("migrate", "plan", "lab/web-1", "eu", "--name", "moved", "-o", str(file))
    assert answer.code == 0, answer.err
    return file


def power(interop: World, name: str, account: str = "lab") -> Power:
    (found,) = [one for one in interop.open(account).instances() if one.name == name]
    return found.state.power


def test_a_plan_shows_losses_size_and_steps_and_changes_nothing(interop: World) -> None:
    interop.machine("web-1")
    file = interop.folder / "plan.json"
    answer = interop("migrate", "plan", "lab/web-1", "eu", "-o", str(file))
    assert answer.code == 0
    assert "LOSS\tHOW\tBEFORE\tAFTER\tWHY" in answer.out
    assert "size: 1 vCPU, 512 MiB (small): " in answer.out
    assert "2\tstop the source" in answer.out
    assert f"interop migrate apply {file}" in answer.err
    assert power(interop, "web-1") is Power.RUNNING
    assert interop("inventory", "eu").rows == []


def test_a_dry_run_writes_no_plan(interop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    interop.machine("web-1")
    monkeypatch.chdir(interop.folder)
    before = sorted(interop.folder.iterdir())
    assert interop("migrate", "plan", "lab/web-1", "eu", "--dry-run").code == 0
    assert [path for path in sorted(interop.folder.iterdir()) if path.suffix == ".json"] == []
    assert set(before) <= set(interop.folder.iterdir())


def test_strict_tells_of_losses_by_its_exit_code(interop: World) -> None:
    interop.write(
        f'[accounts.bare]\nkind = "memory"\npath = "{interop.folder / "bare"}"\n{OFFERS}'
        "limits = { labels = { max_count = 0, max_key = 1, max_value = 1 } }\n"
    )
    interop.machine("web-1")
    strictly = ("--dry-run", "--strict")
    assert interop("migrate", "plan", "lab/web-1", "bare", *strictly).code == 3
    assert interop("migrate", "plan", "lab/web-1", "eu", *strictly).code == 0


def test_the_plan_as_json_is_the_file(interop: World) -> None:
    interop.machine("web-1")
    file = interop.folder / "plan.json"
    answer = interop("migrate", "plan", "lab/web-1", "eu", "-o", str(file), "--json")
    assert answer.json == json.loads(file.read_text())


def test_a_blocking_loss_is_shown_and_no_plan_is_written(interop: World) -> None:
    interop.write(
        f'[accounts.old]\nkind = "memory"\npath = "{interop.folder / "old"}"\n'
        'limits = { firmware = ["uefi"] }\n'
    )
    interop.machine("web-1")
    file = interop.folder / "plan.json"
    answer = interop("migrate", "plan", "lab/web-1", "old", "-o", str(file))
    assert answer.code == 1
    assert "BLOCKING" in answer.out
    assert "cannot be moved as it is, because of: firmware" in answer.err
    assert not file.exists()


def test_apply_moves_proves_and_reports(interop: World, planned: Path) -> None:
    answer = interop("migrate", "apply", str(planned), "--yes")
    assert answer.code == 0, answer.err
    assert "read back equal, root" in answer.out
    assert "copy disk root: done in" in answer.err
    assert power(interop, "moved", "eu") is Power.RUNNING
    assert power(interop, "web-1") is Power.STOPPED
    assert interop("migrate", "report", str(planned)).out == answer.out
    assert interop("migrate", "report", str(planned), "--json").json["status"] == "done"


def test_apply_asks_after_it_showed_the_plan(interop: World, planned: Path) -> None:
    answer = interop("migrate", "apply", str(planned))
    assert answer.code == 2
    assert "Say --yes" in answer.err
    assert "stop the source" in answer.out
    assert power(interop, "web-1") is Power.RUNNING


def test_undo_takes_all_of_it_back(interop: World, planned: Path) -> None:
    interop("migrate", "apply", str(planned), "--yes")
    plan_id = json.loads(planned.read_text())["id"]
    planned.unlink()
    assert interop("migrate", "undo", plan_id, "--dry-run").code == 0
    assert power(interop, "moved", "eu") is Power.RUNNING
    assert interop("migrate", "undo", plan_id, "--yes").code == 0
    assert power(interop, "web-1") is Power.RUNNING
    assert interop.open("eu").instances() == []
    assert interop.open("eu").networks() == []


def test_a_failure_starts_the_source_and_says_how_to_go_on(interop: World, planned: Path) -> None:
    text = interop.accounts.read_text()
    interop.accounts.write_text(text + "quotas = { instances = 0 }\n")  # eu is the last table
    answer = interop("migrate", "apply", str(planned), "--yes")
    assert answer.code == 1
    assert "Traceback" not in answer.err
    assert "the source lab/web-1 is running" in answer.err
    assert "kept: disk root" in answer.err
    assert "to go on: interop migrate apply" in answer.err
    assert power(interop, "web-1") is Power.RUNNING
    interop.accounts.write_text(text)
    assert interop("migrate", "apply", str(planned), "--yes").code == 0


def test_ctrl_c_leaves_with_130_and_says_what_was_kept(
    interop: World, planned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Lines, event: migrate.Event) -> None:
        if isinstance(event, migrate.StepStarted) and event.step.do == "verify_disk":
            raise KeyboardInterrupt

    monkeypatch.setattr(Lines, "__call__", interrupted)
    answer = interop("migrate", "apply", str(planned), "--yes")
    assert answer.code == 130
    assert answer.err.count("interrupted") == 1
    assert "to go on: interop migrate apply" in answer.err
    assert power(interop, "web-1") is Power.RUNNING


def test_an_edited_plan_is_refused(interop: World, planned: Path) -> None:
    planned.write_text(planned.read_text().replace("moved", "stolen"))
    answer = interop("migrate", "apply", str(planned), "--yes")
    assert answer.code == 2
    assert "was edited" in answer.err
    assert power(interop, "web-1") is Power.RUNNING


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plan", "lab/web-2", "eu"), "Did you mean web-1?"),
        (("plan", "lab/web-1", "eu-1"), "no account eu-1"),
        (("plan", "lab/web-1", "eu", "--network", "a", "--network", "b"), "HERE=THERE"),
        (("plan", "lab/web-1", "eu", "--network", "nowhere"), "nowhere"),
        (("plan", "lab/web-1", "eu", "-o", "/nowhere/plan.json"), "cannot be written"),
        (("apply", "nowhere.json", "-y"), "there is no plan at nowhere.json"),
        (("report", "nowhere"), "there is no plan at nowhere"),
    ],
)
def test_wrong_requests(interop: World, words: tuple[str, ...], told: str) -> None:
    interop.machine("web-1")
    answer = interop("migrate", *words)
    assert answer.code == 2
    assert told in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound("no network net-1", provider="lab"), 1),  # it went away in between
        (NotFound("there is no machine web-2 in lab"), 2),  # it never was
    ],
)
def test_what_a_provider_has_lost_is_no_wrong_request(
    interop: World, planned: Path, monkeypatch: pytest.MonkeyPatch, error: NotFound, code: int
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(migrate, "apply", lost)
    assert interop("migrate", "apply", str(planned), "--yes").code == code


def test_notes_of_an_error_are_told(interop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        error = QuotaExceeded("the account is full", code="InstanceLimitExceeded", request_id="r-1")
        error.add_note("kept: disk root")
        raise error

    interop.machine("web-1")
    monkeypatch.setattr(migrate, "plan", full)
    answer = interop("migrate", "plan", "lab/web-1", "eu")
    assert answer.code == 1
    assert answer.err.splitlines() == [
        "interop: the account is full (InstanceLimitExceeded request r-1)",
        "kept: disk root",
    ]
