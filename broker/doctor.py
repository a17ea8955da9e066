"""What can be wrong before anything is done: the installation, the accounts file, each account."""

from __future__ import annotations

import platform
from importlib.metadata import packages_distributions
from pathlib import Path

from broker import config as accounts_file
from broker import registry
from broker.errors import BrokerError, ConfigError
from broker.model import Strict
from broker.survey import PATIENCE_S, ask_all

IMPORT_NAMES = ("broker", "adapters", "mappings")
"""Common words: another package that brings one of them would overwrite our files."""


class Finding(Strict):
    """One thing looked at."""

    check: str
    ok: bool
    found: str


def examine(config: Path | None = None, *, patience_s: float = PATIENCE_S) -> list[Finding]:
    """Return everything looked at, good and bad, in the order it matters."""
    findings = [Finding(check="Python", ok=True, found=platform.python_version()), *_names()]
    try:
        accounts = list(accounts_file.accounts(config).values())
        registry.providers()
    except ConfigError as error:
        return [*findings, Finding(check="accounts file", ok=False, found=str(error))]
    place = accounts_file.accounts_file(config)
    findings.append(
        Finding(check="accounts file", ok=True, found=f"{place}: {len(accounts)} accounts")
    )
    answers = ask_all(accounts, lambda adapter: adapter.check(), patience_s)
    return findings + [
        Finding(check=f"account {name}", ok=not isinstance(answer, BrokerError), found=str(answer))
        for name, answer in answers.items()
    ]


def _names() -> list[Finding]:
    owners = packages_distributions()
    findings = []
    for name in IMPORT_NAMES:
        others = sorted(set(owners.get(name, ())) - {registry.OUR_DISTRIBUTION})
        if others:
            found = f"also brought by {', '.join(others)}: uninstall that, or use another .venv"
            findings.append(Finding(check=f"import name {name}", ok=False, found=found))
    if not findings:
        ours = ", ".join(IMPORT_NAMES)
        findings.append(Finding(check="import names", ok=True, found=f"{ours} are ours alone"))
    return findings
