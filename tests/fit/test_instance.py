import ipaddress
from typing import Any

import pytest

from broker.adapter import AddressLimits, FirewallLimits, LabelRule, Limits, NameRule
from broker.fit.instance import fit
from broker.model import (
    GIB,
    MIB,
    Arch,
    Bus,
    Family,
    Fidelity,
    Firmware,
    InstanceSpec,
    Loss,
    NicSpec,
    Size,
    VolumeSpec,
)

LIMITS = Limits(
    architectures=frozenset({Arch.X86_64}),
    firmware=frozenset({Firmware.BIOS}),
    volume_step=GIB,
    volume_min=GIB,
    volume_max=16 * GIB,
    disks_per_instance=2,
    nics_per_instance=1,
    instance_name=NameRule(),
    labels=LabelRule(max_count=50, max_key=128, max_value=256),
    firewall=FirewallLimits(denies=False),
    user_data_max=10,
    any_size=True,
    sets_mac=False,
    private_addresses=None,
    public_addresses=False,
)


def spec(**more: Any) -> InstanceSpec:
    return InstanceSpec.model_validate(
        {
            "name": "web-1",
            "size": Size(vcpus=1, memory=512),
            "firmware": Firmware.BIOS,
            "volumes": (VolumeSpec(name="root", size=GIB, boot=True),),
            **more,
        }
    )


def found(losses: tuple[Loss, ...], field: str) -> Loss:
    (loss,) = [loss for loss in losses if loss.field == field]
    return loss


def test_a_machine_that_fits_loses_only_what_cannot_be_known() -> None:
    fitted, losses = fit(spec(), LIMITS)
    assert fitted == spec()
    assert [(loss.field, loss.fidelity) for loss in losses] == [
        ("volumes[0].bus", Fidelity.UNCHECKED)
    ]


def test_a_disk_grows_to_a_whole_step_and_its_content_stays() -> None:
    odd = VolumeSpec(name="root", size=GIB + 1, bus=Bus.IDE, kind="ssd", encrypted=True)
    fitted, losses = fit(spec(volumes=(odd,)), LIMITS)
    assert fitted.volumes[0].size == 2 * GIB
    assert found(losses, "volumes[0].size").fidelity is Fidelity.EXACT
    assert found(losses, "volumes[0].kind").before == "ssd"
    assert found(losses, "volumes[0].encrypted").fidelity is Fidelity.UNCHECKED
    assert fitted.volumes[0].bus is Bus.UNKNOWN


def test_what_was_provisioned_for_a_kind_stays_behind_aloud() -> None:
    fast = VolumeSpec(name="root", size=GIB, kind="ssd", iops=20_000, mibps=500)
    fitted, losses = fit(spec(volumes=(fast,)), LIMITS)
    lost = found(losses, "volumes[0].performance")
    assert (lost.before, lost.fidelity) == ("20,000 IOPS, 500 MiB/s", Fidelity.DROPPED)
    assert fitted.volumes[0].performance == ""


def test_a_disk_below_the_smallest_grows() -> None:
    fitted, _ = fit(spec(volumes=(VolumeSpec(name="root", size=MIB),)), LIMITS)
    assert fitted.volumes[0].size == GIB


def test_the_disk_a_machine_starts_from_may_have_a_limit_of_its_own() -> None:
    limits = LIMITS.model_copy(update={"boot_volume_max": 4 * GIB})
    root, data = (VolumeSpec(name=name, size=5 * GIB) for name in ("root", "data"))
    _, losses = fit(spec(volumes=(root, data)), limits)
    assert [loss.field for loss in losses if loss.blocking] == ["volumes[0].size"]


def test_which_disk_is_started_from_is_told_where_the_source_does_not_say() -> None:
    _, losses = fit(spec(volumes=(VolumeSpec(name="data", size=GIB),)), LIMITS)
    loss = found(losses, "volumes.boot")
    assert (loss.before, loss.after, loss.blocking) == ("unknown", "data", False)
    _, losses = fit(spec(), LIMITS)
    assert not [loss for loss in losses if loss.field == "volumes.boot"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"volumes": (VolumeSpec(name="root", size=17 * GIB),)}, "volumes[0].size"),
        ({"volumes": (VolumeSpec(name="root", size=16 * GIB + 1),)}, "volumes[0].size"),
        ({"volumes": (VolumeSpec(name="v", size=GIB),) * 3}, "volumes"),
        ({"volumes": ()}, "volumes"),
        ({"nics": (NicSpec(network="n"),) * 2}, "nics"),
        ({"firmware": Firmware.UEFI}, "firmware"),
        ({"size": Size(vcpus=1, memory=1, arch=Arch.AARCH64)}, "size.arch"),
    ],
)
def test_what_the_target_cannot_hold_stops_the_move(change: dict[str, Any], field: str) -> None:
    assert found(fit(spec(**change), LIMITS)[1], field).blocking


