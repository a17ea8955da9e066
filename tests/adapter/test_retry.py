from __future__ import annotations

import threading

import pytest

from broker.adapter import Budget, retrying
from broker.adapter.retry import LONGEST_WAIT
from broker.errors import AccessDenied, Throttled, Transient
from tests.adapter.fakes import Clock, FakeAccount, adapter


def longest(_low: float, high: float) -> float:
    return high


def budget(clock: Clock, *, tries: int = 100, seconds: float = 120) -> Budget:
    return Budget(tries=tries, seconds=seconds, clock=clock, sleep=clock.sleep, jitter=longest)


def test_a_passing_trouble_is_not_seen() -> None:
    clock, account = Clock(), FakeAccount(Transient("500"), Transient("502"))
    assert retrying(adapter(account), budget(clock)).check() == "lab, here"
    assert account.asked == ["check"] * 3


def test_waits_double_up_to_the_longest() -> None:
    clock, account = Clock(), FakeAccount(*[Transient("500")] * 8)
    retrying(adapter(account), budget(clock)).check()
    assert clock.slept == [0.5, 1, 2, 4, 8, 16, LONGEST_WAIT, LONGEST_WAIT]


def test_jitter_is_full() -> None:
    asked: list[tuple[float, float]] = []

    def least(low: float, high: float) -> float:
        asked.append((low, high))
        return low

    clock = Clock()
    spread = Budget(clock=clock, sleep=clock.sleep, jitter=least)
    retrying(adapter(FakeAccount(Transient("500"), Transient("500"))), spread).check()
    assert asked == [(0, 0.5), (0, 1.0)]
    assert clock.slept == [0, 0]


def test_a_throttle_is_never_cut_short() -> None:
    clock, account = Clock(), FakeAccount(Throttled("slow down", retry_after=30))
    retrying(adapter(account), budget(clock)).check()
    assert clock.slept == [30.5]


def test_a_wait_that_is_too_long_is_not_begun() -> None:
    clock, account = Clock(), FakeAccount(Throttled("come back tomorrow", retry_after=86_400))
    with pytest.raises(Throttled, match="tomorrow"):
        retrying(adapter(account), budget(clock)).check()
    assert clock.slept == []


def test_one_call_takes_no_longer_than_the_budget() -> None:
    clock, account = Clock(), FakeAccount(*[Transient("500")] * 50)
    with pytest.raises(Transient):
        retrying(adapter(account), budget(clock, seconds=60)).check()
    assert 31.5 < clock.now <= 60


def test_what_cannot_pass_is_not_tried_again() -> None:
    clock, account = Clock(), FakeAccount(AccessDenied("who?"))
    with pytest.raises(AccessDenied):
        retrying(adapter(account), budget(clock)).check()
    assert (account.asked, clock.slept) == (["check"], [])


def test_all_calls_share_one_budget() -> None:
    clock, account = Clock(), FakeAccount(*[Transient("500")] * 6)
    shared = budget(clock, tries=5)
    wrapped = retrying(adapter(account), shared)
    with pytest.raises(Transient):
        wrapped.check()
    assert (len(account.asked), shared.left) == (6, 0)

    account.failures = [Transient("500")]
    with pytest.raises(Transient):
        wrapped.create_volume("v", token="t")  # type: ignore[arg-type]
    assert len(account.asked) == 7


def test_success_gives_back_no_more_than_there_was() -> None:
    clock, account = Clock(), FakeAccount(Transient("500"), Transient("500"))
    shared = budget(clock, tries=5)
    wrapped = retrying(adapter(account), shared)
    wrapped.check()
    assert shared.left == 4
    for _ in range(9):
        wrapped.check()
    assert shared.left == 5


def test_threads_share_one_budget() -> None:
    clock = Clock()
    shared = budget(clock, tries=10)
    account = FakeAccount(*[Transient("500")] * 1000)
    wrapped = retrying(adapter(account), shared)
    failed: list[Transient] = []

    def call() -> None:
        try:
            wrapped.check()
        except Transient as error:
            failed.append(error)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) == 4
    assert len(account.asked) <= 4 + 10


def test_nested_retries_do_not_multiply() -> None:
    clock, account = Clock(), FakeAccount(*[Transient("500")] * 1000)
    inner = retrying(adapter(account), budget(clock, tries=3))
    with pytest.raises(Transient):
        retrying(inner, budget(clock, tries=3)).check()
    assert len(account.asked) == 4


def test_a_token_goes_with_every_try() -> None:
    clock, account = Clock(), FakeAccount(Transient("500"))
    retrying(adapter(account), budget(clock)).create_volume(
        "data",  # type: ignore[arg-type]
        token="plan-7",
    )
    assert account.asked == ["create data plan-7"] * 2


def test_disks_it_opens_are_retried_too() -> None:
    clock, account = Clock(), FakeAccount()
    source = retrying(adapter(account), budget(clock)).open_source("vol-1")
    account.failures = [Transient("500"), Transient("500")]
    buffer = bytearray(2)
    source.pread_into(memoryview(buffer), 7)
    assert bytes(buffer) == b"\7\7"


def test_extents_that_break_off_are_fetched_again_as_a_whole() -> None:
    clock, account = Clock(), FakeAccount()
    source = retrying(adapter(account), budget(clock)).open_source("vol-1")
    account.failures = [Transient("500")]
    assert [extent.offset for extent in source.extents()] == [0, 4]
