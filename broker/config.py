"""The accounts file: which accounts there are, and how each is reached.

A TOML file of ``[accounts.NAME]`` tables. ``kind`` chooses the adapter, ``calls_per_second`` is how
often the account may be called; every other key goes to the adapter as it is. Secrets are only ever
named: ``{ env = "VARIABLE" }`` or ``{ file = "path" }``.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import JsonValue

from broker.adapter.account import Account
from broker.errors import ConfigError
from broker.nearest import did_you_mean

SECRET_ENDINGS = (
    "password", "passwd", "passphrase", "secret", "token", "credential", "credentials",
    "apikey", "accesskey", "secretkey", "accountkey", "sharedkey", "privatekey",
    "connectionstring",
)  # fmt: skip
"""How the last word of a key ends that holds a secret, without separators and in lower case."""

SECRET_VALUE = re.compile(r"://[^/@\s:]+:[^/@\s]+@|-----BEGIN [A-Z ]*PRIVATE KEY")
"""A password inside a URL, or a private key: secrets whatever their key is called."""

ACCOUNT_NAME = re.compile(r"[^\s/\x00-\x1f]+")
"""A machine is named ACCOUNT/NAME, so an account's name has no slash and no white space."""


def accounts_file(given: Path | None = None) -> Path:
    """Return the file to read: ``given``, else $INTEROP_CONFIG, else the user's own."""
    if given is not None:
        return given
    if named := os.environ.get("INTEROP_CONFIG"):
        return Path(named)
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "interop" / "accounts.toml"


def accounts(file: Path | None = None) -> dict[str, Account]:
    """Return every account by name, in the file's order, secrets still as references.

    ConfigError names the file, the line and the key that cannot be.
    """
    path = accounts_file(file)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"there is no accounts file {path}",
            hint="Write one ([accounts.NAME] with a kind), or name one with --config or "
            "INTEROP_CONFIG",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the accounts file {path}: {error}") from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax(path, text, str(error)) from error
    return _read(path, text, document)


def account(name: str, file: Path | None = None) -> Account:
    """Return one account, secrets still as references; ConfigError offers the nearest names."""
    known = accounts(file)
    if name not in known:
        raise ConfigError(
            f"there is no account {name} in {accounts_file(file)}",
            hint=did_you_mean(name, known),
        )
    return known[name]


def with_secrets(account: Account) -> Account:
    """Return the account with every reference replaced by the secret it names.

    ConfigError when a variable is not set or a file cannot be read.
    """
    settings = {key: _fetch(value, account, key) for key, value in account.settings.items()}
    return account.model_copy(update={"settings": settings})


def _read(path: Path, text: str, document: dict[str, JsonValue]) -> dict[str, Account]:
    lines = _lines(text)
    for key in document.keys() - {"accounts"}:
        raise ConfigError(
            f'{path}:{lines.get((key,), 1)}: unknown key "{key}"',
            hint="Accounts are tables called [accounts.NAME]",
        )
    tables = document.get("accounts", {})
    if not isinstance(tables, dict):
        raise ConfigError(f'{path}:{lines.get(("accounts",), 1)}: "accounts" is not a table')
    return {name: _account(path, lines, name, table) for name, table in tables.items()}


def _account(
    path: Path, lines: Mapping[tuple[str, ...], int], name: str, table: JsonValue
) -> Account:
    line = lines.get(("accounts", name), 1)
    where = f"{path}:{line}"
    if not ACCOUNT_NAME.fullmatch(name):
        raise ConfigError(
            f'{where}: "{name}" cannot be an account\'s name',
            hint="Use a name without slashes and white space",
        )
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: accounts.{name} is not a table")
    keys = {path[2]: number for path, number in lines.items() if path[:2] == ("accounts", name)
            and len(path) == 3}  # fmt: skip
    kind = table.pop("kind", None)
    if not isinstance(kind, str) or not kind:
        raise ConfigError(
            f'{path}:{keys.get("kind", line)}: [accounts.{name}] key "kind" is missing or no text',
            hint="It names the provider; `interop providers` lists them",
        )
    rate = table.pop("calls_per_second", None)
    if rate is not None and not (
        isinstance(rate, int | float) and not isinstance(rate, bool) and 0 < rate < math.inf
    ):
        raise ConfigError(
            f"{path}:{keys.get('calls_per_second', line)}: [accounts.{name}] key "
            '"calls_per_second" is no positive number'
        )
    found = Account(
        name=name,
        kind=kind,
        settings=table,
        calls_per_second=rate,
        where=where,
        lines=keys,
    )
    for key, value in table.items():
        _refuse_literal_secrets(found, key, (key,), value)
    return found


