"""Recorded JSON of the real services, and the same things in our words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.openstack import marks
from adapters.openstack.session import Session
from adapters.openstack.settings import Settings
from adapters.openstack.source import ImageSource
from adapters.openstack.translate import firewalls, flavors, servers, volumes, words
from adapters.openstack.translate.networks import CLOSED, nic, port_wish
from adapters.openstack.translate.words import gib
from broker.errors import Invalid, Unsupported
from broker.model import (
    GIB,
    MIB,
    Arch,
    Firmware,
    Instance,
    NicSpec,
    System,
)
from tests import strategies

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
        "status": "in-use",
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


def shown(*told: dict[str, Any]) -> Instance:
    return instance(SERVER, *told)


def instance(server: dict[str, Any], *volumes: dict[str, Any], **image: Any) -> Instance:
    return servers.instance(
        server, volumes, [a_port()], {}, image=image, architecture=Arch.UNKNOWN, now=NOW
    )


def test_a_server_is_an_instance() -> None:
    boot = a_volume("boot", "/dev/vda", volume_image_metadata={"hw_firmware_type": "uefi"})
    found = shown(boot)

    assert (found.name, found.offer, found.zone) == ("web é", "small", "kvm")
    assert (found.spec.size.memory, found.spec.size.arch) == (512, Arch.X86_64)
    assert found.spec.firmware is Firmware.UEFI
    assert found.spec.labels == {"team": "x"}
    assert (found.spec.user_data, found.user_data_told) == (None, False)


@pytest.mark.parametrize(("shown", "told"), [(None, None), ("IyFzaA==", "#!sh")])
def test_what_administrators_are_shown_of_user_data_is_told(
    shown: str | None, told: str | None
) -> None:
    found = instance({**SERVER, servers.USER_DATA: shown}, a_volume("boot", "/dev/vda"))
    assert (found.spec.user_data, found.user_data_told) == (told, True)


@pytest.mark.parametrize(
    ("properties", "billed", "runs"),
    [
        ({"os_type": "windows"}, "windows", "windows"),
        ({"os_distro": "windows"}, "windows", "windows"),
        ({"os_type": "linux", "os_distro": "RHEL"}, "rhel", "linux (rhel)"),
        ({"os_distro": "sles"}, "suse", "linux (sles)"),
        ({"os_distro": "ubuntu"}, "linux", "linux (ubuntu)"),
        ({"os_distro": "freebsd"}, "linux", "unknown (freebsd)"),
        ({"os_type": "linux", "os_distro": "My Linux"}, None, "linux"),
        ({"os_type": "linux"}, None, "linux"),
        ({}, None, "unknown"),
    ],
)
def test_what_a_server_runs_is_read_off_its_image_or_boot_volume(
    properties: dict[str, str], billed: str | None, runs: str
) -> None:
    boot = a_volume("boot", "/dev/vda", volume_image_metadata=properties)
    own = {**SERVER, "image": {"id": "image-1"}}
    for found in shown(boot), instance(own, virtual_size=GIB, **properties):
        assert (found.billed_as, str(found.spec.system)) == (billed, runs)


@given(system=strategies.systems)
def test_properties_tell_a_system_as_it_was(system: System) -> None:
    again = words.system(words.system_properties(system))
    assert again.distribution == system.distribution
    # of some distributions everybody knows that they are a Linux
    assert again.kind is system.kind or (system.kind, again.kind) == ("unknown", "linux")


@pytest.mark.parametrize(
    ("state", "image", "why"),
    [
        ("stopped", "image-1", None),
        ("shelved", None, None),
        ("shelved", "image-1", "start it"),
        ("shelved_offloaded", None, "start it"),
        ("shelved_offloaded", "image-1", "start it"),
    ],
)
def test_a_shelved_server_says_that_its_disks_cannot_be_read(
    state: str, image: str | None, why: str | None
) -> None:
    server = {**SERVER, "OS-EXT-STS:vm_state": state, "image": {"id": image} if image else ""}
    found = instance(server, a_volume("boot", "/dev/vda"), virtual_size=GIB)
    assert (found.unreadable is None) == (why is None)
    assert (why or "") in (found.unreadable or "")


def test_the_disks_a_flavor_lends_are_told() -> None:
    flavor = {**SERVER["flavor"], "ephemeral": 20, "swap": 512}
    found = instance({**SERVER, "flavor": flavor}, a_volume("boot", "/dev/vda"))
    assert found.local_disk == 20 * GIB + 512 * MIB
    assert shown(a_volume("boot", "/dev/vda")).local_disk == 0


def test_an_encrypted_volume_is_said_to_be_unreadable() -> None:
    locked = a_volume("locked", "/dev/vdb", encrypted=True)
    found = shown(a_volume("boot", "/dev/vda"), locked)
    assert "volume locked is encrypted" in (found.unreadable or "")


@pytest.mark.parametrize("status", ["attaching", "error_extending", "maintenance"])
def test_a_volume_that_hangs_is_said_to_be_unreadable(status: str) -> None:
    assert shown(a_volume("boot", "/dev/vda")).unreadable is None
    assert shown(a_volume("boot", "/dev/vda", status="uploading")).unreadable is None
    found = shown(a_volume("boot", "/dev/vda"), a_volume("data", "/dev/vdb", status=status))
    assert f"volume data is {status}" in (found.unreadable or "")


def test_what_the_flavor_does_not_tell_is_read_off_the_boot_volume() -> None:
    silent = {**SERVER, "flavor": {**SERVER["flavor"], "extra_specs": {}}}

    def arch(**properties: str) -> Arch:
        boot = a_volume("boot", "/dev/vda", volume_image_metadata=properties)
        return instance(silent, boot).spec.size.arch

    assert arch(hw_architecture="aarch64") is Arch.AARCH64
    assert arch(architecture="x86_64") is Arch.X86_64
    assert arch() is Arch.UNKNOWN


def test_volumes_are_in_the_order_the_guest_sees() -> None:
    devices = {"late": "/dev/vdaa", "boot": "/dev/vda", "data": "/dev/vdb", "far": "/dev/vdz"}
    found = shown(*(a_volume(name, device) for name, device in devices.items()))

    assert [spec.name for spec in found.spec.volumes] == ["boot", "data", "far", "late"]
    assert [spec.boot for spec in found.spec.volumes] == [True, False, False, False]


def test_a_server_made_from_an_image_has_a_disk_of_its_own_before_its_volumes() -> None:
    made = {**SERVER, "image": {"id": "image-1"}, "flavor": {**SERVER["flavor"], "disk": 20}}
    data = a_volume("data", "/dev/vdb", volume_image_metadata={"hw_firmware_type": "bios"})

    found = instance(made, data, hw_firmware_type="uefi")

    assert found.volumes == ("server-1", "id-data")
    assert [spec.size for spec in found.spec.volumes] == [20 * GIB, GIB]
    assert [spec.boot for spec in found.spec.volumes] == [True, False]
    assert found.spec.firmware is Firmware.UEFI
    assert instance(made, data).spec.firmware is Firmware.UNKNOWN


def test_where_nobody_tells_the_size_of_a_server_s_own_disk_none_is_told_of() -> None:
    """Its volumes alone would be taken for the machine."""
    made = {**SERVER, "image": {"id": "image-1"}}
    data = a_volume("data", "/dev/vdb")

    assert instance(made, data).volumes == ()
    assert instance(made, data, virtual_size=5).spec.volumes[0].size == 5


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


def test_an_image_of_an_encrypted_volume_is_not_read_for_what_the_guest_sees() -> None:
    told = {"id": "i", "disk_format": "raw", "size": 1, "cinder_encryption_key_id": "k"}
    with pytest.raises(Unsupported, match="encrypted"):
        ImageSource(Session(Settings(cloud="nowhere")), told, lambda: None)


@given(st.text(max_size=30).filter(lambda text: marks.TOKEN not in text))
def test_a_description_keeps_words_and_mark_apart(text: str) -> None:
    told = {"description": marks.description("t-1", text)}
    assert marks.text(told["description"]) == text
    assert marks.has_token(told, "t-1")
    assert not marks.has_token(told, "t-11")
    assert not marks.has_token(told, "t")
    assert marks.text(text) == text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *((key, "v") for key in ("é", "a/b", "", marks.TOKEN, "k" * 256)),
        *(("k", value) for value in ("🦊", "v" * 256)),
    ],
)
def test_labels_nova_would_refuse_are_refused_first(key: str, value: str) -> None:
    with pytest.raises(Invalid):
        marks.metadata({key: value}, "t")


@given(st.integers(1, 10**15))
def test_sizes_are_whole_gib_and_never_less(size: int) -> None:
    assert 0 <= gib(size) * GIB - size < GIB
