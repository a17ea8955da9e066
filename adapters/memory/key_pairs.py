"""Key pairs."""

from __future__ import annotations

import base64
import binascii
import hashlib

from adapters.memory.service import Service
from broker.errors import Conflict, Invalid
from broker.model import KeyPair, KeyPairSpec


class KeyPairs(Service):
    """Public SSH keys under a name, which is their id."""

    def key_pairs(self) -> list[KeyPair]:
        """Return every key pair; complete, or an error is raised."""
        with self._calling("key_pairs"):
            return self._listed("key_pairs", self._store.state().key_pairs.values())

    def create_key_pair(self, spec: KeyPairSpec) -> KeyPair:
        """Store a public key; quiet for the same key, Conflict for another under that name."""
        with self._calling("create_key_pair"), self._store.change() as state:
            pair = KeyPair(
                id=spec.name,
                name=spec.name,
                fingerprint=fingerprint(spec.public_key),
                public_key=spec.public_key,
            )
            known = state.key_pairs.setdefault(pair.id, pair)
            if known.fingerprint != pair.fingerprint:
                raise Conflict(f"there is another key called {spec.name}", code="Duplicate")
            return known

    def delete_key_pair(self, id: str) -> None:
        """Delete; quiet when it is gone."""
        with self._calling("delete_key_pair"), self._store.change() as state:
            state.key_pairs.pop(id, None)


def fingerprint(public_key: str) -> str:
    """Return what ``ssh-keygen -l`` shows for the key; Invalid when it is none."""
    try:
        key = base64.b64decode(public_key.split()[1], validate=True)
    except (IndexError, binascii.Error) as error:
        raise Invalid("this is no public SSH key") from error
    digest = base64.b64encode(hashlib.sha256(key).digest()).decode()
    return "SHA256:" + digest.rstrip("=")
