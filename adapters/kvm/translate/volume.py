"""Volumes of storage pools."""

from __future__ import annotations

import os
from typing import NamedTuple

from adapters.kvm.translate.xml import attribute, dump, element, parse, text


class Stored(NamedTuple):
    """What a volume's XML tells."""

    path: str
    format: str
    capacity: int
    encrypted: bool


def qcow2(file: str, size: int) -> str:
    """Return the XML of an empty qcow2 volume that takes room only for what is written."""
    return _volume(file, size, "qcow2")


def raw(file: str, size: int) -> str:
    """Return the XML of a small plain file."""
    return _volume(file, size, "raw")


def stored(xml: str) -> Stored:
    """Return what a volume's XML tells; a format libvirt does not name is raw."""
    root = parse(xml)
    capacity = text(root, "capacity")
    assert capacity is not None  # libvirt always writes it, in bytes
    return Stored(
        path=text(root, "target/path") or "",
        format=attribute(root, "target/format", "type") or "raw",
        capacity=int(capacity),
        encrypted=root.find("target/encryption") is not None,
    )


def written_at(xml: str) -> str:
    """Return when a volume was last written to, in seconds; empty where its XML does not tell."""
    return text(parse(xml), "target/timestamps/mtime") or ""


def _volume(file: str, size: int, format: str) -> str:
    # ours to read: who made a volume through group libvirt can open it when no machine has it
    permissions = element(
        "permissions",
        element("owner", text=str(os.getuid())),
        element("group", text=str(os.getgid())),
        element("mode", text="0600"),
    )
    return dump(
        element(
            "volume",
            element("name", text=file),
            element("capacity", text=str(size), unit="bytes"),
            element("allocation", text="0"),
            element("target", element("format", type=format), permissions),
        )
    )
