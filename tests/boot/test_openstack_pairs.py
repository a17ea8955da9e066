"""One machine goes from place to place, and is itself everywhere it boots.

local hypervisor -> one project -> another project -> the AWS stand-in -> the first project -> local
hypervisor: every pair with OpenStack, both ways. Where guests are real it must come up with its own
boot counter one higher, its data disks and its address.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from adapters.aws import connect as connect_aws
from adapters.kvm.adapter import KvmAdapter
from adapters.kvm.settings import Settings
from broker import migrate
from broker.adapter import Adapter
from broker.disks.contract import Source
from broker.disks.copy import copy
from broker.disks.files import FileSource
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
    VolumeSpec,
)
from tests.boot.openstack_guests import opened, ready, upload
from tests.conformance.kit import sweep
from tests.services.aws.fixture import AwsService, aws_process
from tests.services.require import require

__all__ = ["aws_process"]

pytestmark = [pytest.mark.timeout(1800), pytest.mark.service]

CIDR = ipaddress.IPv4Network("10.216.9.0/24")
DATA = (b"first", b"second")
WEB = FirewallRule(
    direction=Direction.INGRESS,
    family=Family.IPV4,
    peer=CidrPeer(cidr=CIDR),
    protocol=TCP,
    ports=PortRange(first=80, last=80),
)


@pytest.fixture
def places(aws_process: AwsService, tmp_path: Path) -> Iterator[Mapping[str, Adapter]]:
    require("libvirt")
    require("openstack")
    with ExitStack() as stack:
        local = KvmAdapter("local", Settings(pool="interop"))
        stack.callback(local.close)
        stack.enter_context(aws_process.profiles(tmp_path))
        yield {
            "local": local,
            "interop-a": stack.enter_context(opened("interop-a")),
            "interop-b": stack.enter_context(opened("interop-b")),
            "aws": connect_aws(aws_process.account()),
        }


def test_a_machine_goes_round_and_is_itself_everywhere(
    places: Mapping[str, Adapter], micro: Path, tmp_path: Path
) -> None:
    name = f"web-{secrets.token_hex(3)}"
    with ExitStack() as stack:
        machine = first_machine(places["local"], name, micro, tmp_path, stack)
        boots = 1
        told = ready(places["local"], machine.id, boots=boots)
        assert told["data"] == "first"
        address = told["ip"].split("/")[0]

        for here, there in [
            ("local", "interop-a"),
            ("interop-a", "interop-b"),
            ("interop-b", "aws"),
            ("aws", "interop-a"),
            ("interop-a", "local"),
        ]:
            boots += there != "aws"
            console = None if there == "aws" else rf"INTEROP-GUEST-READY .*\bboots={boots} "
            plan = migrate.plan(f"{here}/{name}", there, console=console, opened=places)
            assert not plan.blocking, plan.blocking
            stack.callback(migrate.undo, plan, opened=places, state=tmp_path)
            report = migrate.apply(plan, opened=places, state=tmp_path)
            assert report.status == "done", report.text
            assert report.target_id is not None
            moved = places[there].instance(report.target_id)

            assert_same(places[there], moved)
            if there != "local":  # where the network's own DHCP chooses
                assert [str(each) for each in moved.nics[0].spec.addresses] == [address]
            if there != "aws":
                told = ready(places[there], moved.id, boots=boots)
                assert (told["data"], told["root"]) == ("first", "/dev/vda3")
            forget(places[here], name)


def first_machine(
    adapter: Adapter, name: str, micro: Path, folder: Path, stack: ExitStack
) -> Instance:
    """Make the machine on the local hypervisor: a boot disk, two data disks, one card."""

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
        raw.write_bytes(words.ljust(8 * MIB, b"\0"))
        sink = adapter.open_sink(8 * MIB, name=f"{name}-data-{place}", token=token())
        disks.append(copy(FileSource(raw), sink, journal=folder / f"data-{place}"))
        sink.close()
    spec = InstanceSpec(
        name=name,
        size=Size(vcpus=1, memory=256),
        firmware=Firmware.BIOS,
        volumes=tuple(
            VolumeSpec(name=f"{name}-{place}", size=disk.size, boot=place == 0)
            for place, disk in enumerate(disks)
        ),
        nics=(NicSpec(network=network.id, firewalls=(firewall.id,)),),
        labels={"team": "pairs"},
    )
    return adapter.create_instance(spec, [disk.id for disk in disks], token=token())


def assert_same(adapter: Adapter, machine: Instance) -> None:
    """The firewall, the labels and every data disk are what they were."""
    (nic,) = machine.nics
    (firewall,) = nic.spec.firewalls
    ingress = [
        rule
        for rule in adapter.firewall(firewall).spec.rules
        if rule.direction is Direction.INGRESS
    ]
    assert [(str(rule.peer), rule.ports) for rule in ingress] == [(str(WEB.peer), WEB.ports)]
    assert machine.spec.labels["team"] == "pairs"
    assert len(machine.volumes) == 1 + len(DATA)
    for volume, words in zip(machine.volumes[1:], DATA, strict=True):
        source = adapter.open_source(volume)
        try:
            assert beginning(source, len(words) + 1) == words + b"\0"
        finally:
            source.close()


def beginning(source: Source, length: int) -> bytes:
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
