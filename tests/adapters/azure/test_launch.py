"""Making, changing and deleting machines: refused early, cleared up when it fails, nothing left."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.azure import launch
from adapters.azure.adapter import AzureAdapter
from adapters.azure.translate.launch import boot_disk_wish, machine_wish
from broker.adapter import Kind
from broker.errors import (
    BrokerError,
    ConfigError,
    Conflict,
    Invalid,
    QuotaExceeded,
    Transient,
    Unsupported,
)
from broker.fit import named_offer
from broker.launch import prepare
from broker.model import (
    GIB,
    MIB,
    Arch,
    Firmware,
    Instance,
    InstanceSpec,
    NetworkSpec,
    NicSpec,
    Offer,
    Power,
    Size,
    StopMode,
    SubnetSpec,
    VolumeSpec,
)
from tests.conformance.content import manifest
from tests.services.azure.fixture import AzureService

SIZE, BIOS_ONLY, ARM = "Standard_B1s", "Standard_A1_v2", "Standard_D2ps_v5"

VM_WRITE = "Microsoft.Compute/virtualMachines/write"
DISK_WRITE = "Microsoft.Compute/disks/write"


def token() -> str:
    return f"test-{secrets.token_hex(8)}"


def offer(**changes: object) -> Offer:
    firmware = frozenset({Firmware.BIOS, Firmware.UEFI})
    found = Offer(id=SIZE, size=Size(vcpus=1, memory=1024), firmware=firmware)
    return found.model_copy(update=changes)


def wish(network: str = "net", /, **changes: object) -> InstanceSpec:
    spec = InstanceSpec(
        name="web-1",
        size=Size(vcpus=1, memory=512),
        volumes=(VolumeSpec(name="root", size=GIB, boot=True), VolumeSpec(name="data", size=GIB)),
        nics=(NicSpec(network=network),),
    )
    return spec.model_copy(update=changes)


@pytest.fixture
def network(adapter: AzureAdapter) -> str:
    spec = NetworkSpec(name="net", subnets=(SubnetSpec.model_validate({"cidr": "10.1.0.0/24"}),))
    return adapter.create_network(spec, token=token()).id


@pytest.fixture
def disk(adapter: AzureAdapter) -> str:
    """A filled disk."""
    sink = adapter.open_sink(20 * MIB, name="a disk", token=token())
    data = b"boot sector".ljust(512, b"\0")
    sink.pwrite(memoryview(data), 0)
    filled = sink.commit(manifest(data))
    sink.close()
    return filled


def leftovers(adapter: AzureAdapter, disk: str) -> list[str]:
    """Return all there is beside the filled disk and the network."""
    network, group = adapter._session.network, "interop"
    return [
        *(each.id for each in adapter.instances()),
        *(each.id for each in adapter.volumes() if each.id != disk),
        *(str(each["name"]) for each in network.network_interfaces.list(group)),
        *(str(each["name"]) for each in network.public_ip_addresses.list(group)),
    ]


def test_a_machine_boots_from_its_disks_as_they_are(
    adapter: AzureAdapter, network: str, disk: str
) -> None:
    spec = wish(network, firmware=Firmware.UEFI)
    made = adapter.create_instance(spec, [disk, disk], offer=SIZE, token=token())

    storage = made.native["properties"]["storageProfile"]  # type: ignore[index,call-overload]
    assert storage["osDisk"]["createOption"] == "Attach"  # type: ignore[index,call-overload]
    assert "osProfile" not in made.native["properties"]  # type: ignore[operator]
    boot, data = (adapter.volume(each).native["properties"] for each in made.volumes)
    assert boot["hyperVGeneration"] == "V2"  # type: ignore[index,call-overload]
    assert "hyperVGeneration" not in data  # type: ignore[operator]
    assert made.spec.firmware is Firmware.UEFI
    assert [volume.size for volume in made.spec.volumes] == [GIB, GIB]


def test_a_machine_starts_securely(adapter: AzureAdapter, network: str, disk: str) -> None:
    spec = wish(network, firmware=Firmware.UEFI_SECURE)
    made = adapter.create_instance(spec, [disk, disk], offer=SIZE, token=token())
    assert made.spec.firmware is Firmware.UEFI_SECURE


def test_deleting_leaves_nothing(adapter: AzureAdapter, network: str, disk: str) -> None:
    spec = wish(network, nics=(NicSpec(network=network, public=True), NicSpec(network=network)))
    made = adapter.create_instance(spec, [disk, disk], offer=SIZE, token=token())
    assert len(leftovers(adapter, disk)) == 1 + 2 + 2 + 1
    adapter.delete_instance(made.id)
    assert leftovers(adapter, disk) == []


def test_an_address_that_can_be_moved_outlives_its_machine(
    adapter: AzureAdapter, network: str, disk: str
) -> None:
    made = adapter.create_instance(wish(network), [disk, disk], offer=SIZE, token=token())
    address = adapter.create_public_address(token=token())
    adapter.attach_public_address(address.id, made.id)
    adapter.delete_instance(made.id)
    (kept,) = adapter.public_addresses()
    assert (kept.address, kept.instance) == (address.address, None)
    adapter.delete_public_address(kept.id)
    assert leftovers(adapter, disk) == []


def test_volumes_that_are_kept_are_all_that_is_left(
    adapter: AzureAdapter, network: str, disk: str
) -> None:
    made = adapter.create_instance(wish(network), [disk, disk], offer=SIZE, token=token())
    adapter.delete_instance(made.id, keep_volumes=True)
    assert sorted(leftovers(adapter, disk)) == sorted(made.volumes)
    adapter.delete_instance(made.id)
    assert sorted(leftovers(adapter, disk)) == sorted(made.volumes)


@pytest.mark.parametrize("write", [VM_WRITE, DISK_WRITE])
def test_what_fails_for_good_is_cleared_up(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str, write: str
) -> None:
    inner = {
        "code": "ResourceDeploymentFailure",
        "message": "The operation did not succeed.",
        "details": [{"code": "OSDiskNotBootable", "message": "the boot disk is broken"}],
    }
    azure.fault(write, skip=int(write == DISK_WRITE), fail=inner)
    mark = token()
    spec = wish(network, nics=(NicSpec(network=network, public=True),))
    with pytest.raises(BrokerError, match=r"succeed|broken") as raised:
        adapter.create_instance(spec, [disk, disk], offer=SIZE, token=mark)
    assert not raised.value.retryable
    assert leftovers(adapter, disk) == []
    assert adapter.made(mark) == []


def test_what_is_worth_another_try_goes_on(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str
) -> None:
    mark, spec = token(), wish(network)
    azure.fault(VM_WRITE, status=503, code="ServiceUnavailable")
    with pytest.raises(Transient):
        adapter.create_instance(spec, [disk, disk], offer=SIZE, token=mark)
    before = {made.id for made in adapter.made(mark) if made.kind is Kind.VOLUME}
    assert len(before) == 2
    made = adapter.create_instance(spec, [disk, disk], offer=SIZE, token=mark)
    assert set(made.volumes) == before
    assert len(leftovers(adapter, disk)) == 1 + 2 + 1


def test_a_machine_that_is_still_being_made_is_waited_for(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str
) -> None:
    mark, spec = token(), wish(network)
    azure.fault(VM_WRITE, lost=True, seconds=0.7)
    with pytest.raises(Transient):
        adapter.create_instance(spec, [disk, disk], offer=SIZE, token=mark)
    azure.limit(quotas={"cores": 1})  # the one that is being made has it
    made = adapter.create_instance(spec, [disk, disk], offer=SIZE, token=mark)
    assert [each.id for each in adapter.instances()] == [made.id]
    assert made.state.power is Power.RUNNING


def test_an_interrupted_making_is_deleted_by_the_machines_id(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str
) -> None:
    mark, spec = token(), wish(network)
    azure.fault(VM_WRITE, status=503, code="ServiceUnavailable")
    with pytest.raises(Transient):
        adapter.create_instance(spec, [disk, disk], offer=SIZE, token=mark)
    found = adapter.made(mark)
    assert Kind.INSTANCE in {made.kind for made in found}
    for made in found:
        if made.kind is Kind.INSTANCE:
            adapter.delete_instance(made.id)
        else:
            adapter.delete_volume(made.id)
    assert leftovers(adapter, disk) == []


def test_a_size_closed_to_the_subscription_is_refused_first(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str
) -> None:
    azure.limit(restrictions={SIZE: "NotAvailableForSubscription"})
    with pytest.raises(Unsupported, match=f"{SIZE} cannot be had in westeurope .*Subscription"):
        adapter.create_instance(wish(network), [disk, disk], offer=SIZE, token=token())
    assert SIZE not in {each.id for each in adapter.sizes()}
    assert leftovers(adapter, disk) == []


def test_a_closed_size_is_told_apart_from_one_there_is_not(
    azure: AzureService, adapter: AzureAdapter
) -> None:
    azure.limit(restrictions={SIZE: "NotAvailableForSubscription"})
    for name, why in ((SIZE, "NotAvailableForSubscription"), ("Standard_B1", "there is no size")):
        with pytest.raises(ConfigError, match=why):
            named_offer(name, adapter.sizes(), adapter.closed_sizes())


def test_the_size_that_is_chosen_starts_the_image(
    adapter: AzureAdapter, network: str, disk: str
) -> None:
    """The least size of all starts with BIOS only."""
    spec = wish(network, firmware=Firmware.UEFI, volumes=wish().volumes[:1])
    made = adapter.create_instance(spec, [disk], offer=SIZE, token=token())
    adapter.stop_instance(made.id)
    image = adapter.create_image(made.id, "golden", token=token())
    small = InstanceSpec(
        name="web-2", size=Size(vcpus=1, memory=1025), nics=(NicSpec(network=network),)
    )
    prepared = prepare(adapter, small, [image.id])
    assert prepared.offer not in (BIOS_ONLY, None)
    again = adapter.create_instance(
        prepared.spec, prepared.images, offer=prepared.offer, token=token()
    )
    assert again.spec.firmware is Firmware.UEFI


def test_premium_disks_want_a_size_that_takes_them(
    adapter: AzureAdapter, network: str, disk: str
) -> None:
    volumes = tuple(
        each.model_copy(update={"kind": "premium_ssd"}) for each in wish(network).volumes
    )
    spec = wish(network, volumes=volumes, size=Size(vcpus=1, memory=2048))
    with pytest.raises(Invalid, match="premium"):
        adapter.create_instance(spec, [disk, disk], offer=BIOS_ONLY, token=token())
    assert leftovers(adapter, disk) == []
    made = adapter.create_instance(spec, [disk, disk], token=token())
    assert made.offer != BIOS_ONLY
    adapter.stop_instance(made.id)
    with pytest.raises(Invalid, match="premium"):
        adapter.resize_instance(made.id, spec.size, offer=BIOS_ONLY)
    assert adapter.instance(made.id).state.allocated is True


def test_a_machine_is_not_deallocated_for_a_size_it_cannot_have(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str
) -> None:
    azure.limit(restrictions={"Standard_D2s_v5": "NotAvailableForSubscription"})
    spec = wish(network, firmware=Firmware.UEFI)
    made = adapter.create_instance(spec, [disk, disk], offer=SIZE, token=token())
    adapter.stop_instance(made.id)
    two = Size(vcpus=2, memory=8192)
    with pytest.raises(Invalid, match="no SCSI disks"):
        adapter.resize_instance(made.id, two, offer="Standard_D2s_v6")
    with pytest.raises(Unsupported, match="NotAvailableForSubscription"):
        adapter.resize_instance(made.id, two, offer="Standard_D2s_v5")
    assert adapter.instance(made.id).state.allocated is True


def test_the_quota_is_asked_first(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str
) -> None:
    azure.limit(quotas={"cores": 1})
    big = next(each for each in adapter.sizes() if each.size.vcpus == 2)
    with pytest.raises(QuotaExceeded, match=f"{big.id} needs 2 vCPUs"):
        adapter.create_instance(wish(network), [disk, disk], offer=big.id, token=token())
    assert leftovers(adapter, disk) == []


def test_who_is_not_told_the_quota_may_try(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str
) -> None:
    azure.fault("Microsoft.Compute/locations/usages/read", status=403, code="AuthorizationFailed")
    made = adapter.create_instance(wish(network), [disk, disk], offer=SIZE, token=token())
    assert made.state.power is Power.RUNNING


def test_a_machine_whose_generation_a_size_lacks_is_refused_first(
    adapter: AzureAdapter, network: str, disk: str
) -> None:
    spec = wish(network, firmware=Firmware.UEFI)
    with pytest.raises(Invalid, match=r"generation .* never changes"):
        adapter.create_instance(spec, [disk, disk], offer=BIOS_ONLY, token=token())
    assert leftovers(adapter, disk) == []


def test_an_image_of_another_generation_is_refused(
    adapter: AzureAdapter, network: str, disk: str
) -> None:
    spec = wish(network, firmware=Firmware.UEFI)
    made = adapter.create_instance(spec, [disk, disk], offer=SIZE, token=token())
    adapter.stop_instance(made.id)
    image = adapter.create_image(made.id, "golden", token=token())
    assert image.firmware is Firmware.UEFI
    with pytest.raises(Invalid, match=r"golden.* is made for uefi"):
        adapter.create_instance(
            wish(network, firmware=Firmware.BIOS), [image.id, disk], offer=SIZE, token=token()
        )
    again = adapter.create_instance(wish(network), [image.id, disk], offer=SIZE, token=token())
    assert again.spec.firmware is Firmware.UEFI


def test_a_machine_is_resized_within_its_generation_and_quota(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str
) -> None:
    spec = wish(network, firmware=Firmware.UEFI)
    made = adapter.create_instance(spec, [disk, disk], offer=SIZE, token=token())
    sizes = {each.id: each for each in adapter.sizes()}
    two = next(each for each in sizes.values() if each.size.vcpus == 2 and "uefi" in each.firmware)
    with pytest.raises(Conflict):
        adapter.resize_instance(made.id, two.size, offer=two.id)
    adapter.stop_instance(made.id)
    with pytest.raises(Invalid, match="generation"):
        adapter.resize_instance(made.id, sizes[BIOS_ONLY].size, offer=BIOS_ONLY)
    azure.limit(quotas={"cores": 1})
    with pytest.raises(QuotaExceeded):
        adapter.resize_instance(made.id, two.size, offer=two.id)
    assert adapter.instance(made.id).offer == SIZE
    azure.limit(quotas={"cores": 2})
    adapter.resize_instance(made.id, two.size, offer=two.id)
    assert adapter.instance(made.id).offer == two.id


def behind(azure: AzureService, machine: Instance, **facts: str | None) -> None:
    """Make something true of a machine that nobody asked the service for."""
    path = str(machine.native["id"]).lstrip("/")
    azure.control("POST", f"vms/{path}", facts)


def test_a_power_that_is_not_told_is_unknown_in_every_listing(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str
) -> None:
    made = adapter.create_instance(wish(network), [disk, disk], offer=SIZE, token=token())
    behind(azure, made, power=None)
    (listed,) = adapter.instances()
    for found in (listed, adapter.instance(made.id)):
        assert (found.state.power, found.state.allocated) == (Power.UNKNOWN, None)
    with pytest.raises(Conflict):
        adapter.create_image(made.id, "golden", token=token())
    adapter.stop_instance(made.id)
    assert adapter.instance(made.id).state.power is Power.STOPPED


def test_off_is_billed_and_deallocated_is_not(
    adapter: AzureAdapter, network: str, disk: str
) -> None:
    made = adapter.create_instance(wish(network), [disk, disk], offer=SIZE, token=token())
    adapter.stop_instance(made.id)
    assert adapter.instance(made.id).state.allocated is True
    adapter.stop_instance(made.id, StopMode.DEALLOCATE)
    assert adapter.instance(made.id).state.allocated is False
    adapter.stop_instance(made.id)
    assert adapter.instance(made.id).state.allocated is False


def test_the_console_has_what_the_guest_wrote(
    azure: AzureService, adapter: AzureAdapter, network: str, disk: str
) -> None:
    made = adapter.create_instance(wish(network), [disk, disk], offer=SIZE, token=token())
    behind(azure, made, console="login: é\n")
    assert adapter.console_log(made.id) == "login: é\n"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": "a" * 65}, Invalid),
        ({"name": "web-"}, Invalid),
        ({"name": "-web"}, Invalid),
        ({"name": "web_1"}, Invalid),
        ({"name": "é"}, Invalid),
        ({"nics": ()}, Invalid),
        ({"nics": (NicSpec(network="net"),) * 9}, Invalid),
        ({"nics": (NicSpec(network="net", mac="02:00:00:00:00:01"),)}, Unsupported),
        ({"user_data": "é" * 24_577}, Invalid),
        ({"key_pair": "ops"}, Unsupported),
        ({"labels": {"a/b": "c"}}, Invalid),
        ({"labels": {"Team": "a", "team": "b"}}, Invalid),
    ],
)
def test_what_the_service_would_refuse_is_refused_before_anything_is_made(
    changes: dict[str, object], error: type[BrokerError]
) -> None:
    with pytest.raises(error):
        launch.check(wish(**changes), ["one", "two"])


@pytest.mark.parametrize("disks", [[], ["one"], ["one", "two", "three"]])
def test_each_volume_needs_its_disk(disks: list[str]) -> None:
    with pytest.raises(Invalid):
        launch.check(wish(), disks)


@pytest.mark.parametrize(
    ("wanted", "generation", "expected"),
    [
        (Firmware.UNKNOWN, None, Firmware.UNKNOWN),
        (Firmware.UNKNOWN, "V1", Firmware.BIOS),
        (Firmware.UNKNOWN, "V2", Firmware.UEFI),
        (Firmware.BIOS, None, Firmware.BIOS),
        (Firmware.UEFI_SECURE, "V2", Firmware.UEFI_SECURE),
        (Firmware.BIOS, "V2", None),
        (Firmware.UEFI, "V1", None),
        (Firmware.UEFI_SECURE, "V1", None),
    ],
)
def test_firmware_is_that_of_the_boot_disk(
    wanted: Firmware, generation: str | None, expected: Firmware | None
) -> None:
    spec = wish(firmware=wanted)
    origin = {"name": "disk", "properties": {"hyperVGeneration": generation}}

    def found() -> Firmware:
        return launch.firmware(spec, origin)

    if expected is None:
        with pytest.raises(Invalid, match="never changes"):
            found()
    else:
        assert found() is expected


@pytest.mark.parametrize(
    ("firmware", "said"),
    [
        (Firmware.BIOS, {"hyperVGeneration": "V1"}),
        (Firmware.UEFI, {"hyperVGeneration": "V2"}),
        (
            Firmware.UEFI_SECURE,
            {"hyperVGeneration": "V2", "securityProfile": {"securityType": "TrustedLaunch"}},
        ),
        (Firmware.UNKNOWN, {}),
    ],
)
def test_a_boot_disk_says_what_is_known(firmware: Firmware, said: dict[str, object]) -> None:
    found = boot_disk_wish(firmware, offer(), {})
    assert found == {
        "osType": "Linux",
        "supportedCapabilities": {"architecture": "x64"},
        **said,
    }


def test_a_boot_disk_keeps_its_system() -> None:
    origin = {"properties": {"osType": "Windows"}}
    assert boot_disk_wish(Firmware.BIOS, offer(), origin)["osType"] == "Windows"


def test_a_size_with_nvme_alone_gets_disks_and_machine_for_it() -> None:
    alone = offer(drivers=frozenset({"nvme"}))
    boot = boot_disk_wish(Firmware.UEFI, alone, {})
    assert boot["supportedCapabilities"]["diskControllerTypes"] == "SCSI, NVMe"
    storage = machine_wish(wish(), alone, "Linux", ["/a"], ["/n"])["properties"]["storageProfile"]
    assert storage["diskControllerType"] == "NVMe"


@given(disks=st.lists(st.text(min_size=1), min_size=1, unique=True))
def test_disks_keep_their_order(disks: list[str]) -> None:
    asked = machine_wish(wish(), offer(), "Linux", disks, ["/n"])["properties"]["storageProfile"]
    others = sorted(asked["dataDisks"], key=lambda disk: disk["lun"])
    assert [each["managedDisk"]["id"] for each in (asked["osDisk"], *others)] == disks
    assert {each["deleteOption"] for each in (asked["osDisk"], *others)} == {"Delete"}


def test_an_arm_size_takes_what_was_made_for_it() -> None:
    arm = offer(size=Size(vcpus=2, memory=8192, arch=Arch.AARCH64))
    assert boot_disk_wish(Firmware.UEFI, arm, {})["supportedCapabilities"] == {
        "architecture": "Arm64"
    }
