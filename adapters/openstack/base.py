"""What the files of the adapter share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapters.openstack.session import Session

ROUTER = "router"
"""neutron's extension for routers and floating addresses; provider networks need neither."""


class Base:
    """One project in one region of one cloud."""

    def __init__(self, name: str, session: Session) -> None:
        self._name = name
        self._session = session

    @property
    def name(self) -> str:
        """The account's name in the accounts file."""
        return self._name

    def _routing(self, member: str, **only: object) -> Iterator[Any]:
        """Yield routers, or floating addresses; there are none where neutron does not route."""
        if ROUTER in self._session.extensions:
            yield from self._session.listed("network", f"/{member}", member, **only)
