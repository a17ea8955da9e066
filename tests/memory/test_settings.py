from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import JsonValue

from adapters.memory import connect
from broker.adapter import Account, ConsoleLog, Pausable, PublicAddresses
from broker.errors import ConfigError, Invalid
from broker.model import GIB


def account(path: Path, **settings: JsonValue) -> Account:
    return Account(
        name="lab", kind="memory", where="accounts.toml:3", settings={"path": str(path), **settings}
    )


def test_limits_are_laid_over_the_roomy_ones(tmp_path: Path) -> None:
    limits = connect(
        account(tmp_path, limits={"volume_step": GIB, "firewall": {"denies": False}})
    ).limits
    assert limits.volume_step == GIB
    assert not limits.firewall.denies
    assert limits.firewall.stateless
    assert limits.disks_per_instance == 8


def test_abilities_can_be_left_out(tmp_path: Path) -> None:
    whole = connect(account(tmp_path))
    assert isinstance(whole, Pausable)
    assert isinstance(whole, ConsoleLog)
    assert isinstance(whole, PublicAddresses)

    poor = connect(
        account(tmp_path, without=["pausable", "console_log"], limits={"public_addresses": False})
    )
    assert not isinstance(poor, Pausable)
    assert not isinstance(poor, ConsoleLog)
    assert not isinstance(poor, PublicAddresses)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"limit": {}}, "limit"),
        ({"limits": {"volume_step": 0}}, "limits"),
        ({"limits": {"firewall": {"deny": True}}}, "limits"),
        ({"without": ["pausing"]}, "pausing"),
        ({"faults": [{"kind": "meteor"}]}, "faults"),
        ({"page": 0}, "page"),
    ],
)
def test_a_setting_that_cannot_be_is_told(
    tmp_path: Path, settings: dict[str, JsonValue], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        connect(account(tmp_path, **settings))


def test_a_cloud_needs_a_folder() -> None:
    with pytest.raises(ConfigError, match="path"):
        connect(Account(name="lab", kind="memory"))


def test_offers_are_sold_under_one_name_each(tmp_path: Path) -> None:
    offers = connect(account(tmp_path)).sizes()
    assert len({offer.id for offer in offers}) == len(offers) > 5
    assert all(offer.price_per_hour and offer.price_per_hour.amount > 0 for offer in offers)


@pytest.mark.parametrize("token", ["", "Upper", "a" * 65, "a/b", "é"])
def test_a_token_is_one(tmp_path: Path, token: str) -> None:
    lab = connect(account(tmp_path))
    with pytest.raises(Invalid, match="a token is 1 to 64"):
        lab.open_sink(1, name="disk", token=token)
