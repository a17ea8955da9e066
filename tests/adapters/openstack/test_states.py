from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.openstack.translate.states import given_up, state
from broker.model import Power

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("vm_state", "task", "power_state", "power", "allocated"),
    [
        ("active", None, 1, Power.RUNNING, True),
        ("active", "powering-off", 1, Power.STOPPING, True),
        ("active", "deleting", 1, Power.DELETING, True),
        ("active", "a-task-of-next-year", 1, Power.RUNNING, True),
        ("building", "spawning", 0, Power.STARTING, True),
        ("paused", None, 3, Power.PAUSED, True),
        ("suspended", None, 7, Power.SUSPENDED, True),
        ("stopped", None, 4, Power.STOPPED, True),
        ("stopped", "powering-on", 4, Power.STARTING, True),
        ("shelved", None, 4, Power.STOPPED, True),
        ("shelved_offloaded", None, 4, Power.STOPPED, False),
        ("soft-delete", None, 4, Power.DELETING, True),
        ("error", None, 0, Power.UNKNOWN, None),
        ("a-state-of-next-year", None, 1, Power.UNKNOWN, None),
    ],
)
def test_a_state_is_told_as_what_it_is(
    vm_state: str, task: str | None, power_state: int, power: Power, allocated: bool | None
) -> None:
    told = state(server(vm_state, task, power_state), NOW)
    assert (told.power, told.allocated, told.task) == (power, allocated, task)


@pytest.mark.parametrize(
    ("power_state", "power"), [(1, Power.RUNNING), (4, Power.STOPPED), (0, Power.UNKNOWN)]
)
def test_a_resize_that_waits_for_a_word_says_so(power_state: int, power: Power) -> None:
    told = state(server("resized", None, power_state), NOW)
    assert (told.power, told.allocated, told.task) == (power, True, "verify_resize")


def test_a_server_that_failed_says_why_and_no_other_does() -> None:
    failed = {**server("error", None, 0), "status": "ERROR", "fault": {"message": "No disk"}}
    assert state(failed, NOW).reason == "No disk"
    assert state({**failed, "fault": {}}, NOW).reason == "nova does not say why"
    assert state({**failed, "status": "ACTIVE"}, NOW).reason is None


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([{"event": "a", "result": "Success"}, {"event": "b", "result": "Error"}], "failed in b"),
        ([{"event": "b", "result": "Error", "details": "No valid host"}], "No valid host"),
        ([{"event": "a", "result": None}], "does not say why"),
        ([], "does not say why"),
    ],
)
def test_what_nova_gave_up_is_told_as_far_as_it_tells(
    events: list[dict[str, object]], told: str
) -> None:
    assert told in given_up({"action": "resize", "message": "Error", "events": events})


def server(vm_state: str, task: str | None, power_state: int) -> dict[str, object]:
    return {
        "status": "SOMETHING",
        "OS-EXT-STS:vm_state": vm_state,
        "OS-EXT-STS:task_state": task,
        "OS-EXT-STS:power_state": power_state,
    }
