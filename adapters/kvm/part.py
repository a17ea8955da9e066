"""What the nouns of the adapter share."""

from __future__ import annotations

from typing import NamedTuple

from adapters.kvm.host import Host
from adapters.kvm.translate.instance import AttachedDisk, disks
from adapters.kvm.translate.xml import parse


class Part:
    """One noun's calls on a host."""

    def __init__(self, host: Host) -> None:
        self._host = host


class Attachment(NamedTuple):
    """Which domain uses an image, and as what."""

    instance: str
    disk: AttachedDisk


def attachments(host: Host) -> dict[str, Attachment]:
    """Return which domain uses which image, by path."""
    found: dict[str, Attachment] = {}
    for domain, xml in host.domains():
        for disk in disks(parse(xml)):
            found[disk.path] = Attachment(domain.UUIDString(), disk)
    return found
