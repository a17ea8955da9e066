from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from adapters.memory.adapter import MemoryAdapter
from adapters.memory.faults import Fault as Injected
from adapters.memory.faults import FaultKind
from adapters.memory.settings import Settings
from broker.adapter import Adapter
from tests.conformance.knobs import Fault, Knobs
from tests.conformance.suite import Conformance

LISTINGS = (
    *("instances", "volumes", "snapshots", "images"),
    *("networks", "firewalls", "key_pairs"),
)


class TestMemory(Conformance):
    pass


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> MemoryAdapter:
    return MemoryAdapter("lab", Settings(path=tmp_path_factory.mktemp("cloud")))


@pytest.fixture(scope="module")
def knobs(adapter: MemoryAdapter) -> Knobs:
    return Knobs(
        console_text="boot 1\n",
        past_page=dict.fromkeys(LISTINGS, 101),  # a page has 100
        faults={fault: partial(failing, adapter, fault) for fault in Fault},
    )


@contextmanager
def failing(adapter: MemoryAdapter, fault: Fault) -> Iterator[Adapter]:
    with adapter.faults.inject(Injected(kind=FaultKind(fault.value))):
        yield adapter
