"""An account that does what a test says, a clock that only moves when somebody sleeps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import cast

from broker.adapter import Adapter
from broker.disks.contract import Extent
from broker.errors import BrokerError


class Clock:
    """Starts at 0. Sleeping is instant, and kept."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds


class FakeSource:
    """Fails in the middle of its extents as long as there are failures left."""

    size = 8

    def __init__(self, account: FakeAccount) -> None:
        self.account = account

    def extents(self) -> Iterator[Extent]:
        yield Extent(0, 4, zero=False)
        self.account.fail()
        yield Extent(4, 4, zero=True)

    def pread_into(self, buffer: memoryview, offset: int) -> None:
        self.account.fail()
        buffer[:] = bytes([offset]) * len(buffer)


class FakeAccount:
    """Raises ``failures`` in order, one a call, and keeps what it was asked."""

    name = "lab"

    def __init__(self, *failures: BrokerError) -> None:
        self.failures = list(failures)
        self.asked: list[str] = []

    def fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)

    @property
    def limits(self) -> str:
        return "limits"

    def check(self) -> str:
        self.asked.append("check")
        self.fail()
        return "lab, here"

    def create_volume(self, spec: str, *, token: str) -> str:
        self.asked.append(f"create {spec} {token}")
        self.fail()
        return spec

    def open_source(self, id: str) -> FakeSource:
        self.asked.append(f"open {id}")
        return FakeSource(self)

    def pause_instance(self, id: str) -> None:
        self.asked.append(f"pause {id}")

    def resume_instance(self, id: str) -> None:
        self.asked.append(f"resume {id}")

    def console_log(self, id: str) -> str:
        return f"log of {id}"

    def close(self) -> None:
        self.asked.append("close")


def adapter(account: FakeAccount) -> Adapter:
    """The account, as far as a type checker is concerned a whole adapter."""
    return cast(Adapter, account)
