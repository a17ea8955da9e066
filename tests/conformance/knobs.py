"""What an adapter's test file tells the suite about the service it runs on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from broker import errors
from broker.adapter import Adapter
from broker.model import Firmware


class Fault(StrEnum):
    """What a service can do wrong, in the suite's words."""

    THROTTLE = "throttle"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    LOST_ANSWER = "lost_answer"  # it was done, but we were never told
    EXPIRED = "expired"
    WRONG_CREDENTIALS = "wrong_credentials"


EXPECTED: dict[Fault, type[errors.BrokerError]] = {
    Fault.THROTTLE: errors.Throttled,
    Fault.SERVER_ERROR: errors.Transient,
    Fault.TIMEOUT: errors.Transient,
    Fault.LOST_ANSWER: errors.Transient,
    Fault.EXPIRED: errors.AccessDenied,
    Fault.WRONG_CREDENTIALS: errors.AccessDenied,
}

Injection = Callable[[], AbstractContextManager[Adapter]]
"""While it is entered, the adapter it yields suffers from the fault in every call."""


def _at_once(_adapter: Adapter, _instance: str) -> None:
    """A service without real guests has them up at once."""


@dataclass(frozen=True, kw_only=True)
class Knobs:
    """Everything has a default that suits a fast service where nothing really boots.

    ``boot_disk`` is a raw disk instances boot from, None for a blank one. ``guest_obeys`` tells
    whether that guest shuts down when asked, and ``wait_for_guest`` returns when it is up.
    ``console_text`` is something an up guest has written. ``past_page`` tells for each listing (a
    method's name) how many things are sure to need a second page; a listing it leaves out is not
    tested so. ``cidrs`` has room for the networks the suite makes.
    """

    prefix: str = "conf"
    boot_disk: Path | None = None
    firmware: Firmware = Firmware.UNKNOWN
    memory_mib: int = 256
    guest_obeys: bool = True
    wait_for_guest: Callable[[Adapter, str], None] = _at_once
    console_text: str = ""
    cidrs: str = "10.213.0.0/16"
    past_page: Mapping[str, int] = field(default_factory=dict)
    faults: Mapping[Fault, Injection] = field(default_factory=dict)
