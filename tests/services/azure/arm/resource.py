"""One resource, as it is kept."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.services.azure.arm.address import Address
from tests.services.azure.arm.operations import Operation


@dataclass
class Resource:
    """What is kept of a resource.

    ``body`` is what a read shows, with properties.provisioningState; ``hidden`` what it does not.
    ``api_version`` is the one it was written with last: some defaults changed over the years.
    ``deletion`` is the operation that removes it.
    """

    address: Address
    type: str
    body: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict)
    api_version: str = ""
    deletion: Operation | None = None
    etag: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def id(self) -> str:
        return self.address.id

    @property
    def key(self) -> str:
        """What it is stored under: ids compare without regard to case."""
        return self.id.lower()

    @property
    def name(self) -> str:
        return self.address.leaf

    @property
    def location(self) -> str:
        return str(self.body.get("location", ""))

    @property
    def properties(self) -> dict[str, Any]:
        properties: dict[str, Any] = self.body.setdefault("properties", {})
        return properties

    @property
    def state(self) -> str:
        return str(self.properties.get("provisioningState", "Succeeded"))

    @state.setter
    def state(self, state: str) -> None:
        self.properties["provisioningState"] = state

    def touch(self) -> None:
        """A new ETag: something about the resource changed."""
        self.etag = str(uuid.uuid4())

    def references(self) -> set[str]:
        """The ids this resource names, in lower case."""
        return {each.lower() for each in references(self.properties)}


def references(value: Any) -> Iterator[str]:
    """Every {"id": …} in a body."""
    if isinstance(value, dict):
        named = value.get("id")
        if isinstance(named, str) and named.startswith("/subscriptions/"):
            yield named
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)
