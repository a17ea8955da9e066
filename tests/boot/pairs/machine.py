"""The machine that goes round: made once, recognised everywhere, forgotten where it was."""

from __future__ import annotations

import ipaddress
import os
import secrets
from contextlib import ExitStack
from pathlib import Path

from broker.adapter import Adapter
from broker.disks.contract import Source
from broker.disks.copy import copy
from broker.disks.files import FileSource
from broker.firewall import Packet, can, guard
from broker.model import (
    MIB,
    TCP,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    FirewallSpec,
    Firmware,
    Instance,
    InstanceSpec,
    NetworkSpec,
    NicSpec,
    PortRange,
    Size,
    SubnetSpec,
    System,
    SystemKind,
    VolumeSpec,
)
from tests.boot.openstack_guests import upload
from tests.conformance.kit import sweep

# rounds of two processes share one libvirt, where no two networks have one range
CIDR = ipaddress.IPv4Network(f"10.216.{secrets.randbelow(256)}.0/24")
ADDRESS = CIDR[50]
"""Set on purpose at the first place, and the machine's own at every other."""

DATA = (b"first", b"second")
"""How each data disk begins; the guest prints the first one's words."""

DATA_BYTES = 8 * MIB
DISKS = 1 + len(DATA)
LABELS = {"team": "pairs"}
SYSTEM = System(kind=SystemKind.LINUX, distribution="alpine")
WEB = FirewallRule(
    direction=Direction.INGRESS,
    family=Family.IPV4,
    peer=CidrPeer(cidr=CIDR),
    protocol=TCP,
    ports=PortRange(first=80, last=80),
)

PACKETS = (f"tcp/80 from {CIDR[77]}", f"tcp/22 from {CIDR[77]}", "tcp/80 from 203.0.113.7")
"""Only the first one reaches the machine, wherever it is."""


def make(adapter: Adapter, name: str, micro: Path, folder: Path, stack: ExitStack) -> Instance:
    """Make the machine: a boot disk, two data disks, one card behind a firewall, a label."""

    def token() -> str:
        made = f"pairs-{secrets.token_hex(4)}"
        stack.callback(sweep, adapter, made)
        return made

    network = adapter.create_network(
        NetworkSpec(name=f"{name}-net", subnets=(SubnetSpec(cidr=CIDR),)), token=token()
    )
    firewall = adapter.create_firewall(
        FirewallSpec(name=f"{name}-fw", network=network.id, rules=(WEB,)), token=token()
    )
    disks = [upload(adapter, micro, folder / "root", token=token())]
    for place, words in enumerate(DATA):
        raw = folder / f"data-{place}.raw"
        raw.write_bytes(words.ljust(4096, b"\0") + secrets.token_bytes(MIB))
        os.truncate(raw, DATA_BYTES)
        sink = adapter.open_sink(DATA_BYTES, name=f"{name}-data-{place}", token=token())
        disks.append(copy(FileSource(raw), sink, journal=folder / f"data-{place}"))
        sink.close()
    spec = InstanceSpec(
        name=name,
        size=Size(vcpus=1, memory=256),
        firmware=Firmware.BIOS,
        system=SYSTEM,
        volumes=tuple(
            VolumeSpec(name=f"{name}-{place}", size=disk.size, boot=place == 0)
            for place, disk in enumerate(disks)
        ),
        nics=(NicSpec(network=network.id, addresses=(ADDRESS,), firewalls=(firewall.id,)),),
        labels=LABELS,
    )
    return adapter.create_instance(spec, [disk.id for disk in disks], token=token())


def assert_same(adapter: Adapter, machine: Instance) -> None:
    """Network, address, what the firewall lets in, labels and data disks are what they were."""
    (nic,) = machine.nics
    assert nic.spec.addresses == (ADDRESS,)
    network = adapter.network(nic.spec.network).spec
    assert [subnet.cidr for subnet in network.subnets] == [CIDR]
    worn = guard(adapter, machine)
    reached = [packet for packet in PACKETS if can(worn, Packet.parse(packet)).allowed]
    assert reached == list(PACKETS[:1])
    assert LABELS.items() <= dict(machine.spec.labels).items()
    assert len(machine.volumes) == DISKS
    for volume, words in zip(machine.volumes[1:], DATA, strict=True):
        source = adapter.open_source(volume)
        try:
            assert _beginning(source, len(words) + 1) == words + b"\0"
        finally:
            source.close()


def _beginning(source: Source, length: int) -> bytes:
    buffer = bytearray(length)
    source.pread_into(memoryview(buffer), 0)
    return bytes(buffer)


def forget(adapter: Adapter, name: str) -> None:
    """Delete the machine where it was, with its firewall and network, as people do afterwards."""
    for machine in adapter.instances():
        if machine.name != name:
            continue
        cards = adapter.instance(machine.id).nics
        adapter.delete_instance(machine.id)
        for nic in cards:
            for firewall in nic.spec.firewalls:
                adapter.delete_firewall(firewall)
            adapter.delete_network(nic.spec.network)
