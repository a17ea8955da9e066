"""Look, and change nothing."""

from __future__ import annotations

from typing import Any

from broker.adapter.contract import Adapter
from broker.adapter.wrap import Call, wrap
from broker.errors import Unsupported

READS = frozenset(
    {
        *("check", "made", "close", "sizes", "closed_sizes", "hosts", "spot_prices", "console_log"),
        *("instances", "volumes", "snapshots", "images", "networks", "firewalls", "key_pairs"),
        *("instance", "volume", "snapshot", "image", "network", "firewall", "public_addresses"),
        *("subnet_firewalls", "network_policy", "address_set", "network_address_set"),
        *("quota_use", "addresses_in_use", "last_run"),
        *("open_source", "extents", "pread_into"),
    }
)
"""Calls that change nothing. What is not named here is refused: a new ability is, until it is."""


def read_only(adapter: Adapter) -> Adapter:
    """Return an adapter that reads.

    Every call that would change something raises Unsupported and tells what it would have done.
    """

    def refuse(call: Call) -> Any:
        if call.name in READS:
            return call()
        raise Unsupported(
            f"nothing was changed: this would have called {call}",
            provider=adapter.name,
            operation=call.name,
            hint="The account was opened to read only",
        )

    return wrap(adapter, refuse)
