"""Key pairs: libvirt knows none, so public keys are notes in the pool."""

from __future__ import annotations

import base64
import binascii
import hashlib

from adapters.kvm import notes
from adapters.kvm.errors import PROVIDER, calling
from adapters.kvm.naming import mark
from adapters.kvm.part import Part
from broker.errors import Conflict, Invalid, NotFound
from broker.model import KeyPair, KeyPairSpec

PREFIX = "key-pair-"


class KeyPairCalls(Part):
    """The contract's KeyPairs."""

    def key_pairs(self) -> list[KeyPair]:
        """Return every key pair."""
        with calling("list key pairs"):
            files = [vol.name() for vol in self._host.pool.listAllVolumes()]
        subjects = [
            file.removesuffix(notes.SUFFIX)
            for file in files
            if file.startswith(PREFIX) and file.endswith(notes.SUFFIX)
        ]
        found = [notes.read(self._host, subject, notes.KeyNote) for subject in sorted(subjects)]
        return [_described(note) for note in found if note]

    def create_key_pair(self, spec: KeyPairSpec) -> KeyPair:
        """Keep a public key; quiet for the same key, Conflict for another under that name."""
        new = notes.KeyNote(name=spec.name, public_key=spec.public_key)
        made = _described(new)
        there = notes.read(self._host, _subject(spec.name), notes.KeyNote)
        if there is None:
            notes.write(self._host, _subject(spec.name), new)
        elif _described(there).fingerprint != made.fingerprint:
            raise Conflict(f"key pair {spec.name} is another key", provider=PROVIDER)
        return made

    def delete_key_pair(self, id: str) -> None:
        """Delete; quiet when it is gone."""
        notes.delete(self._host, _subject(id))

    def _public_key(self, name: str) -> str:
        """Return the key of that name, or NotFound."""
        note = notes.read(self._host, _subject(name), notes.KeyNote)
        if note is None:
            raise NotFound(f"no key pair {name}", provider=PROVIDER)
        return note.public_key


def _subject(name: str) -> str:
    return f"{PREFIX}{mark(name)}"


def _described(note: notes.KeyNote) -> KeyPair:
    try:
        blob = base64.b64decode(note.public_key.split()[1], validate=True)
    except binascii.Error as error:
        raise Invalid(f"key pair {note.name} holds no public key: {error}") from error
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return KeyPair(
        id=note.name, name=note.name, fingerprint=f"SHA256:{digest}", public_key=note.public_key
    )
