"""Backups of running machines: all disks as they were at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.kvm.translate.instance import AttachedDisk
from adapters.kvm.translate.xml import attribute, dump, element, parse


def pull_xml(socket: str, disks: Sequence[AttachedDisk], scratch: Mapping[str, str]) -> str:
    """Return the XML of a backup that is read over NBD; export names are the targets'.

    Disks with a scratch file are in it. The file takes what the guest overwrites meanwhile; libvirt
    makes and deletes it.
    """
    devices = []
    for disk in disks:
        if disk.target not in scratch:
            devices.append(element("disk", name=disk.target, backup="no"))
            continue
        file = element("scratch", file=scratch[disk.target])
        devices.append(element("disk", file, name=disk.target, backup="yes", type="file"))
    server = element("server", transport="unix", socket=socket)
    return dump(element("domainbackup", server, element("disks", *devices), mode="pull"))


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
