"""The accounts file: what is read, and how each mistake in it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker import config
from broker.adapter import Account
from broker.errors import ConfigError
from broker.model import Strict


class Written:
    """An accounts file of the test's own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, text: str) -> dict[str, Account]:
        self.path.write_text(text, "utf-8")
        return config.accounts(self.path)

    def complaint(self, text: str) -> str:
        with pytest.raises(ConfigError) as told:
            self(text)
        return str(told.value).replace(str(self.path), "FILE")


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path / "accounts.toml")


def test_keys_reach_the_adapter_as_they_are(written: Written) -> None:
    found = written(
        '[accounts.lab]\nkind = "kvm"\nuri = "qemu:///system"\n'
        '[accounts."büro"]\nkind = "aws"\nprofile = "prod"\nretries = 3\n'
    )
    assert list(found) == ["lab", "büro"]
    assert found["lab"].settings == {"uri": "qemu:///system"}
    assert found["büro"].settings == {"profile": "prod", "retries": 3}
    assert found["büro"].where == f"{written.path}:4"
    assert found["büro"].at("retries") == f"{written.path}:7"


def test_an_empty_file_has_no_accounts(written: Written) -> None:
    assert written("") == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[accounts.a]\nkind = "aws\n', "FILE:2: Illegal character '\\n' at key \"kind\""),
        (
            '[accounts.a]\nkind = "x"\nkind = "y"\n',
            'FILE:3: Cannot overwrite a value at key "kind"',
        ),
        ('[accounts.a]\nregion = "x"\n', 'FILE:1: [accounts.a] key "kind" is missing'),
        ("[accounts.a]\n\nkind = 3\n", 'FILE:3: [accounts.a] key "kind" is missing or no text'),
        ('# x\n[acounts.a]\nkind = "x"\n', 'FILE:2: unknown key "acounts"'),
        (
            '[accounts.a]\nkind = "x"\ncalls_per_second = 0\n',
            'FILE:3: [accounts.a] key "calls_per_second" is no positive number',
        ),
        ('accounts = "x"\n', 'FILE:1: "accounts" is not a table'),
        ('[accounts]\nlab = "kvm"\n', "FILE:2: accounts.lab is not a table"),
        ('[accounts."a/b"]\nkind = "x"\n', 'FILE:1: "a/b" cannot be an account'),
    ],
)
def test_a_malformed_file_names_file_line_and_key(written: Written, text: str, told: str) -> None:
    assert told in written.complaint(text)


@pytest.mark.parametrize(
    "line",
    [
        'password = "hunter2"',
        'client_secret = "hunter2"',
        'secret_access_key = "hunter2"',
        'api-key = "hunter2"',
        'auth = { user = "me", password = "hunter2" }',
        'uri = "qemu+tcp://me:hunter2@host/system"',
        'pem = "-----BEGIN RSA PRIVATE KEY----- hunter2"',
        'both = [{ token = "hunter2" }]',
    ],
)
def test_a_secret_in_plain_sight_is_refused_and_not_repeated(written: Written, line: str) -> None:
    told = written.complaint(f'[accounts.a]\nkind = "x"\n{line}\n')
    assert told.startswith("FILE:3: [accounts.a] key ")
    assert '{ env = "VARIABLE" }' in told
    assert "hunter2" not in told


def test_names_that_only_sound_like_secrets_pass(written: Written) -> None:
    text = (
        '[accounts.a]\nkind = "x"\naccess_key_id = "AKIA1"\ntoken_url = "https://t"\n'
        'password = { env = "P" }\nuri = "qemu+ssh://me@host/system?keyfile=/k"\n'
    )
    assert written(text)["a"].settings["password"] == {"env": "P"}


def test_secrets_are_fetched_from_where_they_are_named(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_TOKEN", "t0k3n")
    (written.path.parent / "pass").write_text("pässword\n", "utf-8")
    account = written(
        '[accounts.a]\nkind = "x"\nauth = { token = { env = "LAB_TOKEN" }, user = "me" }\n'
        'password = { file = "pass" }\n'
    )["a"]
    fetched = config.with_secrets(account)
    assert fetched.settings == {"auth": {"token": "t0k3n", "user": "me"}, "password": "pässword"}
    assert "pässword" not in repr(fetched)


def test_a_secret_that_is_not_there_names_its_place(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAB_TOKEN", raising=False)
    account = written('[accounts.a]\nkind = "x"\ntoken = { env = "LAB_TOKEN" }\n')["a"]
    with pytest.raises(ConfigError, match=r":3: .*LAB_TOKEN, which is not set"):
        config.with_secrets(account)
    account = written('[accounts.a]\nkind = "x"\ntoken = { file = "gone" }\n')["a"]
    with pytest.raises(ConfigError, match=r":3: .*cannot read .*gone: No such file"):
        config.with_secrets(account)


def test_an_unknown_account_offers_the_nearest(written: Written) -> None:
    written('[accounts.kvm-lab]\nkind = "x"\n[accounts.aws-eu]\nkind = "x"\n')
    with pytest.raises(ConfigError, match=r"no account kvm-lib .* Did you mean kvm-lab\?"):
        config.account("kvm-lib", written.path)
    with pytest.raises(ConfigError, match="There are aws-eu, kvm-lab"):
        config.account("zzz", written.path)


def test_a_missing_file_says_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INTEROP_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config.accounts_file() == tmp_path / "interop" / "accounts.toml"
    with pytest.raises(ConfigError, match=r"there is no accounts file .*/interop/accounts\.toml"):
        config.accounts()
    monkeypatch.setenv("INTEROP_CONFIG", str(tmp_path / "other.toml"))
    assert config.accounts_file() == tmp_path / "other.toml"
    assert config.accounts_file(tmp_path / "given.toml") == tmp_path / "given.toml"


def test_a_file_that_is_no_text_is_a_config_error(written: Written) -> None:
    written.path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot read the accounts file"):
        config.accounts(written.path)


class LabSettings(Strict):
    region: str
    retries: int = 3


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            'region = "x"\nretires = 5',
            ':4: [accounts.a] unknown key "retires". Did you mean retries?',
        ),
        ("retries = 5", ':1: [accounts.a] key "region" is missing'),
        ('retries = "hunter2"\nregion = "x"', ':3: [accounts.a] key "retries": Input should be'),
    ],
)
def test_settings_an_adapter_refuses_name_their_line(
    written: Written, lines: str, told: str
) -> None:
    account = written(f'[accounts.a]\nkind = "x"\n{lines}\n')["a"]
    with pytest.raises(ConfigError) as refused:
        account.read(LabSettings)
    assert told in str(refused.value)
    assert "hunter2" not in str(refused.value)
