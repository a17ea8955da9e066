from __future__ import annotations

import pytest

from broker.adapter import Adapter, ConsoleLog, Pausable, PublicAddresses, read_only
from broker.adapter.readonly import READS
from broker.errors import Unsupported
from broker.model import VolumeSpec
from tests.adapter.fakes import FakeAccount, adapter

CHANGES = (
    *("create_", "delete_", "start_", "stop_", "reboot_", "resize_", "pause_", "resume_"),
    *("attach_", "detach_", "replace_", "open_sink"),
)
VALUES = {"name", "limits"}


def test_reading_passes() -> None:
    looking = read_only(adapter(FakeAccount()))
    assert looking.check() == "lab, here"
    assert looking.name == "lab"
    assert [extent.offset for extent in looking.open_source("vol-1").extents()] == [0, 4]
    assert isinstance(looking, ConsoleLog)
    assert looking.console_log("i-1") == "log of i-1"
    looking.close()


def test_a_change_is_refused_and_told() -> None:
    account = FakeAccount()
    spec = VolumeSpec(name="data", size=1)
    with pytest.raises(Unsupported) as refused:
        read_only(adapter(account)).create_volume(spec, token="t-1")
    assert account.asked == []
    assert "create_volume(VolumeSpec(name='data', size=1" in str(refused.value)
    assert not refused.value.retryable


def test_an_ability_that_changes_something_is_refused() -> None:
    looking = read_only(adapter(FakeAccount()))
    assert isinstance(looking, Pausable)
    with pytest.raises(Unsupported, match=r"pause_instance\('i-1'\)"):
        looking.pause_instance("i-1")


@pytest.mark.parametrize("contract", [Adapter, Pausable, ConsoleLog, PublicAddresses])
def test_every_call_of_the_contract_reads_or_is_named_as_a_change(contract: type) -> None:
    for name in dir(contract):
        if not name.startswith("_") and name not in VALUES:
            assert (name in READS) != name.startswith(CHANGES), name
