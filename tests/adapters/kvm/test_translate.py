"""libvirt's XML and the model, both ways, without a libvirt host."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

pytest.importorskip("libvirt")

import libvirt

from adapters.kvm.translate import firewall, network
from adapters.kvm.translate.domain import Card, DiskFile, Wish, domain_xml, free_target, resized
from adapters.kvm.translate.instance import Surroundings, disks, instance
from adapters.kvm.translate.state import state
from adapters.kvm.translate.xml import parse
from broker.errors import Invalid, Unsupported
from broker.model import (
    Bus,
    CidrPeer,
    Family,
    FirewallRule,
    Firmware,
    InstanceSpec,
    Labels,
    NetworkSpec,
    NicSpec,
    Power,
    Size,
    SubnetSpec,
    System,
    VolumeSpec,
)
from tests import strategies

RECORDED = Path(__file__).parent / "recorded"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
UUID = "3f1b6a9e-52a4-4a1e-9d6f-1a2b3c4d5e6f"


NOWHERE = Surroundings(state(libvirt.VIR_DOMAIN_SHUTOFF, 0, at=NOW), {}, {}, {}, {})


def recorded(name: str) -> str:
    return (RECORDED / name).read_text()


def says_what_a_filter_can(rule: FirewallRule) -> bool:
    """Others are refused, which tests below show."""
    known = (rule.family, rule.protocol) in firewall.PROTOCOLS
    return known and isinstance(rule.peer, CidrPeer) and 0 <= (rule.priority or 0) <= 65535


def effect(rule: FirewallRule) -> str:
    """Return all of a rule that decides about packets; "any ICMP type" can be said in two ways."""
    quiet: dict[str, object] = {"description": ""}
    if rule.icmp and rule.icmp.type is None:
        quiet["icmp"] = None
    return repr(rule.model_copy(update=quiet))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(strategies.firewall_rules().filter(says_what_a_filter_can), max_size=6))
def test_rules_come_back_as_they_were(rules: list[FirewallRule]) -> None:
    xml = firewall.filter_xml(rules, uuid=UUID, name="web")
    assert firewall.is_ours(xml)
    found = firewall.rules(xml)
    assert sorted(map(effect, found)) == sorted(map(effect, rules))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(strategies.firewall_rules(ordered=True), max_size=6))
def test_a_rule_of_lower_priority_is_never_asked_first(rules: list[FirewallRule]) -> None:
    rules = [rule for rule in rules if says_what_a_filter_can(rule)]
    ranks: dict[int, int] = {}
    for element in parse(firewall.filter_xml(rules, uuid=UUID, name="web")).iterfind("rule"):
        comment = element[0].get("comment")
        if comment:
            ranks[int(comment.split()[0])] = int(element.get("priority", "nothing"))
    ordered = sorted(ranks)
    assert [ranks[priority] for priority in ordered] == sorted(set(ranks.values()))
    assert all(firewall.HEAD < rank < firewall.TAIL for rank in ranks.values())


def test_a_filter_of_somebody_else_is_no_firewall() -> None:
    xml = recorded("filter-clean-traffic.xml")
    assert not firewall.is_ours(xml)
    with pytest.raises(Unsupported):
        firewall.rules(xml)


def test_a_firewall_somebody_opened_by_hand_is_not_told_as_ours() -> None:
    xml = firewall.filter_xml((), uuid=UUID, name="web")
    closed = '<rule action="drop" direction="inout" priority="1000"><all /></rule>'
    assert closed in xml
    assert not firewall.is_ours(xml.replace(closed, ""))


@pytest.mark.parametrize(
    "what", [{"protocol": 47}, {"protocol": 136, "ports": {"first": 1, "last": 9}}]
)
def test_what_a_filter_cannot_say_is_refused(what: dict[str, Any]) -> None:
    peer = CidrPeer(cidr=ip_network("10.0.0.0/8"))
    told = {"direction": "ingress", "family": "ipv4", "peer": peer, **what}
    rule = FirewallRule.model_validate(told)
    with pytest.raises(Unsupported):
        firewall.filter_xml([rule], uuid=UUID, name="web")


@given(
    name=strategies.names,
    size=st.builds(Size, vcpus=st.integers(1, 64), memory=st.integers(1, 1 << 20)),
    firmware=st.sampled_from([Firmware.BIOS, Firmware.UEFI, Firmware.UEFI_SECURE]),
    labels=strategies.labels,
    mac=strategies.macs,
    system=strategies.systems,
    buses=st.lists(st.sampled_from([Bus.VIRTIO, Bus.SCSI, Bus.SATA]), min_size=1, max_size=4),
)
def test_a_machine_is_what_was_asked_for(
    name: str,
    size: Size,
    firmware: Firmware,
    labels: Labels,
    mac: str,
    system: System,
    buses: list[Bus],
) -> None:
    places = [f"/pool/{index}.qcow2" for index in range(len(buses))]
    spec = InstanceSpec(
        name=name,
        size=size,
        firmware=firmware,
        system=system,
        volumes=tuple(
            VolumeSpec(name=f"d{index}", size=1024, boot=index == 0, bus=bus)
            for index, bus in enumerate(buses)
        ),
        nics=(NicSpec(network="net-id", mac=mac, firewalls=("fw-id",)),),
        key_pair=name,
        labels=labels,
    )
    wish = Wish(
        uuid=UUID,
        name="domain",
        token="t-1",
        accelerator="qemu",
        disks=[DiskFile(path, "qcow2", bus) for path, bus in zip(places, buses, strict=True)],
        cards=[Card(spec.nics[0], "net", "fw")],
        console="/pool/console.log",
    )
    known = {
        path: (path, volume.model_copy(update={"boot": False, "bus": Bus.UNKNOWN}))
        for path, volume in zip(places, spec.volumes, strict=True)
    }
    found = instance(
        domain_xml(spec, wish),
        NOWHERE._replace(volumes=known, networks={"net": "net-id"}, filters={"fw": "fw-id"}),
    )
    assert found.id == UUID
    assert found.spec == spec
    assert found.billed_as == system.billed_as
    assert list(found.volumes) == places


def test_somebody_elses_machine_is_read_for_what_it_is() -> None:
    xml = recorded("domain-others.xml")
    root, data = "/srv/vm/root.qcow2", "/dev/vg/data"
    known = {
        root: ("pool/root.qcow2", VolumeSpec(name="root", size=10)),
        data: (data, VolumeSpec(name="data", size=20)),
    }
    leased = {("net-id", "52:54:00:aa:bb:02"): (ip_address("192.168.122.9"),)}
    found = instance(
        xml, NOWHERE._replace(volumes=known, networks={"default": "net-id"}, addresses=leased)
    )
    assert found.name == "old box"
    assert found.spec.size == Size(vcpus=2, memory=977)  # 1,000,000 KiB are not quite 977 MiB
    assert found.spec.firmware is Firmware.UEFI
    assert found.volumes == ("pool/root.qcow2", data)  # and not the disc
    assert [volume.boot for volume in found.spec.volumes] == [True, False]
    bridged, leasing = found.spec.nics
    assert bridged.network == "br0"
    assert leasing.network == "net-id"
    assert leasing.firewalls == ("clean-traffic",)
    assert [str(address) for address in leasing.addresses] == ["192.168.122.9"]
    assert found.native["xml"] == xml
    assert not found.user_data_told  # nobody looks into its disc


@pytest.mark.parametrize(
    ("id", "runs"),
    [
        ("http://ubuntu.com/ubuntu/24.04", "linux (ubuntu)"),
        ("http://redhat.com/rhel-atomic/7.2", "linux (rhel)"),
        ("http://microsoft.com/win/2k22", "windows"),
        ("http://libosinfo.org/linux/2022", "linux"),
        ("http://freebsd.org/freebsd/14.0", "unknown (freebsd)"),
        ("http://libosinfo.org/unknown", "unknown"),
        ("ubuntu", "unknown"),
        ("http://[", "unknown"),
    ],
)
def test_what_other_tools_say_a_machine_runs_is_told(id: str, runs: str) -> None:
    assert str(instance(recorded("domain-others.xml"), NOWHERE).spec.system) == "unknown"
    namespace = "http://libosinfo.org/xmlns/libvirt/domain/1.0"
    kept = f"<libosinfo xmlns='{namespace}'><os id='{id}'/></libosinfo>"
    xml = recorded("domain-others.xml").replace("</name>", f"</name><metadata>{kept}</metadata>")
    assert str(instance(xml, NOWHERE).spec.system) == runs


def test_a_machine_without_disc_or_system_table_has_no_user_data() -> None:
    xml = recorded("domain-others.xml").replace("<source file='/srv/iso/debian.iso'/>", "")
    assert instance(xml, NOWHERE).user_data_told
    serial = "<sysinfo type='smbios'><system><entry name='serial'>ds=nocloud</entry></system>"
    seeded = xml.replace("<features>", f"{serial}</sysinfo><features>")
    assert not instance(seeded, NOWHERE).user_data_told


def test_a_machine_without_a_loader_has_a_bios_only_on_x86() -> None:
    xml = recorded("domain-others.xml").replace(" firmware='efi'", "")
    assert instance(xml, NOWHERE).spec.firmware is Firmware.BIOS
    arm = xml.replace("arch='x86_64'", "arch='aarch64'")
    assert instance(arm, NOWHERE).spec.firmware is Firmware.UNKNOWN


def test_another_size_changes_nothing_else() -> None:
    xml = recorded("domain-others.xml")
    again = resized(xml, Size(vcpus=4, memory=2048))
    found = instance(again, NOWHERE)
    assert (found.spec.size.vcpus, found.spec.size.memory) == (4, 2048)
    assert disks(parse(again)) == disks(parse(xml))


@pytest.mark.parametrize(
    ("number", "reason", "power", "allocated"),
    [
        (libvirt.VIR_DOMAIN_NOSTATE, 0, Power.UNKNOWN, None),
        (libvirt.VIR_DOMAIN_RUNNING, 1, Power.RUNNING, True),
        (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER, Power.PAUSED, True),
        (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_STARTING_UP, Power.STARTING, True),
        (libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_DESTROYED, Power.STOPPED, False),
        (libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_SAVED, Power.SUSPENDED, False),
        (libvirt.VIR_DOMAIN_CRASHED, 1, Power.CRASHED, None),
        (99, 0, Power.UNKNOWN, None),
    ],
)
def test_each_state_is_told_as_what_it_is(
    number: int, reason: int, power: Power, allocated: bool | None
) -> None:
    found = state(number, reason, at=NOW)
    assert (found.power, found.allocated) == (power, allocated)


def test_no_state_is_told_as_a_machine_that_goes_away() -> None:
    told = {state(number, reason, at=NOW).power for number in range(12) for reason in range(12)}
    assert Power.DELETING not in told


def test_the_network_every_host_has_is_read() -> None:
    found = network.network(recorded("network-default.xml"))
    (subnet,) = found.spec.subnets
    assert str(subnet.cidr) == "192.168.122.0/24"
    assert str(subnet.gateway) == "192.168.122.1"
    assert subnet.dhcp
    assert found.spec.outbound


@given(strategies.subnet_specs(), st.booleans())
def test_a_network_comes_back_as_it_was(subnet: SubnetSpec, outbound: bool) -> None:
    assume(subnet.cidr.prefixlen <= network.SMALLEST[subnet.cidr.version])
    spec = NetworkSpec(name="net", subnets=(subnet,), outbound=outbound)
    found = network.network(network.network_xml(spec, uuid=UUID, name="net"))
    (again,) = found.spec.subnets
    assert (again.cidr, again.dhcp) == (subnet.cidr, subnet.dhcp)
    assert subnet.gateway in (None, again.gateway)
    assert found.spec.outbound is outbound


def test_two_subnets_of_a_family_cannot_both_have_dhcp() -> None:
    subnets = tuple(SubnetSpec(cidr=ip_network(f"10.0.{index}.0/24")) for index in range(2))
    with pytest.raises(Invalid):
        network.network_xml(NetworkSpec(name="n", subnets=subnets), uuid=UUID, name="n")


def test_a_machine_has_as_many_disks_as_letters() -> None:
    taken = {f"vd{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"}
    assert free_target(Bus.SCSI, taken) == "sda"
    with pytest.raises(Invalid):
        free_target(Bus.VIRTIO, taken)


def test_an_ipv6_rule_is_an_ipv6_rule() -> None:
    tags = {tag for (family, _), tag in firewall.PROTOCOLS.items() if family is Family.IPV6}
    assert all("v6" in tag for tag in tags)
