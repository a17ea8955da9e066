"""Ids, names, tags and settings: what the service takes, and what it does not."""

from __future__ import annotations

import re
from pathlib import Path

import certifi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.azure import kinds, names, tags
from adapters.azure.ids import Ids
from adapters.azure.settings import settings_of
from broker.adapter import Account
from broker.errors import ConfigError, Invalid, NotFound

SUBSCRIPTION = "00000000-0000-0000-0000-00000000000A"
IDS = Ids(SUBSCRIPTION, "Rg-1")
HERE = f"/subscriptions/{SUBSCRIPTION.lower()}/resourceGroups/RG-1/providers"
THERE = f"/subscriptions/{SUBSCRIPTION.lower()}/resourceGroups/Shared/providers"


@pytest.mark.parametrize(
    ("path", "short"),
    [
        (f"{HERE}/Microsoft.Compute/virtualMachines/WEB-1", "web-1"),
        (f"{HERE}/Microsoft.Network/virtualNetworks/Net/subnets/Front", "net/front"),
        (
            f"{THERE}/Microsoft.Network/virtualNetworks/Net",
            f"{THERE}/Microsoft.Network/virtualNetworks/Net".lower(),
        ),
    ],
)
def test_an_id_is_a_name_here_and_a_path_elsewhere(path: str, short: str) -> None:
    assert IDS.short(path) == short
    kind = kinds.SUBNET if "subnets" in path else kinds.NETWORK
    if "Network" in path:
        assert IDS.path(kind, short).lower() == path.lower()


def test_the_parent_of_a_subnet_is_its_network() -> None:
    for network in ("net", f"{THERE}/Microsoft.Network/virtualNetworks/Net".lower()):
        subnet = f"{network}/subnets/front" if network.startswith("/") else f"{network}/front"
        assert IDS.parent(subnet) == network


@pytest.mark.parametrize(
    "id",
    [
        "é/../%s",
        "..",
        "",
        "a/b",
        "a b",
        "?api-version=1",
        f"{THERE}/Microsoft.Network/virtualNetworks/..",
        f"{THERE}/Microsoft.Compute/virtualMachines/web",
        "/subscriptions/00000000-0000-0000-0000-00000000000b/resourcegroups/rg/providers"
        "/microsoft.network/virtualnetworks/net",
    ],
)
def test_what_can_be_no_id_is_not_found(id: str) -> None:
    with pytest.raises(NotFound):
        IDS.place(kinds.NETWORK, id)


@given(st.text(), st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=64))
def test_any_name_becomes_one_the_service_takes(name: str, token: str) -> None:
    for most in (names.MOST, names.NETWORK_MOST):
        given_ = names.named(name, token, most)
        assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?", given_)
        assert 2 <= len(given_) <= most
    assert names.named(name, token) == names.named(name, token)
    assert names.named(name, token) != names.named(name, f"{token}0")


def test_labels_come_back_without_our_marks() -> None:
    marks = tags.marks_for("né", "token-1", **{tags.ROLE: "disk"})
    thing = {"name": "x", "tags": tags.tags_for({"team": "é"}, marks)}
    assert tags.labels_of(thing) == {"team": "é"}
    assert tags.name_of(thing) == "né"
    assert tags.made_by(thing, "token-1")
    assert not tags.made_by(thing, "token-2")
    assert tags.name_of({"name": "x", "tags": None}) == "x"


@pytest.mark.parametrize(
    "labels",
    [
        {"a<b": "v"},
        {"": "v"},
        {"Microsoft-x": "v"},
        {"interop:token": "v"},
        {"Team": "a", "team": "b"},
        {"k" * 513: "v"},
        {"k": "v" * 257},
        {f"k{number}": "v" for number in range(tags.MAX_LABELS + 1)},
    ],
)
def test_labels_the_service_refuses_are_refused_here(labels: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        tags.tags_for(labels, {})


GOOD = {"subscription": SUBSCRIPTION, "resource_group": "rg-1"}


def test_two_settings_are_enough() -> None:
    found = settings_of(Account(name="az", kind="azure", settings=GOOD))
    assert found.location is None


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("subscription", "prod", "az account show"),
        ("resource_group", "ends.", "match"),
        ("location", "West Europe", "like westeurope"),
        ("zone", "7", "'1', '2' or '3'"),
        ("endpoint", "http://127.0.0.1", "https://HOST"),
        ("authority", "login", "https://HOST"),
        ("ca_file", "/no/such/file", ": there is no file"),
        ("ca_file", __file__, "no certificates"),
        ("client_secret", "swordfish", "unknown key"),
    ],
)
def test_a_wrong_setting_is_told_with_its_line_and_not_its_value(
    key: str, value: str, told: str
) -> None:
    account = Account(
        name="az",
        kind="azure",
        settings={**GOOD, key: value},
        where="accounts.toml:3",
        lines={key: 7},
    )
    with pytest.raises(ConfigError) as raised:
        settings_of(account)
    assert "accounts.toml:7" in str(raised.value)
    assert key in str(raised.value)
    assert told in str(raised.value)
    assert "swordfish" not in str(raised.value)


def test_a_file_of_certificates_may_be_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "ca.pem").write_bytes(Path(certifi.where()).read_bytes())
    account = Account(name="az", kind="azure", settings={**GOOD, "ca_file": "~/ca.pem"})
    assert settings_of(account).ca_file == tmp_path / "ca.pem"
