"""What a machine is doing, on two axes: off is not given back, and untold is not off."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.azure.translate.states import POWER, codes_of, is_off, state
from broker.model import Power

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

SUCCEEDED = "ProvisioningState/succeeded"


@pytest.mark.parametrize(
    ("word", "power", "allocated"),
    [
        ("starting", Power.STARTING, True),
        ("running", Power.RUNNING, True),
        ("stopping", Power.STOPPING, True),
        ("stopped", Power.STOPPED, True),
        ("deallocating", Power.STOPPING, False),
        ("deallocated", Power.STOPPED, False),
    ],
)
def test_a_state_tells_power_and_bill(word: str, power: Power, allocated: bool) -> None:
    found = state("Succeeded", [SUCCEEDED, f"PowerState/{word}"], NOW)
    assert (found.power, found.allocated, found.task) == (power, allocated, None)
    assert found.native == f"Succeeded/{word}"


def test_a_machine_whose_power_is_not_told_is_not_off() -> None:
    found = state("Succeeded", [SUCCEEDED], NOW)
    assert (found.power, found.allocated) == (Power.UNKNOWN, None)
    assert not is_off({"properties": {"instanceView": {"statuses": [{"code": SUCCEEDED}]}}})


@given(st.text().filter(lambda word: f"PowerState/{word}" not in POWER))
def test_a_power_nobody_knows_is_unknown(word: str) -> None:
    found = state("Succeeded", [f"PowerState/{word}"], NOW)
    assert (found.power, found.allocated) == (Power.UNKNOWN, None)


def test_a_hibernated_machine_is_suspended() -> None:
    codes = ["PowerState/deallocated", "HibernationState/Hibernated"]
    found = state("Succeeded", codes, NOW)
    assert (found.power, found.allocated) == (Power.SUSPENDED, False)


@pytest.mark.parametrize("provisioning", ["Creating", "Updating", "Failed", "Migrating"])
def test_what_is_done_to_a_machine_is_told_beside_its_power(provisioning: str) -> None:
    found = state(provisioning, ["PowerState/running"], NOW)
    assert (found.power, found.task) == (Power.RUNNING, provisioning.lower())


def test_a_machine_that_is_being_deleted_says_so() -> None:
    assert state("Deleting", ["PowerState/running"], NOW).power is Power.DELETING


def test_a_machine_without_a_view_has_no_codes() -> None:
    assert codes_of({}) == codes_of({"properties": {}}) == []
    assert state("Creating", [], NOW).power is Power.UNKNOWN
