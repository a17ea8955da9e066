"""What the files of the adapter share: the session, and how listings and tokens work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from botocore.paginate import PageIterator

from adapters.aws.session import Session
from broker.errors import NotFound

PAGE = 1000
"""The most the service puts on a page: fewest calls for a listing."""


class Base:
    """One account in one region."""

    def __init__(self, name: str, session: Session) -> None:
        self._name = name
        self._session = session

    @property
    def name(self) -> str:
        """The account's name in the accounts file."""
        return self._name


def pages(
    client: Any, operation: str, member: str, page: int = 0, **asked: Any
) -> Iterator[Mapping[str, Any]]:
    """Yield what a listing has on all of its pages; ``page`` where less than PAGE is the most."""
    size = {"PageSize": min(page or PAGE, PAGE)}
    found: PageIterator[Any] = client.get_paginator(operation).paginate(
        PaginationConfig=size, **asked
    )
    for answer in found:
        yield from answer.get(member, [])


def only(found: Iterable[Any], what: str, id: str) -> Any:
    """Return the one thing found; NotFound when there is none."""
    for each in found:
        return each
    raise NotFound(f"there is no {what} {id}", provider="aws")
