import pytest

from broker.adapter import SystemLimits
from broker.fit.system import fit_system
from broker.model import Fidelity, Loss, System, SystemKind

LINUX, WINDOWS, UNKNOWN = SystemKind.LINUX, SystemKind.WINDOWS, SystemKind.UNKNOWN
KINDS = frozenset({LINUX, WINDOWS})

ALL = SystemLimits(kinds=KINDS, distributions=True)
KIND_ONLY = SystemLimits(kinds=KINDS, otherwise=LINUX)
NOTHING = SystemLimits(otherwise=LINUX)
SILENT = SystemLimits()

UBUNTU = System(kind=LINUX, distribution="ubuntu")
FREEBSD = System(distribution="freebsd")


def said(losses: tuple[Loss, ...]) -> list[tuple[str, str, str]]:
    assert not any(loss.blocking for loss in losses)
    return [(loss.fidelity, loss.before, loss.after) for loss in losses if loss.field == "system"]


@pytest.mark.parametrize("system", [System(), UBUNTU, FREEBSD, System(kind=WINDOWS)])
def test_where_all_can_be_told_all_is(system: System) -> None:
    fitted, losses = fit_system(system, ALL)
    assert fitted == system
    assert said(losses) == []


@pytest.mark.parametrize(
    ("system", "limits", "fitted", "loss"),
    [
        (UBUNTU, KIND_ONLY, System(kind=LINUX), ("approximated", "linux (ubuntu)", "linux")),
        (System(kind=LINUX), NOTHING, System(), ("exact", "linux", "linux")),
        (UBUNTU, NOTHING, System(), ("approximated", "linux (ubuntu)", "linux")),
        (UBUNTU, SILENT, System(), ("dropped", "linux (ubuntu)", "")),
        (FREEBSD, SILENT, System(), ("dropped", "unknown (freebsd)", "")),
        (FREEBSD, KIND_ONLY, System(), ("dropped", "unknown (freebsd)", "linux")),
        (System(kind=WINDOWS), NOTHING, System(), ("dropped", "windows", "linux")),
    ],
)
def test_what_cannot_be_told_is_a_loss(
    system: System, limits: SystemLimits, fitted: System, loss: tuple[str, str, str]
) -> None:
    told, losses = fit_system(system, limits)
    assert told == fitted
    assert said(losses) == [loss]


def test_an_unknown_system_stays_unknown_and_what_the_target_makes_of_it_is_told() -> None:
    assert fit_system(System(), SILENT) == (System(), ())
    for limits in KIND_ONLY, NOTHING:
        told, losses = fit_system(System(), limits)
        assert told == System()
        assert said(losses) == [(Fidelity.UNCHECKED, "unknown", "linux")]


@pytest.mark.parametrize(
    ("system", "licensed"),
    [
        (System(kind=WINDOWS), True),
        (System(kind=LINUX, distribution="rhel"), True),
        (System(kind=LINUX, distribution="sles"), True),
        (UBUNTU, False),
        (System(kind=LINUX), False),
        (System(), False),
    ],
)
@pytest.mark.parametrize("limits", [ALL, KIND_ONLY, NOTHING])
def test_of_a_system_that_is_paid_for_the_licence_is_asked_about(
    system: System, licensed: bool, limits: SystemLimits
) -> None:
    _, losses = fit_system(system, limits)
    asked = [loss for loss in losses if loss.field == "system.licence"]
    assert [loss.fidelity for loss in asked] == [Fidelity.UNCHECKED] * licensed