def _refuse_literal_secrets(
    account: Account, top: str, keys: Iterable[str], value: JsonValue
) -> None:
    *_, last = keys
    if _reference(value) is not None:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            _refuse_literal_secrets(account, top, (*keys, key), inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_literal_secrets(account, top, keys, inner)
    elif isinstance(value, str) and (
        re.sub(r"[^a-z]", "", last.lower()).endswith(SECRET_ENDINGS) or SECRET_VALUE.search(value)
    ):
        raise ConfigError(
            f'{account.at(top)}: [accounts.{account.name}] key "{".".join(keys)}" holds a secret '
            "in plain sight: this file is copied and shared",
            hint=f'Name it instead: {last} = {{ env = "VARIABLE" }} or {{ file = "path" }}',
        )


def _reference(value: JsonValue) -> tuple[str, str] | None:
    """Return ("env", VARIABLE) or ("file", path) when that is all the value is."""
    if isinstance(value, dict) and len(value) == 1:
        ((how, what),) = value.items()
        if how in ("env", "file") and isinstance(what, str):
            return how, what
    return None


def _fetch(value: JsonValue, account: Account, top: str) -> JsonValue:
    match _reference(value):
        case ("env", variable):
            if not (secret := os.environ.get(variable)):
                raise ConfigError(
                    f'{account.at(top)}: [accounts.{account.name}] key "{top}" needs the '
                    f"environment variable {variable}, which is not set"
                )
            return secret
        case (_, file):
            folder = Path(account.where.rpartition(":")[0]).parent
            path = folder / Path(file).expanduser()
            try:
                return path.read_text("utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(
                    f'{account.at(top)}: [accounts.{account.name}] key "{top}": '
                    f"cannot read {path}: {getattr(error, 'strerror', 'not text')}"
                ) from error
    if isinstance(value, dict):
        return {key: _fetch(inner, account, top) for key, inner in value.items()}
    return value


def _syntax(path: Path, text: str, message: str) -> ConfigError:
    """Name file, line and key of what tomllib refuses; its message ends with the place."""
    told = re.fullmatch(r"(.*?) ?\(at (?:line (\d+), column \d+|end of document)\)", message, re.S)
    if told is None:
        return ConfigError(f"{path}: {message}")
    lines = text.splitlines() or [""]
    number = int(told[2] or len(lines))
    key = re.match(r"\s*([^=#\[\]]+?)\s*=", lines[min(number, len(lines)) - 1])
    at = f' at key "{key[1]}"' if key else ""
    return ConfigError(f"{path}:{number}: {told[1]}{at}", hint="Correct the line and try again")


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """Return the line of each table and key: tomllib tells none, so the text is scanned.

    Only messages use it; a key inside a multi-line string at worst gives a neighbour's line.
    """
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\[?([^\[\]]+)\]\]?", line):
            table = path = _dotted(header[1])
        elif pair := re.match(r"\s*([^=#]+?)\s*=", line):
            path = (*table, *_dotted(pair[1]))
        else:
            continue
        for depth in range(1, len(path) + 1):
            found.setdefault(path[:depth], number)
    return found


def _dotted(text: str) -> tuple[str, ...]:
    parts = re.findall(r"""\s*("[^"]*"|'[^']*'|[^."']+)\s*\.?""", text)
    return tuple(part.strip().strip("\"'") for part in parts)
