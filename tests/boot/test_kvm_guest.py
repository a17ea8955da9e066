"""Real guests on a real libvirt: one machine's life under BIOS, and its copy's under UEFI.

Booting costs seconds of a processor, so the tests share one machine; each takes it as it finds it.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.kvm.adapter import KvmAdapter
from adapters.kvm.naming import uuid_for
from adapters.kvm.settings import Settings
from adapters.kvm.translate.network import bridge
from broker.disks.contract import Source
from broker.model import (
    MIB,
    Bus,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    FirewallSpec,
    Firmware,
    InstanceSpec,
    KeyPairSpec,
    NetworkSpec,
    NicSpec,
    PortRange,
    Power,
    Size,
    StopMode,
    SubnetSpec,
    VolumeSpec,
)
from tests.boot.guests import ready, saying, upload
from tests.boot.third_party import on_bridge
from tests.services.require import require

pytestmark = pytest.mark.timeout(600)

CIDR = ipaddress.IPv4Network("10.214.7.0/24")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPFoYNGqFZ7G9ZaZzb6gbfq0WUTg0mJ8m1EMGTHz0Zb1 me@desk"

# At every boot the guest writes a rising number in two places, far from each other, one after the
# other. At any one moment the first is the second, or one more.
FAR = MIB
USER_DATA = f"""#!/bin/sh
echo blue >marker
cat >each-boot <<'END'
#!/bin/sh
i=1000
while :; do
    i=$((i + 1))
    for at in 0 {FAR // 512}; do
        echo "n$i" | dd of=$DATA_DISK bs=512 seek=$at conv=notrunc,fsync
    done
    echo "wrote $i" >/dev/console
    sleep 0.2
done
END
chmod +x each-boot
"""


@dataclass
class Web:
    """The machine under test."""

    adapter: KvmAdapter
    id: str
    network: str
    firewall: str
    first: dict[str, str]
    boots: int = 1

    def words(self) -> dict[str, str]:
        """Wait until its latest boot is up, and return what its line says."""
        return ready(self.adapter, self.id, boots=self.boots)


@pytest.fixture(scope="module")
def adapter() -> Iterator[KvmAdapter]:
    require("libvirt")
    if os.geteuid() != 0:
        pytest.skip("a third party on a bridge, and reading running machines, take root")
    made = KvmAdapter("kvm-test", Settings(pool="interop"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def cleanup() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def web(
    adapter: KvmAdapter, micro: Path, tmp_path_factory: pytest.TempPathFactory, cleanup: ExitStack
) -> Web:
    token = f"boot-{secrets.token_hex(4)}"
    network = adapter.create_network(
        NetworkSpec(name=f"{token} net", subnets=(SubnetSpec(cidr=CIDR),)), token=token
    )
    cleanup.callback(adapter.delete_network, network.id)
    firewall = adapter.create_firewall(
        FirewallSpec(name="web", network=network.id, rules=(port(80),)), token=token
    )
    cleanup.callback(adapter.delete_firewall, firewall.id)
    key = adapter.create_key_pair(KeyPairSpec(name=token, public_key=KEY))
    cleanup.callback(adapter.delete_key_pair, key.id)
    journal = tmp_path_factory.mktemp("copy") / "journal"
    disk = upload(adapter, micro, journal, token=token)
    cleanup.callback(adapter.delete_disk, disk)
    data = adapter.create_volume(VolumeSpec(name="data", size=8 * MIB), token=token)
    cleanup.callback(adapter.delete_volume, data.id)
    root_size = adapter.volume(disk).spec.size
    spec = InstanceSpec(
        name=f"web {token} é",
        size=Size(vcpus=1, memory=128),
        firmware=Firmware.BIOS,
        volumes=(
            VolumeSpec(name="root", size=root_size, boot=True),
            VolumeSpec(name="data", size=data.spec.size),
        ),
        nics=(NicSpec(network=network.id, firewalls=(firewall.id,)),),
        key_pair=key.name,
        user_data=USER_DATA,
    )
    cleanup.callback(adapter.delete_instance, uuid_for("instance", token))
    made = adapter.create_instance(spec, (disk, data.id), token=token)
    first = ready(adapter, made.id, boots=1)
    return Web(adapter, made.id, network.id, firewall.id, first)


@pytest.fixture
def up(web: Web) -> Web:
    """The machine, running, with its guest up."""
    if web.adapter.instance(web.id).state.power is Power.STOPPED:
        web.adapter.start_instance(web.id)
        web.boots += 1
    web.words()
    return web


def port(number: int) -> FirewallRule:
    return FirewallRule(
        direction=Direction.INGRESS,
        family=Family.IPV4,
        peer=CidrPeer(cidr=CIDR),
        protocol=6,
        ports=PortRange(first=number, last=number),
    )


def number(source: Source, offset: int) -> int:
    buffer = bytearray(16)
    source.pread_into(memoryview(buffer), offset)
    found = re.match(rb"n(\d+)\n", buffer)
    assert found, buffer
    return int(found[1])


def test_the_seed_tells_the_guest_who_it_is(web: Web) -> None:
    assert web.first["host"].startswith("web-boot-")
    assert web.first["marker"] == "blue"
    assert web.first["key"] == "me@desk"
    assert web.first["firmware"] == "bios"
    assert web.first["root"] == "/dev/vda3"


def test_the_address_the_guest_got_is_the_one_told(up: Web) -> None:
    (nic,) = up.adapter.instance(up.id).nics
    (address,) = nic.spec.addresses
    assert f"{address}/24" == up.words()["ip"]
    assert address in CIDR


def test_a_paused_guest_stands_still(up: Web) -> None:
    up.adapter.pause_instance(up.id)
    state = up.adapter.instance(up.id).state
    assert (state.power, state.allocated) == (Power.PAUSED, True)
    before = up.adapter.console_log(up.id)
    assert up.adapter.console_log(up.id) == before
    up.adapter.resume_instance(up.id)
    last = max(int(found) for found in re.findall(r"wrote (\d+)", before))
    saying(up.adapter, up.id, rf"wrote {last + 1}\b")


def test_a_running_machine_is_read_as_it_was_at_one_moment(up: Web) -> None:
    volume = up.adapter.instance(up.id).volumes[1]
    root = up.adapter.open_source(up.adapter.instance(up.id).volumes[0])
    source = up.adapter.open_source(volume)
    try:
        first = number(source, 0)
        since = up.adapter.console_log(up.id).count("wrote")
        while up.adapter.console_log(up.id).count("wrote") < since + 3:
            up.adapter.instance(up.id)
        assert first - number(source, FAR) in (0, 1)
        assert number(source, 0) == first
        assert root.size > 0
    finally:
        source.close()
        root.close()

    later = up.adapter.open_source(volume)
    try:
        assert number(later, 0) > first
    finally:
        later.close()


def test_a_snapshot_of_a_running_machine_is_one_moment(up: Web) -> None:
    token = f"boot-{secrets.token_hex(4)}"
    volume = up.adapter.instance(up.id).volumes[1]
    snapshot = up.adapter.create_snapshot(volume, "while it runs", token=token)
    try:
        source = up.adapter.open_source(snapshot.id)
        assert number(source, 0) - number(source, FAR) in (0, 1)
        source.close()
    finally:
        up.adapter.delete_snapshot(snapshot.id)


def test_a_firewall_is_enforced_and_changes_while_the_guest_runs(up: Web) -> None:
    adapter, address = up.adapter, up.words()["ip"].split("/")[0]
    plug = bridge(str(adapter.network(up.network).native["xml"]))
    assert plug
    adapter.replace_rules(up.firewall, (port(80),))
    with on_bridge(plug, ipaddress.IPv4Interface(f"{CIDR[250]}/24")) as somebody:
        assert somebody.hears(address, 80) == "INTEROP-GUEST-ANSWER port=80"
        assert somebody.hears(address, 8080) is None

        adapter.replace_rules(up.firewall, (port(80), port(8080)))
        assert somebody.hears(address, 80) == "INTEROP-GUEST-ANSWER port=80"
        assert somebody.hears(address, 8080) == "INTEROP-GUEST-ANSWER port=8080"

        deny = port(8080).model_copy(update={"action": "deny", "priority": 1})
        allow = port(8080).model_copy(update={"priority": 2})
        adapter.replace_rules(up.firewall, (allow, deny, port(80)))
        assert somebody.hears(address, 8080) is None
        assert somebody.hears(address, 80) == "INTEROP-GUEST-ANSWER port=80"


def test_a_disk_comes_and_goes_while_the_guest_runs(up: Web) -> None:
    token = f"boot-{secrets.token_hex(4)}"
    volume = up.adapter.create_volume(VolumeSpec(name="extra", size=MIB), token=token)
    try:
        up.adapter.attach_volume(volume.id, up.id)
        assert up.adapter.volume(volume.id).instance == up.id
        up.adapter.resize_volume(volume.id, 2 * MIB)
        assert up.adapter.volume(volume.id).spec.size == 2 * MIB
        up.adapter.detach_volume(volume.id)
        assert up.adapter.volume(volume.id).instance is None
    finally:
        up.adapter.delete_volume(volume.id)


def test_a_reboot_boots_again(up: Web) -> None:
    up.adapter.reboot_instance(up.id)
    up.boots += 1
    assert up.words()["marker"] == "blue"


def test_a_guest_shuts_down_when_asked_and_comes_back_larger(up: Web) -> None:
    up.adapter.stop_instance(up.id)
    state = up.adapter.instance(up.id).state
    assert (state.power, state.allocated) == (Power.STOPPED, False)
    assert "INTEROP-GUEST-DOWN" in up.adapter.console_log(up.id)

    up.adapter.resize_instance(up.id, Size(vcpus=2, memory=160))
    up.adapter.start_instance(up.id)
    up.boots += 1
    assert up.words()["cpus"] == "2"


def test_its_image_boots_under_uefi_from_another_bus(up: Web) -> None:
    adapter, token = up.adapter, f"boot-{secrets.token_hex(4)}"
    adapter.stop_instance(up.id, StopMode.SHUTDOWN)
    image = adapter.create_image(up.id, "web, golden", token=token)
    try:
        spec = InstanceSpec(
            name=f"uefi {token}",
            size=Size(vcpus=1, memory=256),
            firmware=Firmware.UEFI,
            volumes=(VolumeSpec(name="root", size=image.size or 1, boot=True, bus=Bus.SCSI),),
        )
        machine = adapter.create_instance(spec, (image.id,), token=token)
        words = ready(adapter, machine.id, boots=up.boots + 1)
        assert (words["firmware"], words["marker"]) == ("uefi", "blue")
        assert words["root"] == "/dev/sda3"
        found = adapter.instance(machine.id)
        assert found.spec.firmware is Firmware.UEFI
        assert found.spec.volumes[0].bus is Bus.SCSI
    finally:
        for made in adapter.made(token):
            adapter.delete_instance(made.id)
        adapter.delete_image(image.id)
    assert adapter.made(token) == []
