"""Where up.sh tells how to log in, and an account that does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.openstack import connect
from broker.adapter import Account

if TYPE_CHECKING:
    from adapters.openstack.adapter import OpenStackAdapter

REPOSITORY = Path(__file__).resolve().parents[3]
CLOUDS = Path(os.environ.get("INTEROP_STATE", REPOSITORY / ".state")) / "openstack" / "clouds.yaml"


def opened(**settings: str) -> OpenStackAdapter:
    """An account of the second project: the suite works in the first."""
    told = {"cloud": "interop-b", "clouds_file": str(CLOUDS), **settings}
    return connect(Account(name="stack", kind="openstack", settings=told))
