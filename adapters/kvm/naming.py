"""How tokens and names become libvirt's: ids that a token decides, file names that tell all.

libvirt keeps no metadata for volumes, so the file name says what ours are:
``NAME.KIND-MARK.qcow2``, where the mark is a hash of the token that made it.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from enum import StrEnum
from ipaddress import IPv4Address
from typing import NamedTuple
from urllib.parse import quote, unquote

from broker.errors import Invalid

NAMESPACE = uuid.UUID("6f0e1c1e-6b3c-5d0c-8f3b-6a1d9b1f5b52")
"""Ours; it keeps our UUIDs apart from everybody else's."""

NAME_BYTES = 200
"""A file name holds 255 bytes; kind, mark, extension and a backup's suffix need the rest."""


class Made(StrEnum):
    """What a volume of ours is for."""

    VOLUME = "volume"
    DISK = "disk"
    SNAPSHOT = "snapshot"
    IMAGE = "image"
    SEED = "seed"
    CONSOLE = "console"


class VolumeName(NamedTuple):
    """A volume's file name, taken apart. Others' volumes have no ``made`` and no ``mark``."""

    name: str
    made: Made | None = None
    mark: str = ""

    @classmethod
    def parse(cls, file: str) -> VolumeName:
        """Take any volume's file name apart."""
        found = _OURS.fullmatch(file)
        if not found:
            return cls(file)
        return cls(unquote(found["name"]), Made(found["made"]), found["mark"])

    def file(self) -> str:
        """Return the file name; Invalid when the name is too long for one."""
        assert self.made is not None
        extension = {Made.SEED: "iso", Made.CONSOLE: "log"}.get(self.made, "qcow2")
        # libvirt takes no "/", XML no control characters, and "." first would hide the file
        safe = re.sub(r"[%/\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]|^\.", _quoted, self.name)
        if len(safe.encode()) > NAME_BYTES:
            raise Invalid(f"the name {self.name[:40]!r}… is too long", hint="Use a shorter one")
        return f"{safe}.{self.made}-{self.mark}.{extension}"


_OURS = re.compile(
    rf"(?P<name>.*)\.(?P<made>{'|'.join(Made)})-(?P<mark>[0-9a-f]{{16}})\.\w+", re.DOTALL
)


def _quoted(found: re.Match[str]) -> str:
    # quote() leaves a leading dot alone
    return "%2E" if found[0] == "." else quote(found[0], safe="", errors="surrogatepass")


def mark(token: str) -> str:
    """Return the hash of a token that file names carry."""
    return hashlib.blake2b(token.encode(), digest_size=8).hexdigest()


def uuid_for(kind: str, token: str) -> str:
    """Return the UUID of what ``token`` makes of this kind: the same for every try."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}/{token}"))


def mac_for(network: str, address: IPv4Address) -> str:
    """Return the hardware address of the card that gets an address of a network, by UUID.

    It is the same for every machine that gets this address: a server does not give what it has
    leased to another card, and the lease of a deleted machine lasts up to an hour.
    """
    digest = hashlib.blake2b(f"{network}/{address}".encode(), digest_size=5).hexdigest()
    # 02: one card's, and not out of a maker's range
    return ":".join(("02", *(digest[at : at + 2] for at in range(0, len(digest), 2))))


def is_uuid(id: str) -> bool:
    """Tell whether an id can be one of a domain, network or filter at all."""
    return re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", id) is not None
