"""Which kinds of account there are, and how one is opened. The only place that names adapters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, entry_points, requires, version
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from broker import config as accounts
from broker.adapter import Account, Adapter, Budget, Rate, rate_limited, retrying
from broker.errors import ConfigError
from broker.nearest import did_you_mean

if TYPE_CHECKING:
    from broker.catalog.values import Price

GROUP = "interop_broker.adapters"
"""Entry-point group an adapter outside this project registers under, name = kind."""

OUR_DISTRIBUTION = "interop-broker"

BUILT_IN = {
    "aws": "adapters.aws:connect",
    "azure": "adapters.azure:connect",
    "kvm": "adapters.kvm:connect",
    "memory": "adapters.memory:connect",
    "openstack": "adapters.openstack:connect",
}
"""The project's own adapters, named here too so that a clone works before it is installed."""

PRICES = {
    "aws": "adapters.aws.prices:prices",
    "azure": "adapters.azure.prices:prices",
}
"""Who reads the price list a provider publishes. No account is needed for that."""

EXTRA = re.compile(r"""([A-Za-z0-9._-]+).*;.*\bextra\s*==\s*["']([^"']+)["']""")
"""A requirement in a distribution's metadata: its name, and the extra that asks for it."""

PATIENCE_S = 120.0
"""Long enough for a service that restarts in the middle of a copy."""

PROMPT_PATIENCE_S = 15.0
"""Where somebody waits at a prompt: enough for two or three tries of a call."""

Connect = Callable[[Account], Adapter]
PriceReader = Callable[[str], "Iterator[Price]"]
"""Given a region, yields the prices published for it, as they arrive."""


@dataclass(frozen=True)
class Provider:
    """One kind of account: where its ``connect`` is, and which distribution brings it."""

    kind: str
    target: str
    distribution: str

    @property
    def install(self) -> str:
        """The command that brings what this kind needs."""
        ours = self.distribution == OUR_DISTRIBUTION
        return f"pip install '{self.distribution}{f'[{self.kind}]' if ours else ''}'"

    def missing(self) -> list[str]:
        """Return the packages of this kind's extra that are not installed.

        Empty for an adapter that is not ours, and for a clone that was never installed.
        """
        try:
            needed = requires(OUR_DISTRIBUTION) or []
        except PackageNotFoundError:
            return []
        names = [
            found[1] for line in needed if (found := EXTRA.match(line)) and found[2] == self.kind
        ]
        return [name for name in names if not _installed(name)]


def _installed(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def providers() -> dict[str, Provider]:
    """Return every kind known, by name, without importing any adapter.

    ConfigError when two distributions bring different adapters of one kind.
    """
    found = {kind: Provider(kind, target, OUR_DISTRIBUTION) for kind, target in BUILT_IN.items()}
    for entry in entry_points(group=GROUP):
        distribution = entry.dist.name if entry.dist else "unknown"
        known = found.setdefault(entry.name, Provider(entry.name, entry.value, distribution))
        if known.target != entry.value:
            raise ConfigError(
                f"two packages bring accounts of kind {entry.name}: "
                f"{known.distribution} ({known.target}) and {distribution} ({entry.value})",
                hint="Uninstall one of them",
            )
    return dict(sorted(found.items()))


def provider(account: Account) -> Provider:
    """Return what brings this account's kind; ConfigError offers the nearest kinds."""
    known = providers()
    if account.kind not in known:
        raise ConfigError(
            f'{account.at("kind")}: [accounts.{account.name}] unknown kind "{account.kind}"',
            hint=did_you_mean(account.kind, known),
        )
    return known[account.kind]


def connect(account: Account) -> Adapter:
    """Open an account as its adapter gives it, without retries or a rate budget.

    ConfigError when the kind is unknown, a secret cannot be fetched or the SDK is not installed.
    """
    brought_by = provider(account)
    settled = accounts.with_secrets(account)
    try:
        opener: Connect = resolve_name(brought_by.target)
        return opener(settled)
    except ImportError as error:
        raise ConfigError(
            f"account {account.name} needs a Python package that is not there ({error})",
            hint=brought_by.install,
        ) from error


def open(  # noqa: A001  the word users say
    account: str | Account, *, config: Path | None = None, patience_s: float = PATIENCE_S
) -> Adapter:
    """Open an account, by its name in the accounts file, with retries and its pace around it.

    One call is tried again for at most ``patience_s``. ConfigError when there is no such account
    or it cannot be used.
    """
    if isinstance(account, str):
        account = accounts.account(account, config)
    adapter = connect(account)
    if account.calls_per_second:
        adapter = rate_limited(adapter, _rate(account.name, account.calls_per_second))
    return retrying(adapter, _budget(account.name, patience_s))


def price_reader(provider: str) -> PriceReader:
    """Return what reads a provider's published prices; ConfigError when nothing does."""
    if provider not in PRICES:
        raise ConfigError(
            f"nobody knows how to read prices of {provider}", hint=did_you_mean(provider, PRICES)
        )
    reader: PriceReader = resolve_name(PRICES[provider])
    return reader


@cache
def _rate(account: str, per_second: float) -> Rate:
    """Return the one rate of an account: the provider counts all that this process calls."""
    return Rate(per_second, burst=max(1, int(per_second)))


@cache
def _budget(account: str, seconds: float) -> Budget:
    """Return the one budget of an account: a service that is down is down for every thread."""
    return Budget(seconds=seconds)
