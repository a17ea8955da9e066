"""Reading what stands between one machine and its networks."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broker.cli.run import Run
    from broker.firewall import Guard


def guarded(run: Run, machine: str) -> Guard:
    """Return what stands between ACCOUNT/NAME and its networks."""
    import broker
    from broker import firewall

    adapter, instance = broker.find(machine, config=run.config)
    with contextlib.closing(adapter):
        return firewall.guard(adapter, instance)
