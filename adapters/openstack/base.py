"""What the files of the adapter share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

    def _usable(self, thing: Mapping[str, Any]) -> bool:
        """Tell whether a thing of neutron's is this project's, or others let it be used here.

        Operators are shown those of every project, and releases differ in which tell who shares.
        """
        return thing["project_id"] == self._session.project or bool(thing.get("shared", True))

    def _routing(self, member: str, **only: object) -> Iterator[Any]:
        """Yield routers, or floating addresses; there are none where neutron does not route."""
        if ROUTER in self._session.extensions:
            yield from self._session.listed("network", f"/{member}", member, **only)
