from __future__ import annotations

import inspect

from broker.adapter import ConsoleLog, Pausable, PublicAddresses, without
from broker.adapter.wrap import Call, wrap
from tests.adapter.fakes import FakeAccount, adapter


def test_every_call_goes_through() -> None:
    calls: list[str] = []

    def note(call: Call) -> object:
        calls.append(str(call))
        return call()

    wrapped = wrap(adapter(FakeAccount()), note)
    assert wrapped.check() == "lab, here"
    wrapped.open_source("vol-1").pread_into(memoryview(bytearray(1)), 3)

    assert calls[:2] == ["check()", "open_source('vol-1')"]
    assert calls[2].startswith("pread_into(<memory")


def test_values_are_read_each_time() -> None:
    account = FakeAccount()
    wrapped = wrap(adapter(account), Call.__call__)
    account.name = "renamed"
    assert wrapped.name == "renamed"
    assert str(wrapped.limits) == "limits"
    assert wrapped.open_source("vol-1").size == 8


def test_a_wrapped_adapter_keeps_its_abilities_and_gains_none() -> None:
    once = wrap(adapter(FakeAccount()), Call.__call__)
    for wrapped in (once, wrap(once, Call.__call__)):
        assert isinstance(wrapped, Pausable)
        assert isinstance(wrapped, ConsoleLog)
        assert not isinstance(wrapped, PublicAddresses)


def test_abilities_are_seen_without_looking_at_the_instance() -> None:
    """How ``isinstance`` looks at a protocol from Python 3.12 on."""
    wrapped = wrap(adapter(FakeAccount()), Call.__call__)
    assert callable(inspect.getattr_static(wrapped, "pause_instance"))


def test_an_ability_can_be_hidden() -> None:
    poorer = without(adapter(FakeAccount()), Pausable)
    assert not isinstance(poorer, Pausable)
    assert not hasattr(poorer, "resume_instance")
    assert isinstance(poorer, ConsoleLog)
    assert poorer.check() == "lab, here"
    assert not isinstance(without(poorer, ConsoleLog), ConsoleLog | Pausable)


def test_what_the_contract_asks_for_cannot_be_hidden() -> None:
    class Checks:
        check = console_log = str

    poorer = without(adapter(FakeAccount()), Checks)
    assert poorer.check() == "lab, here"
    assert not isinstance(poorer, ConsoleLog)
