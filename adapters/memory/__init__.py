"""A whole cloud in a folder: for tests, for trying things out, and to read adapters against."""

from __future__ import annotations

from broker.adapter import Account, Adapter


def connect(account: Account) -> Adapter:
    """Open the cloud in the folder the account names, which is made when it is not there.

    ConfigError when a setting cannot be.
    """
    from adapters.memory.adapter import MemoryAdapter
    from adapters.memory.settings import Settings
    from broker.adapter import without

    settings = account.read(Settings)
    return without(MemoryAdapter(account.name, settings), *settings.hidden_abilities())