def test_too_many_networks_stop_the_move() -> None:
    limits = LIMITS.model_copy(update={"nics_per_instance": 2, "networks_per_instance": 1})
    two = (NicSpec(network="a"), NicSpec(network="b"))
    assert found(fit(spec(nics=two), limits)[1], "networks").blocking
    assert not any(loss.blocking for loss in fit(spec(nics=(two[0], two[0])), limits)[1])


def test_unknown_firmware_is_not_guessed() -> None:
    fitted, losses = fit(spec(firmware=Firmware.UNKNOWN), LIMITS)
    assert fitted.firmware is Firmware.UNKNOWN
    assert found(losses, "firmware").fidelity is Fidelity.UNCHECKED


def test_unknown_architecture_moves_only_where_there_is_one() -> None:
    unknown = spec(size=Size(vcpus=1, memory=1, arch=Arch.UNKNOWN))
    assert not found(fit(unknown, LIMITS)[1], "size.arch").blocking
    both = LIMITS.model_copy(update={"architectures": frozenset({Arch.X86_64, Arch.AARCH64})})
    assert found(fit(unknown, both)[1], "size.arch").blocking


def test_a_target_that_does_not_tell_its_architecture_is_not_checked() -> None:
    silent = LIMITS.model_copy(update={"architectures": frozenset({Arch.UNKNOWN, Arch.AARCH64})})
    for arch in (Arch.X86_64, Arch.UNKNOWN):
        loss = found(fit(spec(size=Size(vcpus=1, memory=1, arch=arch)), silent)[1], "size.arch")
        assert (loss.fidelity, loss.blocking) == (Fidelity.UNCHECKED, False)


def test_a_card_keeps_what_the_target_can_set() -> None:
    address = ipaddress.ip_address("10.0.0.5")
    nic = NicSpec(network="n", mac="52:54:00:00:00:01", addresses=(address,), public=True)
    fitted, losses = fit(spec(nics=(nic,)), LIMITS)
    assert fitted.nics == (NicSpec(network="n"),)
    assert {loss.field for loss in losses} >= {
        "nics[0].mac",
        "nics[0].addresses",
        "nics[0].public",
    }
    generous = LIMITS.model_copy(
        update={"sets_mac": True, "private_addresses": AddressLimits(), "public_addresses": True}
    )
    fitted, losses = fit(spec(nics=(nic,)), generous)
    assert fitted.nics == (nic,)
    assert found(losses, "nics[0].public").fidelity is Fidelity.APPROXIMATED


def test_addresses_beyond_what_a_card_can_be_given_are_dropped_one_by_one() -> None:
    texts = ("fd00::5", "10.0.0.5", "10.0.0.6")
    addresses = tuple(ipaddress.ip_address(text) for text in texts)
    told = AddressLimits(families=frozenset({Family.IPV4}), per_family=1)
    target = LIMITS.model_copy(update={"private_addresses": told})
    fitted, losses = fit(spec(nics=(NicSpec(network="n", addresses=addresses),)), target)
    assert fitted.nics[0].addresses == (addresses[1],)
    dropped = [loss for loss in losses if loss.field == "nics[0].addresses"]
    assert [(loss.before, loss.fidelity) for loss in dropped] == [
        ("fd00::5", Fidelity.DROPPED),
        ("10.0.0.6", Fidelity.DROPPED),
    ]


def test_user_data_is_counted_in_bytes() -> None:
    assert fit(spec(user_data="é" * 5), LIMITS)[0].user_data == "é" * 5
    fitted, losses = fit(spec(user_data="é" * 6), LIMITS)
    assert fitted.user_data is None
    assert found(losses, "user_data").before == "12 bytes"


def test_what_the_user_data_says_is_in_no_loss() -> None:
    for secret in ("hunter2", "hunter2 is too long"):
        assert "hunter2" not in str(fit(spec(user_data=secret), LIMITS)[1])


def test_the_key_pair_stays_behind() -> None:
    fitted, losses = fit(spec(key_pair="ops"), LIMITS)
    assert fitted.key_pair is None
    assert found(losses, "key_pair").fidelity is Fidelity.DROPPED
