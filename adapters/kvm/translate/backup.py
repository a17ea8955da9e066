"""Backups of running machines: all disks as they were at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.kvm.translate.instance import AttachedDisk
from adapters.kvm.translate.xml import attribute, dump, element, parse


def pull_xml(socket: str, disks: Sequence[AttachedDisk], exported: set[str]) -> str:
    """Return the XML of a backup that is read over NBD; export names are the targets'."""
    return dump(
        element(
            "domainbackup",
            element("server", transport="unix", socket=socket),
            element(
                "disks",
                *(
                    element(
                        "disk",
                        name=disk.target,
                        backup="yes" if disk.target in exported else "no",
                        type="file" if disk.target in exported else None,
                    )
                    for disk in disks
                ),
            ),
            mode="pull",
        )
    )


def push_xml(disks: Sequence[AttachedDisk], files: Mapping[str, str]) -> str:
    """Return the XML of a backup that QEMU writes itself: target name to qcow2 file."""
    devices = []
    for disk in disks:
        file = files.get(disk.target)
        if file is None:
            devices.append(element("disk", name=disk.target, backup="no"))
            continue
        into = (element("driver", type="qcow2"), element("target", file=file))
        devices.append(element("disk", *into, name=disk.target, backup="yes", type="file"))
    return dump(element("domainbackup", element("disks", *devices), mode="push"))


def socket(xml: str) -> str | None:
    """Return the socket of a running pull backup."""
    return attribute(parse(xml), "server", "socket")
