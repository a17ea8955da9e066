"""What the files of the adapter share."""

from __future__ import annotations

from adapters.openstack.session import Session


class Base:
    """One project in one region of one cloud."""

    def __init__(self, name: str, session: Session) -> None:
        self._name = name
        self._session = session

    @property
    def name(self) -> str:
        """The account's name in the accounts file."""
        return self._name
