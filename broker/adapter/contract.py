"""What every adapter owes."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from broker.adapter.instances import Instances
from broker.adapter.limits import Limits
from broker.adapter.networking import Firewalls, KeyPairs, Networks
from broker.adapter.storage import Disks, Images, Snapshots, Volumes
from broker.model import Strict


class Kind(StrEnum):
    """The kinds of things an adapter makes. A DISK is what a Sink fills, whatever holds it."""

    INSTANCE = "instance"
    VOLUME = "volume"
    SNAPSHOT = "snapshot"
    IMAGE = "image"
    DISK = "disk"
    NETWORK = "network"
    FIREWALL = "firewall"
    PUBLIC_ADDRESS = "public_address"


class Made(Strict):
    """Something a token made."""

    kind: Kind
    id: str


class Adapter(
    Instances, Volumes, Snapshots, Images, Disks, Networks, Firewalls, KeyPairs, Protocol
):
    """One account in one region of one provider. Safe to use from many threads.

    Methods raise ``broker.errors`` only. Calls that create take ``token`` (1 to 64 characters of
    ``a-z0-9-``): the same token twice makes one resource, so a retried step is harmless. Deleting
    what is gone is quiet. Listings are complete or raise.
    """

    @property
    def name(self) -> str:
        """The account's name in the accounts file."""
        ...

    @property
    def limits(self) -> Limits:
        """What this account accepts."""
        ...

    def check(self) -> str:
        """Make one cheap authenticated call and return who and where we are, in one line.

        ConfigError, AccessDenied or Transient say what is wrong with the account.
        """
        ...

    def made(self, token: str) -> list[Made]:
        """Return what calls with this token made and is still there, a half-filled disk too.

        This is how an undo finds the work of a step that died before it could report.
        """
        ...

    def close(self) -> None:
        """Let go of connections. May be called twice."""
        ...
