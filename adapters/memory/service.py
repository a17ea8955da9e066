"""What the file of every noun stands on: the state, the bytes, the limits, and the one door."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

from adapters.memory.faults import Faults
from adapters.memory.files import Files
from adapters.memory.settings import Settings
from adapters.memory.store import Store
from broker.adapter import Limits
from broker.disks.os_errors import broker_error
from broker.errors import BrokerError, QuotaExceeded
from broker.model import Resource

Thing = TypeVar("Thing", bound=Resource)


class Service:
    """One open account. ``clock`` tells the time and ``sleep`` waits, in seconds."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name = name
        self._clock = clock
        self._sleep = sleep
        self._settings = settings
        self._quotas = settings.quotas
        self.faults = Faults(settings.faults, settings.hidden_reads)
        try:
            self._store = Store(settings.path)
            self._files = Files(settings.path / "disks")
            with self._store.change() as state:
                self._files.sweep(state.files())
        except OSError as error:
            raise broker_error(error, f"cannot use {settings.path}") from error

    @property
    def name(self) -> str:
        """The account's name in the accounts file."""
        return self._name

    @property
    def limits(self) -> Limits:
        """What this account accepts."""
        return self._settings.limits.model_copy(update={"quotas": self._quotas})

    @contextmanager
    def _calling(self, operation: str) -> Iterator[None]:
        """The door: every call goes through it, and only our errors leave by it."""
        try:
            self.faults.before(operation)
            yield
            self.faults.after(operation)
        except OSError as error:
            raise self._named(broker_error(error, "the folder failed"), operation) from error
        except BrokerError as error:
            self._named(error, operation)
            raise

    def _named(self, error: BrokerError, operation: str) -> BrokerError:
        error.provider = error.provider or self._name
        error.operation = error.operation or operation
        return error

    def _listed(self, operation: str, things: Iterable[Thing]) -> list[Thing]:
        """Return what can be seen, fetched page by page as from a real service."""
        seen: list[Thing] = []
        for number, thing in enumerate(things):
            if number and number % self._settings.page == 0:
                self.faults.before(operation)
            if self.faults.sees(thing.id):
                seen.append(thing)
        return seen

    def _new_id(self, prefix: str) -> str:
        """Return an id nobody has had before."""
        made = f"{prefix}-{secrets.token_hex(6)}"
        self.faults.hide(made)
        return made

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def within(quota: int | None, would_be: int, what: str) -> None:
    """Refuse what would go over a quota."""
    if quota is not None and would_be > quota:
        raise QuotaExceeded(
            f"{would_be} {what} are more than the quota of {quota}",
            code="QuotaExceeded",
            hint="Delete some, or ask for a larger quota",
        )
