"""What tests ask of real guests on the real OpenStack."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.openstack import connect
from adapters.openstack.adapter import OpenStackAdapter
from broker.adapter import Account, Adapter, ConsoleLog
from broker.disks.copy import Copied, copy
from broker.disks.nbd import NbdExport
from broker.disks.qemu import QemuNbd
from tests.services.openstack.clouds import CLOUDS

BOOT_S = 240.0
"""An emulated boot takes six seconds of a processor; the rest is nova, and others' load."""


def account(cloud: str, zone: str = "kvm", name: str = "") -> Account:
    """An account of the test stack, on real guests; its name is the cloud's where none is told."""
    settings = {"cloud": cloud, "clouds_file": str(CLOUDS), "zone": zone}
    return Account(name=name or cloud, kind="openstack", settings=settings)


@contextmanager
def opened(cloud: str, name: str = "") -> Iterator[OpenStackAdapter]:
    adapter = connect(account(cloud, name=name))
    try:
        yield adapter
    finally:
        adapter.close()


def upload(adapter: Adapter, image: Path, journal: Path, *, token: str) -> Copied:
    """Copy the disk in a qcow2 image to a new disk."""
    with QemuNbd(image, "qcow2") as server:
        source = NbdExport(server.address)
        sink = adapter.open_sink(source.size, name="micro", token=token)
        try:
            return copy(source, sink, journal=journal)
        finally:
            sink.close()
            source.close()


def ready(adapter: Adapter, id: str, *, boots: int) -> dict[str, str]:
    """Wait until the guest's boot number ``boots`` is up, and return what its line says."""
    assert isinstance(adapter, ConsoleLog)
    end = time.monotonic() + BOOT_S
    while True:
        text = adapter.console_log(id)
        found = re.search(rf"INTEROP-GUEST-READY .*\bboots={boots} .*", text)
        if found:
            return dict(word.split("=", 1) for word in found[0].split() if "=" in word)
        assert time.monotonic() < end, f"boot {boots} is not up:\n{text[-500:]}"
        time.sleep(1)
