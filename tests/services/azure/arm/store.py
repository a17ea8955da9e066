"""All resources there are, by id."""

from __future__ import annotations

from collections.abc import Iterator

from tests.services.azure.arm.resource import Resource


class Store:
    """Resources by id, and who names whom. The caller holds the lock of the front."""

    def __init__(self) -> None:
        self._resources: dict[str, Resource] = {}
        self._users: dict[str, set[str]] = {}
        self._named: dict[str, set[str]] = {}

    def get(self, id: str) -> Resource | None:
        return self._resources.get(id.lower())

    def put(self, resource: Resource) -> None:
        """Keep a resource, or keep it anew after a change of its references."""
        self._forget(resource.key)
        self._resources[resource.key] = resource
        self._named[resource.key] = resource.references()
        for named in self._named[resource.key]:
            self._users.setdefault(named, set()).add(resource.key)

    def remove(self, resource: Resource) -> None:
        self._forget(resource.key)
        self._resources.pop(resource.key, None)

    def clear(self) -> None:
        for each in (self._resources, self._users, self._named):
            each.clear()

    def _forget(self, key: str) -> None:
        for named in self._named.pop(key, ()):
            self._users[named].discard(key)

    def users(self, id: str, type: str | None = None) -> list[Resource]:
        """The resources that name this id in their properties; of one type if asked."""
        found = [self._resources[key] for key in sorted(self._users.get(id.lower(), ()))]
        return [each for each in found if type is None or each.type.lower() == type.lower()]

    def of_type(self, type: str, beneath: str) -> list[Resource]:
        """Resources of a type beneath an id: a subscription, a group or a parent; by id."""
        prefix, wanted = beneath.lower() + "/", type.lower()
        return [
            resource
            for key, resource in sorted(self._resources.items())
            if key.startswith(prefix) and resource.type.lower() == wanted
        ]

    def beneath(self, id: str) -> Iterator[Resource]:
        """Everything beneath an id, deepest first."""
        prefix = id.lower() + "/"
        for key in sorted(self._resources, key=lambda key: (-key.count("/"), key)):
            if key.startswith(prefix):
                yield self._resources[key]
