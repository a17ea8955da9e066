"""Every machine of every account, read at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from typing import TypeVar

from broker import config as accounts_file
from broker import registry
from broker.adapter import Account, Adapter
from broker.errors import BrokerError, ConfigError
from broker.model import Instance, Strict
from broker.nearest import did_you_mean

Answer = TypeVar("Answer")

PATIENCE_S = 60.0
"""Longer than any SDK's own retries on one call, short enough to wait for at a prompt."""


class Listing(Strict):
    """What one account answered: its machines, or why there are none to show."""

    account: str
    kind: str
    instances: tuple[Instance, ...] = ()
    error: str | None = None


def inventory(
    names: Iterable[str] = (), *, config: Path | None = None, patience_s: float = PATIENCE_S
) -> list[Listing]:
    """Return one listing an account, in the file's order; all accounts when no names are given.

    A broken account does not stop the others: its listing has the ``error``. ConfigError when the
    accounts file itself is broken or a name is unknown.
    """
    known = accounts_file.accounts(config)
    for name in (wanted := list(names)):
        if name not in known:
            raise ConfigError(f"there is no account {name}", hint=did_you_mean(name, known))
    chosen = [account for name, account in known.items() if not wanted or name in wanted]
    answers = ask_all(chosen, lambda adapter: adapter.instances(), patience_s)
    return [_listing(account, answers[account.name]) for account in chosen]


def _listing(account: Account, answer: list[Instance] | BrokerError) -> Listing:
    if isinstance(answer, BrokerError):
        return Listing(account=account.name, kind=account.kind, error=str(answer))
    return Listing(account=account.name, kind=account.kind, instances=tuple(answer))


def ask_all(
    accounts: Sequence[Account], question: Callable[[Adapter], Answer], patience_s: float
) -> dict[str, Answer | BrokerError]:
    """Open every account and ask it one question, all at once, one thread an account.

    An account that does not answer within ``patience_s`` counts as a BrokerError; its thread is
    left behind, for an SDK's call cannot be cut short.
    """
    asked = {account.name: _ask(account, question) for account in accounts}
    wait(asked.values(), timeout=patience_s)
    answers: dict[str, Answer | BrokerError] = {}
    for name, answer in asked.items():
        if not answer.done():
            answers[name] = BrokerError(
                f"no answer within {patience_s:g} s", hint="Is the service up?"
            )
        elif isinstance(error := answer.exception(), BrokerError):
            answers[name] = error
        else:
            answers[name] = answer.result()
    return answers


def _ask(account: Account, question: Callable[[Adapter], Answer]) -> Future[Answer]:
    answer: Future[Answer] = Future()

    def run() -> None:
        try:
            adapter = registry.open(account, patience_s=registry.PROMPT_PATIENCE_S)
            with contextlib.closing(adapter):
                answer.set_result(question(adapter))
        except BaseException as error:  # noqa: BLE001  raised again where the answer is read
            answer.set_exception(error)

    threading.Thread(target=run, name=f"ask {account.name}", daemon=True).start()
    return answer
