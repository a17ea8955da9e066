"""Whether guests really run under KVM on a host: found by running one, never by /dev/kvm.

A nested or paravirtual KVM may open, start a processor, and run no kernel. So a guest of one
sector (probe.s) goes the way of every 64-bit kernel and says so on its console.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from secrets import token_hex

import libvirt

from adapters.kvm.errors import calling
from adapters.kvm.host import Host
from adapters.kvm.naming import Made, VolumeName
from adapters.kvm.translate.domain import MACHINE, PROCESSORS, Accelerator
from adapters.kvm.translate.xml import dump, element, parse, text

LIMIT_S = 5.0
"""Under a KVM that works the guest speaks within a tenth of a second of its start."""

SIGN = b"INTEROP-GUEST-RAN"
DISK_SIZE = 1024 * 1024
"""SeaBIOS does not boot from a disk of one sector."""

SECTOR = (
    bytes.fromhex(
        "fa31c08ed88ec08ed0bc007c66bf001000000f22df6631c066b9000c0000fc66f3abc70600100320c7060020"
        "0330c7060030830066b8a00000000f22e066b9800000c00f32660d000100000f300f20c0660d010000800f01"
        "16387d0f22c0ea637c0800b8100000008ed88ed0bc007c0000bf00500000c7473000000800b8ff7c00006689"
        "473066c74734008e48c74736000000000f011c253e7d000031dbbd50c3000031c031d2bf00600000f0480fc7"
        "0f0f20d80f22d8ffcd75e8b80700000031c90fa20fbae308730ab903000000c4e2f1f7d0cc4181f8577e0000"
        "751ebe077d0000ac84c0741488c466bafd03eca82074fb88e066baf803eeebe7f4ebfd41b8577e000048cf49"
        "4e5445524f502d47554553542d52414e0a00660f1f4400000000000000000000ffff0000009aaf00ffff0000"
        "0092cf001700207d0000ff030050"
    ).ljust(510, b"\0")
    + b"\x55\xaa"
)
"""probe.s, assembled: `as -o p.o probe.s && ld -Ttext 0x7c00 --oformat binary -o p.bin p.o`."""


def accelerator(host: Host) -> Accelerator:
    """Return what machines of this host shall run on. The first call on a host may take seconds."""
    wanted = host.settings.accelerator
    if wanted != "probe":
        return wanted
    answer = _answer_file(host)
    if answer.exists():
        return "kvm" if answer.read_text() == "kvm" else "qemu"
    found: Accelerator = "kvm" if _offered(host) and _runs(host) else "qemu"
    answer.parent.mkdir(parents=True, exist_ok=True)
    part = answer.with_suffix(f".{os.getpid()}")
    part.write_text(found)
    part.replace(answer)
    return found


def _answer_file(host: Host) -> Path:
    """Return the file that keeps the answer until the host, or this machine, boots again."""
    with calling("read capabilities"):
        uuid = text(parse(host.connection.getCapabilities()), "host/uuid") or ""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    key = hashlib.sha256("\n".join((host.settings.uri, uuid, boot, SECTOR.hex())).encode())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "interop-broker" / "kvm" / key.hexdigest()[:32]


def _offered(host: Host) -> bool:
    with calling("read capabilities"):
        root = parse(host.connection.getCapabilities())
    return any(domain.get("type") == "kvm" for domain in root.iterfind("guest/arch/domain"))


def _runs(host: Host) -> bool:
    """Run the guest and listen for its sign of life."""
    tag = token_hex(8)
    disk = VolumeName("kvm-probe", Made.SEED, tag).file()
    log = VolumeName("kvm-probe", Made.CONSOLE, tag).file()
    try:
        image = host.write_file(disk, SECTOR.ljust(DISK_SIZE, b"\0"))
        console = host.write_file(log, b"")
        return _speaks(host, f"interop-probe-{tag}", image.path(), console.path(), log)
    finally:
        host.delete_file(disk)
        host.delete_file(log)


def _speaks(host: Host, name: str, image: str, console: str, log: str) -> bool:
    try:
        # libvirt ends it when our connection does
        flag = libvirt.VIR_DOMAIN_START_AUTODESTROY
        domain = host.connection.createXML(_xml(name, image, console), flag)
    except libvirt.libvirtError:
        return False  # QEMU does not even start with this KVM
    try:
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            if SIGN in host.read_file(log):
                return True
            time.sleep(0.05)
        return False
    finally:
        with calling("end probe"):
            domain.destroy()


def _xml(name: str, image: str, console: str) -> str:
    return dump(
        element(
            "domain",
            element("name", text=name),
            element("memory", text="64", unit="MiB"),
            element("vcpu", text="1"),
            element("os", element("type", text="hvm", arch="x86_64", machine=MACHINE)),
            element("cpu", mode=PROCESSORS["kvm"]),
            element(
                "devices",
                element(
                    "disk",
                    element("driver", name="qemu", type="raw"),
                    element("source", file=image),
                    element("target", dev="vda", bus="virtio"),
                    type="file",
                    device="disk",
                ),
                element("serial", element("log", file=console, append="on"), type="pty"),
            ),
            type="kvm",
        )
    )
