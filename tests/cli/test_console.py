"""``interop console``: what a machine wrote, at once or when it has written something."""

from __future__ import annotations

import json

from tests.cli.conftest import World


def test_it_prints_what_the_machine_wrote(interop: World) -> None:
    machine = interop.machine("web-1")
    written = interop.open().console_log(machine.id)  # type: ignore[attr-defined]  # an ability
    answer = interop("console", "lab/web-1")
    assert answer.code == 0
    assert answer.out.splitlines() == written.splitlines()
    assert json.loads(interop("console", "lab/web-1", "--json").out) == written


def test_it_says_what_did_not_come_in_time(interop: World) -> None:
    interop.machine("web-1")
    answer = interop("console", "lab/web-1", "--wait-for", "no such words", "--timeout", "0")
    assert answer.code == 1
    assert "did not say no such words within 0 s" in answer.err


def test_a_pattern_that_is_none_is_a_wrong_request(interop: World) -> None:
    interop.machine("web-1")
    answer = interop("console", "lab/web-1", "--wait-for", "(")
    assert answer.code == 2
    assert '"(" is no pattern' in answer.err
