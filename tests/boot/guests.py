"""What tests ask of real guests on a libvirt host."""

from __future__ import annotations

import re
import time
from pathlib import Path

from adapters.kvm.adapter import KvmAdapter
from broker.disks.copy import copy
from broker.disks.nbd import NbdExport
from broker.disks.qemu import QemuNbd

BOOT_S = 60.0
"""An emulated boot takes six seconds of processor time; the rest is other people's load."""


def upload(adapter: KvmAdapter, image: Path, journal: Path, *, token: str) -> str:
    """Return the id of a new disk with the content of a qcow2 image."""
    with QemuNbd(image, "qcow2") as server:
        source = NbdExport(server.address)
        sink = adapter.open_sink(source.size, name="micro", token=token)
        try:
            return copy(source, sink, journal=journal).id
        finally:
            sink.close()
            source.close()


def ready(adapter: KvmAdapter, id: str, *, boots: int) -> dict[str, str]:
    """Wait until the guest's boot number ``boots`` is up, and return what its line says."""
    line = saying(adapter, id, rf"INTEROP-GUEST-READY .*\bboots={boots} .*")
    return dict(word.split("=", 1) for word in line.split() if "=" in word)


def saying(adapter: KvmAdapter, id: str, pattern: str) -> str:
    """Wait until the console has a line like this, and return it."""
    end = time.monotonic() + BOOT_S
    while True:
        text = adapter.console_log(id)
        found = re.search(pattern, text)
        if found:
            return found[0].strip()
        assert time.monotonic() < end, f"no {pattern} on the console:\n{text[-300:]}"
        time.sleep(0.2)
