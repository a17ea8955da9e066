"""What size a machine gets, first and later: asked and refused before anything changes."""

from __future__ import annotations

import pytest

from adapters.azure.adapter import AzureAdapter
from broker.errors import ConfigError, Conflict, Invalid, QuotaExceeded, Unsupported
from broker.fit.offers import named_offer
from broker.launch import prepare
from broker.model import Firmware, InstanceSpec, NicSpec, Power, Size
from tests.adapters.azure.machines import BIOS_ONLY, SIZE, disk, leftovers, network, token, wish
from tests.services.azure.fixture import AzureService

__all__ = ["disk", "network"]


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
