from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from broker.adapter import Budget, Rate, rate_limited, retrying
from broker.errors import Transient
from tests.adapter.fakes import Clock, FakeAccount, adapter


def test_a_burst_is_free_and_then_calls_are_spread() -> None:
    clock = Clock()
    limited = rate_limited(adapter(FakeAccount()), Rate(2, burst=3, clock=clock, sleep=clock.sleep))
    for _ in range(6):
        limited.check()
    assert clock.slept == [0.5, 0.5, 0.5]


def test_a_pause_fills_the_bucket_to_its_burst_and_no_further() -> None:
    clock = Clock()
    rate = Rate(10, burst=2, clock=clock, sleep=clock.sleep)
    clock.now = 3600
    for _ in range(3):
        rate.take()
    assert clock.slept == [pytest.approx(0.1)]


def test_adapters_of_one_account_share_its_rate() -> None:
    clock = Clock()
    rate = Rate(1, burst=1, clock=clock, sleep=clock.sleep)
    first = rate_limited(adapter(FakeAccount()), rate)
    second = rate_limited(adapter(FakeAccount()), rate)
    first.check()
    second.check()
    assert clock.slept == [1]


def test_threads_wait_one_behind_the_other() -> None:
    waits: list[float] = []
    rate = Rate(10, burst=1, clock=lambda: 0.0, sleep=waits.append)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(8):
            pool.submit(rate.take)
    assert sorted(waits) == pytest.approx([turn / 10 for turn in range(1, 8)])


def test_every_try_waits_for_its_turn() -> None:
    clock = Clock()
    account = FakeAccount(Transient("500"))
    limited = rate_limited(adapter(account), Rate(1, clock=clock, sleep=clock.sleep))
    budget = Budget(clock=clock, sleep=clock.sleep, jitter=lambda low, _: low)
    retrying(limited, budget).check()
    assert clock.slept == [0, 1]


def test_letting_go_costs_nothing() -> None:
    clock = Clock()
    limited = rate_limited(adapter(FakeAccount()), Rate(1, clock=clock, sleep=clock.sleep))
    limited.check()
    limited.close()
    assert clock.slept == []


def test_the_bytes_of_a_disk_are_not_counted() -> None:
    clock = Clock()
    limited = rate_limited(adapter(FakeAccount()), Rate(1, clock=clock, sleep=clock.sleep))
    source = limited.open_source("disk")
    source.pread_into(memoryview(bytearray(4)), 0)
    assert len(list(source.extents())) == 2
    assert clock.slept == []
