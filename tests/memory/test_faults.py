from __future__ import annotations

import pytest

from adapters.memory.faults import Fault, FaultKind, Faults
from broker.errors import AccessDenied, NotFound, Throttled, Transient
from tests.memory.conftest import Cloud, volume


def test_a_listing_that_fails_between_pages_is_not_half_a_listing(cloud: Cloud) -> None:
    lab = cloud(page=2)
    for place in range(5):
        lab.create_volume(volume(), token=f"v-{place}")
    with (
        lab.faults.inject(Fault(kind=FaultKind.SERVER_ERROR, calls="volumes", skip=2)),
        pytest.raises(Transient),
    ):
        lab.volumes()
    assert len(lab.volumes()) == 5


def test_a_fault_is_told_as_the_settings_say(cloud: Cloud) -> None:
    lab = cloud(faults=[{"kind": "throttle", "calls": "create_*", "times": 2, "retry_after": 3.5}])
    assert lab.volumes() == []
    for _ in range(2):
        with pytest.raises(Throttled) as raised:
            lab.create_volume(volume(), token="v")
        assert raised.value.retry_after == 3.5
    assert lab.create_volume(volume(), token="v") in lab.volumes()


def test_a_lost_answer_was_done(cloud: Cloud) -> None:
    lab = cloud()
    with (
        lab.faults.inject(Fault(kind=FaultKind.LOST_ANSWER, calls="create_volume", times=1)),
        pytest.raises(Transient),
    ):
        lab.create_volume(volume(), token="v")
    (made,) = lab.volumes()
    assert lab.create_volume(volume(), token="v") == made


def test_a_token_expires_in_the_middle(cloud: Cloud) -> None:
    lab = cloud(faults=[{"kind": "expired", "skip": 2}])
    lab.check()
    lab.volumes()
    with pytest.raises(AccessDenied, match="expired"):
        lab.check()


def test_a_new_thing_is_not_seen_at_once(cloud: Cloud) -> None:
    lab = cloud(hidden_reads=2)
    made = lab.create_volume(volume(), token="v")
    assert lab.volumes() == []
    with pytest.raises(NotFound):
        lab.volume(made.id)
    assert lab.volume(made.id) == made
    assert lab.create_volume(volume(), token="v") == made


def test_bytes_can_be_read_wrong(cloud: Cloud) -> None:
    lab = cloud()
    source = lab.open_source(lab.create_volume(volume(), token="v").id)
    buffer = bytearray(8)
    with lab.faults.inject(Fault(kind=FaultKind.CORRUPT, times=1)):
        source.pread_into(memoryview(buffer), 0)
        assert bytes(buffer) != bytes(8)
        source.pread_into(memoryview(buffer), 0)
    assert bytes(buffer) == bytes(8)


def test_the_same_fault_twice_strikes_twice_as_often() -> None:
    fault = Fault(kind=FaultKind.TIMEOUT, times=1)
    faults = Faults((fault, fault))
    for _ in range(2):
        with pytest.raises(Transient):
            faults.before("volumes")
    faults.before("volumes")


def test_a_fault_ends_with_its_block() -> None:
    faults = Faults()
    with faults.inject(Fault(kind=FaultKind.TIMEOUT)):
        pass
    faults.before("volumes")
