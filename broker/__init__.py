"""One model for the machines of several providers, and a way to move them.

    import broker

    broker.inventory()                        # every machine of every account
    lab = broker.open("kvm-lab")              # an Adapter
    lab, web = broker.find("kvm-lab/web-1")   # a machine, and the account it is in

Each name is imported when it is first used, so ``import broker`` is quick and loads no SDK.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broker import adapter, catalog, cost, errors, firewall, migrate, model, placement
    from broker.config import accounts
    from broker.machine import find
    from broker.placement import place
    from broker.registry import open, providers  # noqa: A004  the word users say
    from broker.survey import inventory

__all__ = [
    "accounts",
    "adapter",
    "catalog",
    "cost",
    "errors",
    "find",
    "firewall",
    "inventory",
    "migrate",
    "model",
    "open",
    "place",
    "placement",
    "providers",
]

_HOMES = {
    "accounts": "broker.config",
    "find": "broker.machine",
    "inventory": "broker.survey",
    "open": "broker.registry",
    "place": "broker.placement",
    "providers": "broker.registry",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'broker' has no attribute {name!r}")
    if name in _HOMES:
        found: object = getattr(import_module(_HOMES[name]), name)
    else:
        found = import_module(f"broker.{name}")
    globals()[name] = found
    return found
