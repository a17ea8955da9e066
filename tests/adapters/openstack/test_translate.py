"""Recorded JSON of the real services, and the same things in our words."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.openstack import marks
from adapters.openstack.translate import firewalls, flavors, servers, volumes
from adapters.openstack.translate.networks import CLOSED, nic, port_wish
from adapters.openstack.translate.words import gib
from broker.errors import Invalid, Unsupported
from broker.firewall import drift
from broker.model import (
    EVERYONE,
    GIB,
    ICMP,
    TCP,
    Action,
    Arch,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    Firmware,
    GroupPeer,
    Icmp,
    NicSpec,
    PortRange,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NETWORK, GROUP = "6a1f0f9e-9f10-4a43-9c0b-3c2b3a1f7d01", "8c1d0a55-2f57-4a6e-8f0d-0a4b5c6d7e02"


def a_port(**changes: Any) -> dict[str, Any]:
    return {
        "id": "port-1",
        "name": "interop-00",
        "created_at": "2026-11-23T02:20:08Z",
        "network_id": NETWORK,
        "mac_address": "02:1f:2e:3d:4c:5b",
        "fixed_ips": [{"subnet_id": "s-1", "ip_address": "10.0.0.7"}],
        "security_groups": [GROUP],
        **changes,
    }


def a_volume(name: str, device: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"id-{name}",
        "name": name,
        "size": 1,
        "volume_type": "__DEFAULT__",
        "encrypted": False,
        "metadata": {"team": "x", marks.TOKEN: "t"},
        "attachments": [{"server_id": "server-1", "device": device}],
        **changes,
    }


SERVER: dict[str, Any] = {
    "id": "server-1",
    "name": "web é",
    "status": "ACTIVE",
    "OS-EXT-STS:vm_state": "active",
    "OS-EXT-STS:task_state": None,
    "OS-EXT-STS:power_state": 1,
    "OS-EXT-AZ:availability_zone": "kvm",
    "created": "2026-11-23T02:20:08Z",
    "key_name": None,
    "metadata": {"team": "x", marks.TOKEN: "t"},
    "flavor": {
        "original_name": "small",
        "vcpus": 1,
        "ram": 512,
        "disk": 0,
        "extra_specs": {"capabilities:cpu_info:arch": "x86_64"},
    },
}


def shown(*told: dict[str, Any]) -> Any:
    return servers.instance(SERVER, told, [a_port()], {}, architecture=Arch.UNKNOWN, now=NOW)


def test_a_server_is_an_instance() -> None:
    boot = a_volume("boot", "/dev/vda", volume_image_metadata={"hw_firmware_type": "uefi"})
    found = shown(boot)

    assert (found.name, found.offer, found.zone) == ("web é", "small", "kvm")
    assert (found.spec.size.memory, found.spec.size.arch) == (512, Arch.X86_64)
    assert found.spec.firmware is Firmware.UEFI
    assert found.spec.labels == {"team": "x"}
    assert found.spec.user_data is None


def test_what_the_flavor_does_not_tell_is_read_off_the_boot_volume() -> None:
    silent = {**SERVER, "flavor": {**SERVER["flavor"], "extra_specs": {}}}

    def arch(**properties: str) -> Arch:
        boot = a_volume("boot", "/dev/vda", volume_image_metadata=properties)
        found = servers.instance(silent, [boot], [], {}, architecture=Arch.UNKNOWN, now=NOW)
        return found.spec.size.arch

    assert arch(hw_architecture="aarch64") is Arch.AARCH64
    assert arch(architecture="x86_64") is Arch.X86_64
    assert arch() is Arch.UNKNOWN


def test_volumes_are_in_the_order_the_guest_sees() -> None:
    devices = {"late": "/dev/vdaa", "boot": "/dev/vda", "data": "/dev/vdb", "far": "/dev/vdz"}
    found = shown(*(a_volume(name, device) for name, device in devices.items()))

    assert [spec.name for spec in found.spec.volumes] == ["boot", "data", "far", "late"]
    assert [spec.boot for spec in found.spec.volumes] == [True, False, False, False]


def test_firmware_nobody_told_is_unknown() -> None:
    assert shown(a_volume("boot", "/dev/vda")).spec.firmware is Firmware.UNKNOWN
    secure = {"hw_firmware_type": "uefi", "os_secure_boot": "required"}
    boot = a_volume("boot", "/dev/vda", volume_image_metadata=secure)
    assert shown(boot).spec.firmware is Firmware.UEFI_SECURE
    without_uefi = a_volume(
        "boot", "/dev/vda", volume_image_metadata={"os_secure_boot": "required"}
    )
    assert shown(without_uefi).spec.firmware is Firmware.UNKNOWN


def test_two_subnets_on_one_network_are_one_card() -> None:
    both = [
        {"subnet_id": "s-1", "ip_address": "10.0.0.7"},
        {"subnet_id": "s-2", "ip_address": "fd00::7"},
    ]
    card = nic(a_port(fixed_ips=both), ["198.18.0.9"])

    assert [str(each) for each in card.spec.addresses] == ["10.0.0.7", "fd00::7"]
    assert card.spec.subnet is None
    assert (card.spec.public, card.public_addresses) == (True, ("198.18.0.9",))
    wish = port_wish(card.spec, "n", "d")
    assert wish["mac_address"] == "02:1f:2e:3d:4c:5b"
    assert wish["fixed_ips"] == [{"ip_address": "10.0.0.7"}, {"ip_address": "fd00::7"}]


def test_a_card_for_which_no_firewall_is_named_gets_the_project_s_default() -> None:
    """With a list that is empty, nothing would reach it, nor would it reach anything."""
    assert "security_groups" not in port_wish(NicSpec(network=NETWORK), "n", "d")


def test_a_secured_port_without_groups_is_closed_and_an_unsecured_one_open() -> None:
    closed = nic(a_port(security_groups=[]), ())
    assert closed.spec.firewalls == (CLOSED,)
    assert port_wish(closed.spec, "n", "d")["security_groups"] == []
    assert firewalls.closed(["port-1"]).spec.rules == ()
    assert nic(a_port(security_groups=[], port_security_enabled=False), ()).spec.firewalls == ()


@pytest.mark.parametrize(
    ("specs", "arch", "gpus"),
    [
        ({}, Arch.AARCH64, 0),
        ({"trait:COMPUTE_ARCH_X86_64": "required"}, Arch.X86_64, 0),
        ({"trait:COMPUTE_ARCH_X86_64": "forbidden"}, Arch.AARCH64, 0),
        ({"capabilities:cpu_arch": "s== x86_64"}, Arch.X86_64, 0),
        ({"capabilities:cpu_info:arch": "s390x"}, Arch.AARCH64, 0),
        ({"resources:VGPU": "2"}, Arch.AARCH64, 2),
        ({"pci_passthrough:alias": "gpu-a100:4,nic:1"}, Arch.AARCH64, 4),
    ],
)
def test_a_flavor_tells_what_it_is(specs: dict[str, str], arch: Arch, gpus: int) -> None:
    flavor = {"name": "f", "vcpus": 2, "ram": 2048, "extra_specs": specs}
    found = flavors.offer(flavor, Arch.AARCH64)
    assert (found.id, found.size.arch, found.size.gpus) == ("f", arch, gpus)


def test_an_image_tells_its_disk_s_size_only_when_it_is_known() -> None:
    told = {"id": "i", "name": None, "status": "queued", "min_disk": 0, "size": None}
    assert volumes.image(told).size is None
    assert not volumes.image(told).ready
    assert volumes.image({**told, "min_disk": 3, "status": "active"}).size == 3 * GIB


ports = st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(
    lambda pair: PortRange(first=min(pair), last=max(pair))
)
cidrs = st.one_of(st.ip_addresses(v=4, network="10.0.0.0/8"), st.ip_addresses(v=6)).map(
    lambda address: CidrPeer(cidr=ipaddress.ip_network(f"{address}/{address.max_prefixlen}"))
)


@st.composite
def rules(draw: st.DrawFn) -> FirewallRule:
    peer = draw(st.one_of(cidrs, st.just(GroupPeer(firewall=GROUP))))
    family = (
        Family(f"ipv{peer.cidr.version}")
        if isinstance(peer, CidrPeer)
        else draw(st.sampled_from(Family))
    )
    own = [ICMP] if family is Family.IPV4 else [58, 41, 43]
    protocol = draw(st.sampled_from([None, TCP, 17, 132, 47, 50, 112, 200, *own]))
    icmp = None
    if protocol in (ICMP, 58) and draw(st.booleans()):
        code = draw(st.one_of(st.none(), st.integers(0, 255)))
        icmp = Icmp(type=draw(st.integers(0, 255)), code=code)
    return FirewallRule(
        direction=draw(st.sampled_from(Direction)),
        family=family,
        peer=peer,
        protocol=protocol,
        ports=draw(st.one_of(st.none(), ports)) if protocol in (TCP, 17, 132) else None,
        icmp=icmp,
        description=draw(st.text(max_size=20)),
    )


@given(rules())
def test_a_rule_is_the_same_both_ways(rule: FirewallRule) -> None:
    wish = firewalls.rule_wish(rule, GROUP)
    told = dict.fromkeys(
        ("protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id")
    )
    assert firewalls.rule({**told, **wish}) == rule


def test_a_rule_without_a_peer_speaks_of_everyone() -> None:
    told = {
        "direction": "egress",
        "ethertype": "IPv6",
        "protocol": None,
        "port_range_min": None,
        "port_range_max": None,
        "remote_ip_prefix": None,
        "remote_group_id": None,
        "description": None,
    }
    peer = firewalls.rule(told).peer
    assert isinstance(peer, CidrPeer)
    assert str(peer.cidr) == "::/0"


@pytest.mark.parametrize(
    ("change", "spans"),
    [
        ({"ports": PortRange(first=0, last=65535)}, [None]),
        ({"ports": PortRange(first=1, last=65535)}, [(1, 1023), (1024, 65535)]),
        ({"ports": PortRange(first=2, last=65535)}, [(2, 65535)]),
        ({"ports": None}, [None]),
    ],
)
def test_ports_neutron_would_change_are_said_in_another_form(
    change: dict[str, Any], spans: list[tuple[int, int] | None]
) -> None:
    rule = FirewallRule(
        direction=Direction.INGRESS,
        family=Family.IPV4,
        peer=EVERYONE[Family.IPV4],
        protocol=TCP,
        **change,
    )
    found = firewalls.forms(rule)
    assert [each.ports and (each.ports.first, each.ports.last) for each in found] == spans
    assert drift(found, [rule]).text == "equal"


def test_port_0_is_refused() -> None:
    ports = PortRange(first=0, last=80)
    rule = FirewallRule(
        direction=Direction.INGRESS,
        family=Family.IPV4,
        peer=EVERYONE[Family.IPV4],
        protocol=TCP,
        ports=ports,
    )
    with pytest.raises(Unsupported, match="port 0"):
        firewalls.rule_wish(rule, GROUP)


@pytest.mark.parametrize("told", [0, "0", "ip", "hopopt", "any", None])
def test_protocol_0_is_every_protocol(told: int | str | None) -> None:
    rule = {"direction": "ingress", "ethertype": "IPv4", "protocol": told}
    ports = dict.fromkeys(("port_range_min", "port_range_max"))
    assert firewalls.rule({**rule, **ports}).protocol is None


@pytest.mark.parametrize(
    ("family", "protocol"),
    [(Family.IPV4, 0), (Family.IPV4, 41), (Family.IPV4, 58), (Family.IPV6, 0), (Family.IPV6, ICMP)],
)
def test_a_protocol_neutron_takes_for_another_is_refused(family: Family, protocol: int) -> None:
    rule = FirewallRule(
        direction=Direction.INGRESS, family=family, peer=EVERYONE[family], protocol=protocol
    )
    with pytest.raises(Unsupported):
        firewalls.rule_wish(rule, GROUP)


def test_what_a_group_cannot_say_is_refused() -> None:
    rule = FirewallRule(
        direction=Direction.INGRESS,
        family=Family.IPV4,
        peer=CidrPeer(cidr=ipaddress.ip_network("0.0.0.0/0")),
        protocol=TCP,
        priority=10,
    )
    for changes in (
        {},
        {"action": Action.DENY},
        {"priority": None, "source_ports": PortRange(first=1, last=2)},
    ):
        with pytest.raises(Unsupported):
            firewalls.rule_wish(rule.model_copy(update=changes), GROUP)


@given(st.text(max_size=30).filter(lambda text: marks.TOKEN not in text))
def test_a_description_keeps_words_and_mark_apart(text: str) -> None:
    told = {"description": marks.description("t-1", text)}
    assert marks.text(told["description"]) == text
    assert marks.has_token(told, "t-1")
    assert not marks.has_token(told, "t-11")
    assert not marks.has_token(told, "t")
    assert marks.text(text) == text


@pytest.mark.parametrize("key", ["é", "a/b", "", marks.TOKEN, "k" * 256])
def test_labels_nova_would_refuse_are_refused_first(key: str) -> None:
    with pytest.raises(Invalid):
        marks.metadata({key: "v"}, "t")


@given(st.integers(1, 10**15))
def test_sizes_are_whole_gib_and_never_less(size: int) -> None:
    assert 0 <= gib(size) * GIB - size < GIB
