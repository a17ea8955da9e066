"""Key pairs."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from adapters.openstack.base import Base
from adapters.openstack.errors import calling
from broker.errors import Conflict
from broker.model import KeyPair, KeyPairSpec


class KeyPairs(Base):
    """Public SSH keys under a name, which is their id. They belong to the user."""

    def key_pairs(self) -> list[KeyPair]:
        """Return every key pair; complete, or an error is raised."""
        with calling("list key pairs"):
            listed = self._session.listed("compute", "/os-keypairs", "keypairs")
            return [_told(each["keypair"]) for each in listed]

    def create_key_pair(self, spec: KeyPairSpec) -> KeyPair:
        """Store a public key; quiet for the same key, Conflict for another under that name."""
        with calling("create key pair"):
            wish = {"name": spec.name, "public_key": spec.public_key, "type": "ssh"}
            try:
                return _told(
                    self._session.post("compute", "/os-keypairs", {"keypair": wish})["keypair"]
                )
            except Conflict:
                known = _told(self._session.get("compute", key_path(spec.name))["keypair"])
                if known.public_key != spec.public_key:
                    raise
                return known

    def delete_key_pair(self, id: str) -> None:
        """Delete; quiet when it is gone."""
        with calling("delete key pair"):
            self._session.delete("compute", key_path(id))


def key_path(name: str) -> str:
    """Return where nova keeps a key pair."""
    return f"/os-keypairs/{quote(name, safe='')}"


def _told(pair: dict[str, Any]) -> KeyPair:
    return KeyPair(
        id=pair["name"],
        name=pair["name"],
        fingerprint=pair["fingerprint"],
        public_key=pair.get("public_key"),
        native=pair,
    )
