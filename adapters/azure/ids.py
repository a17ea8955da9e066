"""Ids: of what is in the account's resource group its name, of what is elsewhere the whole path.

Both in small letters: the service tells them apart by nothing but that, and answers with others
than it was given.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from broker.errors import NotFound

_PATH = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)"
    r"/providers/(?P<provider>[^/]+)(?P<rest>(/[^/]+/[^/]+)+)",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-z0-9_(][A-Za-z0-9_().-]{0,89}")


class Place(NamedTuple):
    """Where a thing is: its resource group and its names, the parent's first."""

    group: str
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """The thing's own name."""
        return self.names[-1]


class Ids:
    """Ids seen from one resource group of one subscription."""

    def __init__(self, subscription: str, group: str) -> None:
        self._subscription = subscription.lower()
        self._group = group

    def short(self, path: str) -> str:
        """Return our id of what the service calls ``path``."""
        found = _PATH.fullmatch(path)
        if found is None or not self._is_here(found):
            return path.lower()
        return "/".join(found["rest"].split("/")[2::2]).lower()

    def place(self, kind: str, id: str) -> Place:
        """Return where the thing of a kind (like ``Microsoft.Network/virtualNetworks``) is.

        NotFound for what can be no id of such a thing.
        """
        _, *types = kind.split("/")
        group, names = self._group, id.split("/")
        if id.startswith("/"):
            found = _PATH.fullmatch(id)
            if found is None or found["subscription"].lower() != self._subscription:
                raise self._missing(types[-1], id)
            told = found["rest"].split("/")
            if "/".join([found["provider"], *told[1::2]]).lower() != kind.lower():
                raise self._missing(types[-1], id)
            group, names = found["group"], told[2::2]
        if len(names) != len(types) or not all(_NAME.fullmatch(one) for one in (group, *names)):
            raise self._missing(types[-1], id)
        return Place(group, tuple(names))

    def path(self, kind: str, id: str) -> str:
        """Return what the service calls the thing with our id; NotFound for what can be none."""
        place = self.place(kind, id)
        provider, *types = kind.split("/")
        named = "/".join(f"{one}/{name}" for one, name in zip(types, place.names, strict=True))
        return (
            f"/subscriptions/{self._subscription}/resourceGroups/{place.group}"
            f"/providers/{provider}/{named}"
        )

    @staticmethod
    def parent(id: str) -> str:
        """Return the id of what the thing with this id is part of."""
        return id.rsplit("/", 2 if id.startswith("/") else 1)[0]

    def _is_here(self, found: re.Match[str]) -> bool:
        return (found["subscription"].lower(), found["group"].lower()) == (
            self._subscription,
            self._group.lower(),
        )

    @staticmethod
    def _missing(what: str, id: str) -> NotFound:
        return NotFound(f"there is no {what} {id}", provider="azure")
