"""Kinds of account: the built-in ones, those other packages bring, and what is missing."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import ModuleType

import pytest

from broker import config, registry
from broker.adapter import Account
from broker.errors import ConfigError, Throttled


def brings(monkeypatch: pytest.MonkeyPatch, *entries: tuple[str, str]) -> None:
    """Make ``entries`` (kind, target) the entry points that are installed."""
    found = EntryPoints(EntryPoint(kind, target, registry.GROUP) for kind, target in entries)
    monkeypatch.setattr(registry, "entry_points", lambda group: found.select(group=group))


def test_built_in_kinds_need_no_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    brings(monkeypatch)
    assert {"aws", "kvm", "memory"} <= registry.providers().keys()


def test_the_project_declares_the_kinds_it_builds_in() -> None:
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["entry-points"][registry.GROUP] == registry.BUILT_IN
    assert project["name"] == registry.OUR_DISTRIBUTION


def test_an_adapter_of_another_package_is_found_and_given_its_account(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module = ModuleType("elsewhere")
    opened: list[Account] = []
    vars(module)["connect"] = opened.append
    monkeypatch.setitem(sys.modules, "elsewhere", module)
    brings(monkeypatch, ("lab", "elsewhere:connect"))
    monkeypatch.setenv("LAB_TOKEN", "t0k3n")
    file = tmp_path / "accounts.toml"
    file.write_text('[accounts.a]\nkind = "lab"\ntoken = { env = "LAB_TOKEN" }\n')
    registry.connect(config.account("a", file))
    assert opened[0].settings == {"token": "t0k3n"}


def test_two_packages_with_one_kind_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    brings(monkeypatch, ("memory", "elsewhere:connect"))
    with pytest.raises(ConfigError, match=r"two packages bring accounts of kind memory"):
        registry.providers()


def test_an_unknown_kind_offers_the_nearest_and_its_line() -> None:
    account = Account(name="a", kind="memry", where="f.toml:1", lines={"kind": 2})
    with pytest.raises(ConfigError, match=r'f.toml:2: .*unknown kind "memry". Did you mean memory'):
        registry.connect(account)


def test_a_missing_sdk_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adapters.aws", None)
    with pytest.raises(ConfigError, match=r"pip install 'interop-broker\[aws\]'"):
        registry.connect(Account(name="a", kind="aws"))


def test_an_opened_account_repeats_what_is_worth_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[str] = []

    class Flaky:
        name = "a"

        def check(self) -> str:
            calls.append("check")
            if len(calls) < 2:
                raise Throttled("slow down", retry_after=0)
            return "me"

    module = ModuleType("elsewhere")
    vars(module)["connect"] = lambda account: Flaky()
    monkeypatch.setitem(sys.modules, "elsewhere", module)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    brings(monkeypatch, ("lab", "elsewhere:connect"))
    file = tmp_path / "accounts.toml"
    file.write_text('[accounts.a]\nkind = "lab"\ncalls_per_second = 100\n')
    assert registry.open("a", config=file).check() == "me"
    assert len(calls) == 2
