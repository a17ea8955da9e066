import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import Invalid, NotFound, PlanStale
from broker.migrate import Plan, load
from broker.migrate.document import SourceEnd
from broker.model import NicSpec, Power, Size
from tests.migrate.looks import firewall, instance, look, planned, rule


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plan.json"


def test_a_plan_survives_its_file(path: Path) -> None:
    worn = instance(nics=(NicSpec(network="net-lan", firewalls=("fw",)),))
    web = firewall("fw", "web", rule(protocol=6, ports={"first": 1, "last": 2}))
    plan = planned(look(instance=worn, firewalls=(web,)), keep_running=True)
    plan.save(path)
    assert load(path) == plan


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_laying_out_the_file_anew_is_no_edit(path: Path) -> None:
    planned().save(path)
    edit(path)
    assert load(path) == planned()


@given(st.data())
def test_an_edit_of_any_value_is_noticed(data: st.DataObject) -> None:
    read = planned().model_dump(mode="json")
    at: Any = read
    while True:
        keys = sorted(at) if isinstance(at, dict) else range(len(at))
        key = data.draw(st.sampled_from(list(keys)))
        if not isinstance(at[key], dict | list) or not at[key]:
            break
        at = at[key]
    before = at[key]
    at[key] = data.draw(st.sampled_from([1, 2, "x", "y", True, None, before]))
    try:
        plan = Plan.model_validate(read)
    except ValueError:
        return
    if plan == planned():
        plan.check()
    else:
        with pytest.raises(PlanStale, match="edited"):
            plan.check()


def test_an_edited_plan_is_refused(path: Path) -> None:
    planned().save(path)
    read = json.loads(path.read_text())
    edit(path, target={**read["target"], "name": "other"})
    with pytest.raises(PlanStale, match=r"edited after it was made\. Make a new one"):
        load(path)


def test_a_plan_of_a_newer_version_asks_for_an_upgrade(path: Path) -> None:
    planned().save(path)
    edit(path, version=2, something="new")
    with pytest.raises(Invalid, match=r"version 2.*Upgrade"):
        load(path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', "null"])
def test_what_is_no_plan_is_told_with_its_path(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(Invalid, match=r"plan\.json is not a plan"):
        load(path)


def test_a_missing_plan_says_how_to_make_one(path: Path) -> None:
    with pytest.raises(NotFound, match="interop migrate plan"):
        load(path)


def end(**more: Any) -> SourceEnd:
    return SourceEnd.of("lab", instance(**more))


def test_power_leases_and_lent_addresses_are_no_change() -> None:
    stopped = SourceEnd.of(
        "lab",
        instance(Power.STOPPED, nics=(NicSpec(network="net-lan", subnet="sub-lan", public=True),)),
    )
    assert stopped.fingerprint == end().fingerprint
    assert stopped.changes(end()) == []


def test_a_change_is_named_with_before_and_after() -> None:
    now = end(size=Size(vcpus=2, memory=2048), labels={"a": "b"})
    assert now.fingerprint != end().fingerprint
    assert end().changes(now) == ["labels.a: None -> b", "size.memory: 1024 -> 2048"]


def test_changed_user_data_is_noticed_and_not_shown() -> None:
    assert end(user_data="hunter1").fingerprint != end(user_data="hunter2").fingerprint
    assert "hunter" not in str(end(user_data="hunter1").changes(end(user_data="hunter2")))
