"""What the files of the adapter share: the session, ids, and how listings work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from adapters.azure import names, tags
from adapters.azure.ids import Ids, Place
from adapters.azure.session import Session
from adapters.azure.translate.native import plain, properties

DONE = "Succeeded"
"""The provisioning state of what is as it was asked to be."""


class Base:
    """One resource group of one subscription."""

    def __init__(self, name: str, session: Session) -> None:
        self._name = name
        self._session = session
        self._ids = Ids(session.settings.subscription, session.settings.resource_group)

    @property
    def name(self) -> str:
        """The account's name in the accounts file."""
        return self._name

    @property
    def _group(self) -> str:
        """The resource group new things are in."""
        return self._session.settings.resource_group

    def _new(
        self, name: str, labels: Mapping[str, str], token: str, **marks: str
    ) -> dict[str, Any]:
        """Return what every new thing is told: where it is, and its tags."""
        return {
            "location": self._session.location,
            "tags": tags.tags_for(labels, tags.marks_for(name, token, **marks)),
        }

    def _place(self, name: str, token: str, most: int = names.MOST) -> Place:
        """Return where a new thing goes."""
        return Place(self._group, (names.named(name, token, most),))

    def _found(self, get: Callable[..., Mapping[str, Any]], place: Place) -> dict[str, Any] | None:
        """Return what is there, in whatever state; None where there is nothing."""
        try:
            return plain(get(place.group, *place.names))
        except ResourceNotFoundError:
            return None

    def _there(self, get: Callable[..., Mapping[str, Any]], place: Place) -> dict[str, Any] | None:
        """Return what is there and whole; None where there is nothing, or what failed half-way."""
        found = self._found(get, place)
        return found if found and properties(found).get("provisioningState") == DONE else None


def listed(pages: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield what a listing has on all of its pages."""
    return (plain(each) for each in pages)
