"""What the files of the adapter share: the session, ids, and how listings work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

from azure.core.exceptions import ResourceNotFoundError
from azure.core.rest import HttpRequest, HttpResponse

from adapters.azure import names, tags
from adapters.azure.errors import PROVIDER
from adapters.azure.ids import Ids, Place
from adapters.azure.session import Session
from adapters.azure.translate.native import plain, properties
from broker.errors import Transient

DONE = "Succeeded"
"""The provisioning state of what is as it was asked to be."""


class Client(Protocol):
    """What all of the SDK's clients have: requests of our own through their pipeline."""

    def send_request(self, request: HttpRequest) -> HttpResponse:
        """Send as the client's own requests are sent."""
        ...


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

    def _rows(
        self, client: Client, kind: str, version: str, query: Mapping[str, str], *, group: bool
    ) -> Iterator[dict[str, Any]]:
        """Yield a long listing, of the resource group or of the subscription, as it comes.

        The SDK's own call makes an object of each thing first, which is most of what it costs.
        """
        where = f"/subscriptions/{self._session.settings.subscription}"
        if group:
            where += f"/resourceGroups/{self._group}"
        url = f"{where}/providers/{kind}?{urlencode({'api-version': version, **query})}"
        while url:
            answer = client.send_request(HttpRequest("GET", url))
            answer.raise_for_status()
            try:
                page = answer.json()
                yield from page["value"]
                url = page.get("nextLink") or ""
            except (ValueError, LookupError, TypeError) as error:
                raise Transient(
                    f"the answer cannot be read: {error!r}", provider=PROVIDER
                ) from error

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
