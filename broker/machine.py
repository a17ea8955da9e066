"""Finding one machine by what people call it: ACCOUNT/NAME or ACCOUNT/ID."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from broker import registry
from broker.adapter import Adapter
from broker.errors import ConfigError, NotFound
from broker.model import Instance
from broker.nearest import did_you_mean


def parse(reference: str) -> tuple[str, str]:
    """Split ``ACCOUNT/NAME`` at its first slash; ConfigError when a part is missing."""
    account, _, wanted = reference.partition("/")
    if not account or not wanted:
        raise ConfigError(f'"{reference}" names no machine', hint="Say ACCOUNT/NAME or ACCOUNT/ID")
    return account, wanted


def find(reference: str, *, config: Path | None = None) -> tuple[Adapter, Instance]:
    """Open the account and return it with the machine.

    ConfigError for an unknown account or a name two machines share, NotFound for an unknown
    machine; both offer what there is. The adapter is the caller's to close.
    """
    account, wanted = parse(reference)
    adapter = registry.open(account, config=config, patience_s=registry.PROMPT_PATIENCE_S)
    try:
        return adapter, pick(adapter.instances(), wanted, account)
    except BaseException:
        adapter.close()
        raise


def pick(instances: Sequence[Instance], wanted: str, account: str) -> Instance:
    """Return the machine with this id, or else the only one with this name."""
    for instance in instances:
        if instance.id == wanted:
            return instance
    named = [instance for instance in instances if instance.name == wanted]
    if len(named) > 1:
        raise ConfigError(
            f"{len(named)} machines in {account} are called {wanted}",
            hint=f"Say which: {', '.join(f'{account}/{one.id}' for one in named)}",
        )
    if not named:
        raise NotFound(
            f"there is no machine {wanted} in {account}",
            hint=did_you_mean(wanted, {instance.name for instance in instances}),
        )
    return named[0]
