"""Commands that change nothing: doctor, providers, accounts, inventory, show, schema."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from broker import registry
from broker.adapter import Account, Adapter
from broker.model import InstanceSpec, StopMode
from tests.cli.conftest import World


def test_inventory_lists_the_machines_of_all_accounts(interop: World) -> None:
    web = interop.machine("web-1")
    interop.machine("bücher 東", "eu")
    answer = interop("inventory")
    assert answer.code == 0
    assert answer.err == ""
    assert answer.out.splitlines()[0].split("\t")[:3] == ["ACCOUNT", "NAME", "ID"]
    first, second = answer.rows
    assert first[:8] == [
        "lab", "web-1", web.id, "running, billed", "1 vCPU, 512 MiB (small)", "bios", "1 MiB",
        str(web.nics[0].spec.addresses[0]),
    ]  # fmt: skip
    assert first[8] == "team=blau"
    assert second[:2] == ["eu", "bücher 東"]


def test_inventory_of_one_account(interop: World) -> None:
    interop.machine("web-1")
    interop.machine("db-1", "eu")
    assert [row[1] for row in interop("inventory", "eu").rows] == ["db-1"]
    wrong = interop("inventory", "eu-")
    assert wrong.code == 2
    assert wrong.err == "interop: there is no account eu-. Did you mean eu?\n"


def test_a_broken_account_is_told_beside_the_others(interop: World) -> None:
    interop.machine("web-1")
    interop.write(
        f'[accounts.down]\nkind = "memory"\npath = "{interop.folder / "down"}"\n'
        'faults = [{ kind = "wrong_credentials" }]\n'
        '[accounts.odd]\nkind = "memery"\n'
    )
    answer = interop("inventory")
    assert answer.code == 1
    assert [row[1] for row in answer.rows] == ["web-1"]
    down, odd = answer.err.splitlines()
    assert "account down could not be read" in down
    assert "AuthFailure" in down
    assert "Did you mean memory?" in odd
    told = {each["account"]: each for each in interop("inventory", "--json").json}
    assert told["lab"]["error"] is None
    assert len(told["lab"]["instances"]) == 1
    assert "AuthFailure" in told["down"]["error"]


def test_an_account_that_never_answers_is_given_up(
    interop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    forever = threading.Event()
    real_open = registry.open

    def stuck(account: Account, *, patience_s: float) -> Adapter:
        if account.name == "eu":
            forever.wait()
        return real_open(account, patience_s=patience_s)

    interop.machine("web-1")
    monkeypatch.setattr("broker.registry.open", stuck)
    answer = interop("inventory", "--timeout", "0.2")
    forever.set()
    assert answer.code == 1
    assert [row[1] for row in answer.rows] == ["web-1"]
    assert "account eu could not be read: no answer within 0.2 s" in answer.err


def test_control_characters_in_names_do_nothing(interop: World) -> None:
    web = interop.machine("web-1")
    adapter = interop.open()
    assert adapter.instance(web.id).name == "web-1"
    from broker.cli.output import clean

    assert clean("a\tb\n\x1b[31mred\x9b") == r"a\tb\n\x1b[31mred\x9b"


def test_show_tells_everything_about_one_machine(interop: World) -> None:
    web = interop.machine("web-1")
    answer = interop("show", "lab/web-1")
    assert answer.code == 0
    told = dict(row[:2] for row in answer.rows)
    assert told["id"] == web.id
    assert told["state"] == "running, billed"
    assert told["disk 0"].startswith("root, 1 MiB")
    assert interop("show", f"lab/{web.id}").out == answer.out
    assert "native " in interop("show", "lab/web-1", "-v").out
    assert interop("show", "lab/web-1", "--json").json["spec"]["name"] == "web-1"


def test_show_of_an_account_tells_what_it_accepts(interop: World) -> None:
    told = dict(row[:2] for row in interop("show", "lab").rows)
    assert told["firewall.denies"] == "yes"
    assert interop("show", "lab", "--json").json["volume_step"] == 1024 * 1024


def test_an_unknown_machine_offers_the_nearest(interop: World) -> None:
    interop.machine("web-1")
    answer = interop("show", "lab/wbe-1")
    assert answer.code == 2
    assert answer.err == "interop: there is no machine wbe-1 in lab. Did you mean web-1?\n"


def test_two_machines_of_one_name_are_listed(interop: World) -> None:
    ids = {interop.machine("twin").id, interop.machine("twin").id}
    answer = interop("show", "lab/twin")
    assert answer.code == 2
    assert all(f"lab/{one}" in answer.err for one in ids)


@pytest.mark.parametrize("name", ["/", "", "/web-1"])
def test_half_a_name_is_a_wrong_request(interop: World, name: str) -> None:
    answer = interop("show", name)
    assert answer.code == 2
    assert answer.err.endswith("names no machine. Say ACCOUNT/NAME or ACCOUNT/ID\n")


def test_the_accounts_file_is_told_without_secrets(
    interop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_TOKEN", "hunter2")
    interop.write('[accounts.x]\nkind = "memory"\npath = "x"\ntoken = { env = "LAB_TOKEN" }\n')
    answer = interop("accounts")
    assert answer.code == 0
    assert answer.rows[2][:3] == ["x", "memory", "path=x, token={env=LAB_TOKEN}"]
    assert "hunter2" not in answer.out + interop("accounts", "--json").out


def test_a_malformed_file_is_one_line_and_code_2(interop: World) -> None:
    interop.accounts.write_text('[accounts.lab]\nkind = "memory\n')
    answer = interop("inventory")
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith(f"interop: {interop.accounts}:2: ")
    assert 'at key "kind"' in answer.err
    assert "Traceback" not in answer.err
    assert "Traceback" in interop("inventory", "-v").err


def test_config_may_be_named_by_flag(interop: World, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("")
    answer = interop("accounts", "--config", str(other), "--json")
    assert answer.json == []


def test_doctor_finds_what_is_wrong(interop: World) -> None:
    good = interop("doctor")
    assert good.code == 0, good.out
    assert [row[:2] for row in good.rows[-2:]] == [["ok", "account lab"], ["ok", "account eu"]]
    interop.write('[accounts.down]\nkind = "memory"\n')
    bad = interop("doctor", "--json")
    assert bad.code == 1
    assert {one["check"]: one["ok"] for one in bad.json}["account down"] is False


def test_doctor_reports_a_second_owner_of_our_names(
    interop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "broker.doctor.packages_distributions",
        lambda: {"broker": ["interop-broker", "broker-of-others"]},
    )
    answer = interop("doctor")
    assert answer.code == 1
    assert "also brought by broker-of-others" in answer.out


def test_providers_lists_kinds_even_without_an_accounts_file(interop: World) -> None:
    interop.accounts.unlink()
    told = {row[0]: row for row in interop("providers").rows}
    assert {"aws", "kvm", "memory"} <= told.keys()
    assert told["memory"][2] == "yes"


def test_providers_says_what_to_install(interop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broker.registry.requires", lambda name: ["boto9 >= 1 ; extra == 'aws'"])
    told = {row[0]: row for row in interop("providers").rows}
    assert told["aws"][2] == "no: pip install 'interop-broker[aws]'"
    assert told["memory"][2:] == ["yes", "lab, eu"]


def test_the_schema_accepts_what_the_model_writes(interop: World) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    web = interop.machine("web-1")
    schema = interop("schema", "Instance").json
    jsonschema.validate(json.loads(web.model_dump_json()), schema)
    assert "InstanceSpec" in interop("schema").json["$defs"]
    assert interop("schema", "Instnce").err == (
        "interop: there is no model Instnce. Did you mean Instance or InstanceSpec?\n"
    )


def test_the_model_round_trips_through_show(interop: World) -> None:
    web = interop.machine("web-1")
    told = interop("show", "lab/web-1", "--json").json
    assert InstanceSpec.model_validate(told["spec"]) == web.spec


def test_stopped_is_told_with_what_it_costs(interop: World) -> None:
    web = interop.machine("web-1")
    interop.open().stop_instance(web.id, StopMode.DEALLOCATE)
    assert interop("inventory").rows[0][3] == "stopped, not billed"
