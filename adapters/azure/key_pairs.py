"""Public SSH keys. A key pair's id is its name, which is unique in a resource group."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.compute.models import SshPublicKeyResource

from adapters.azure import kinds, names
from adapters.azure.base import Base, listed
from adapters.azure.errors import calling
from adapters.azure.translate.native import plain, properties
from broker.errors import Conflict, Invalid, NotFound
from broker.model import KeyPair, KeyPairSpec

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")


class KeyPairs(Base):
    """Public SSH keys under a name."""

    def key_pairs(self) -> list[KeyPair]:
        """Return every key pair that has a key; complete, or an error is raised."""
        with calling("list key pairs"):
            found = listed(
                self._session.compute.ssh_public_keys.list_by_resource_group(self._group)
            )
            return [self._key_pair(each) for each in found if properties(each).get("publicKey")]

    def create_key_pair(self, spec: KeyPairSpec) -> KeyPair:
        """Store a public key; quiet for the same key, Conflict for another under that name."""
        if len(spec.name) > names.MOST or not _NAME.fullmatch(spec.name):
            raise Invalid(
                f"a key pair cannot be called {spec.name[:40]!r} here",
                hint=f"Letters, digits, - _ and ., at most {names.MOST}",
                provider="azure",
            )
        with calling("create key pair"):
            keys = self._session.compute.ssh_public_keys
            try:
                found = plain(keys.get(self._group, spec.name))
            except ResourceNotFoundError:
                wish = {
                    "location": self._session.location,
                    "properties": {"publicKey": spec.public_key},
                }
                return self._key_pair(
                    plain(keys.create(self._group, spec.name, SshPublicKeyResource(wish)))
                )
            if _key(properties(found).get("publicKey") or "") != _key(spec.public_key):
                raise Conflict(f"{spec.name} is the name of another key", hint="Take another name")
            return self._key_pair(found)

    def delete_key_pair(self, id: str) -> None:
        """Delete; quiet when it is gone."""
        with calling("delete key pair"), contextlib.suppress(NotFound, ResourceNotFoundError):
            place = self._ids.place(kinds.KEY_PAIR, id)
            self._session.compute.ssh_public_keys.delete(place.group, place.name)

    def _key_pair(self, found: Mapping[str, Any]) -> KeyPair:
        public = str(properties(found)["publicKey"]).strip()
        return KeyPair(
            id=self._ids.short(found["id"]),
            name=str(found["name"]),
            fingerprint=fingerprint(public),
            public_key=public,
            native=found,
        )


def fingerprint(public_key: str) -> str:
    """Return the SHA-256 of a key as ssh-keygen shows it: the service keeps none."""
    blob = base64.b64decode(public_key.split()[1])
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


def _key(line: str) -> tuple[str, ...]:
    """The kind and the key, without the comment behind them."""
    return tuple(line.split()[:2])
