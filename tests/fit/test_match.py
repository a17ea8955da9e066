"""A need is never given less than it says, and whoever lost is told why."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.catalog import Catalogue, Market, Place, Plan
from broker.catalog.pricelist import record_of
from broker.catalog.table import NONE, CheapestTable
from broker.errors import ConfigError, NotFound
from broker.fit.match import Prefer, match
from broker.fit.need import Need, lacks, measured, too_small
from broker.model import GIB, Arch, Firmware, Host, Money, Offer, Size
from broker.needed import needed
from broker.sizing import map_size, wanted
from tests.fit.test_offers import offer, usd

NEED = Need(size=Size(vcpus=4, memory=16384))


def priced(id: str, vcpus: int, memory: int, amount: str | None, **more: object) -> Offer:
    return offer(id, vcpus, memory, price_per_hour=usd(amount) if amount else None, **more)


def test_the_cheapest_wins_and_the_runner_up_says_by_how_much() -> None:
    found = match(
        NEED,
        [
            priced("dear", 4, 16384, "0.25"),
            priced("cheap", 8, 32768, "0.20"),
            priced("x", 9, 99999, None),
        ],
    )
    assert found.offer is not None
    assert (found.offer.id, found.lost_by) == ("cheap", "+25.0 % an hour")
    assert found.unpriced == ("x",)
    assert "1 more have no price" in found.reason


def test_a_free_offer_divides_nothing() -> None:
    found = match(NEED, [priced("free", 4, 16384, "0"), priced("dear", 4, 16384, "1")])
    assert found.lost_by == "1 USD an hour"


def test_two_currencies_are_not_compared() -> None:
    euro = Money(amount=Decimal("0.1"), currency="EUR")
    found = match(NEED, [priced("b", 8, 32768, "9"), offer("a", 4, 16384, price_per_hour=euro)])
    assert found.offer is not None
    assert found.offer.id == "a"
    assert "several currencies" in found.reason


def test_the_closest_keeps_the_character_before_the_ratio() -> None:
    offers = [
        priced("general", 4, 16384, "0.1", character="general"),
        priced("memory", 4, 32768, "0.2", character="memory"),
    ]
    need = NEED.model_copy(update={"character": "memory"})
    for wish, taken in ((Prefer.CLOSEST, "memory"), (Prefer.CHEAPEST, "general")):
        found = match(need, offers, prefer=wish)
        assert found.offer is not None
        assert found.offer.id == taken


def test_of_two_as_close_the_cheaper_is_taken() -> None:
    twins = [priced("a", 4, 16384, "0.2"), priced("b", 4, 16384, "0.1"), offer("c", 4, 16384)]
    found = match(NEED, twins, prefer=Prefer.CLOSEST)
    assert found.offer is not None
    assert found.runner_up is not None
    assert (found.offer.id, found.runner_up.id) == ("b", "a")


@pytest.mark.parametrize(
    ("need", "more", "said"),
    [
        ({"drivers": frozenset({"virtio"})}, {"drivers": {"nvme"}}, "no driver for (nvme)"),
        ({"local_disk": 200 * GIB}, {"local_disk": 100 * GIB}, "too little local disk"),
        ({}, {"burstable": True}, "burstable"),
        ({"zone": "b"}, {"zones": {"a"}}, "no machines in zone b"),
        ({"vcpu_quota": 3}, {}, "more vCPUs than the quota leaves"),
        ({"firmware": Firmware.UEFI_SECURE}, {}, "no uefi_secure firmware"),
        ({"disks": 3}, {"disks": 2}, "too few disks"),
    ],
)
def test_a_hard_constraint_is_hard(
    need: dict[str, object], more: dict[str, object], said: str
) -> None:
    found = match(
        NEED.model_copy(update=need), [priced("x", 4, 16384, "1", **more)], allow_smaller=True
    )
    assert found.offer is None
    assert said in found.reason
    assert list(found.examples.values()) == ["x"]


def test_what_nobody_could_check_is_told() -> None:
    found = match(NEED, [priced("x", 4, 16384, "1", drivers={"nvme"})])
    assert "whether the guest has drivers for nvme" in found.unchecked


def test_local_disk_that_may_be_used_is_told_where_it_is_missing(catalogue: Catalogue) -> None:
    need = needed("aws/i3.2xlarge", catalogue).need
    without, having = (
        match(need, [priced("x", 8, 65536, "1", local_disk=size)]) for size in (0, GIB)
    )
    assert "whether the machine uses the local disk of its size" in without.unchecked
    assert having.offer is not None
    assert not any("local disk" in each for each in having.unchecked)
    assert needed("aws/m5.2xlarge", catalogue).need.local_disk == 0


def test_a_size_that_nobody_says_the_region_has_is_told(catalogue: Catalogue) -> None:
    need = Need(size=Size(vcpus=96, memory=1152 * 1024, gpus=8))
    market = Market(catalogue, Place.parse("azure/westeurope"))
    assert "whether azure/westeurope has it" in map_size(need, market).match.unchecked
    assert not map_size(NEED, market).match.unchecked[-1].startswith("whether azure"), (
        "it is priced"
    )


def test_less_is_taken_only_when_asked_and_nothing_fits() -> None:
    small = [priced("two", 2, 16384, "0.2"), priced("three", 3, 16384, "0.9")]
    assert match(NEED, small).offer is None
    found = match(NEED, small, allow_smaller=True)
    assert found.offer is not None
    assert (found.offer.id, found.below_need) == ("three", True)


def test_measured_use_makes_the_need_smaller_but_never_larger() -> None:
    size = Size(vcpus=16, memory=65536)
    assert measured(size, cpu_p95=0.3, memory_p95=0.5, headroom=0.2) == Size(vcpus=6, memory=39322)
    assert measured(size, cpu_p95=1, memory_p95=1) == size
    assert measured(size, cpu_p95=0, memory_p95=0).vcpus == 1
    assert measured(size, cpu_p95=0.5) == Size(vcpus=10, memory=65536), "memory: nobody measured"


offers_drawn = st.lists(
    st.builds(
        lambda number, vcpus, memory, price, arch: Offer(
            id=f"o{number}",
            size=Size(vcpus=vcpus, memory=memory, arch=arch),
            firmware=frozenset({Firmware.UNKNOWN}),
            price_per_hour=Money(amount=Decimal(price), currency="USD"),
        ),
        st.integers(0, 10**6),
        st.integers(1, 8),
        st.integers(1, 8),
        st.integers(1, 5),
        st.sampled_from([Arch.X86_64, Arch.AARCH64]),
    ),
    max_size=12,
    unique_by=lambda one: one.id,
)


@given(offers_drawn, st.integers(1, 9), st.integers(1, 9), st.sampled_from(list(Arch)[:2]))
def test_the_table_and_the_match_agree(
    offers: list[Offer], vcpus: int, memory: int, arch: Arch
) -> None:
    need = Need(size=Size(vcpus=vcpus, memory=memory, arch=arch))
    taken = match(need, offers).offer
    table = CheapestTable(offers)
    found = int(table.cheapest(np.array([vcpus]), np.array([memory]), table.arches([arch]))[0])
    assert (found == NONE) == (taken is None)
    if taken is not None:
        assert lacks(need, taken) is None
        assert too_small(need, taken) is None
        assert table.offers[found].price_per_hour == taken.price_per_hour


def test_a_table_of_nothing_fits_nothing() -> None:
    table = CheapestTable([priced("x", 4, 16384, None)])
    assert table.cheapest(np.array([1]), np.array([1]), table.arches([Arch.X86_64])) == [NONE]


FLAVOR = Offer(
    id="m1.large", size=Size(vcpus=4, memory=16384), firmware=frozenset({Firmware.UNKNOWN})
)
KINDS = {
    "aws": ("aws/eu-central-1", "aws/m5.xlarge"),
    "azure": ("azure/westeurope", "azure/Standard_D4s_v5"),
    "openstack": ("openstack/lab", "openstack/lab/m1.large"),
    "kvm": ("kvm/lab", "4x16"),
}
"""A place of each provider, and what a machine of 4 vCPU and 16 GiB is called there."""


@pytest.mark.parametrize("there", KINDS)
@pytest.mark.parametrize("here", KINDS)
def test_every_provider_maps_to_every_other(catalogue: Catalogue, here: str, there: str) -> None:
    catalogue.put_sizes(Place.parse("openstack/lab"), [FLAVOR])
    catalogue.put_hosts(Place.parse("kvm/lab"), [Host(id="host", vcpus=32, memory=131072)])
    meant = wanted(KINDS[here][1], catalogue)
    market = Market(catalogue, Place.parse(KINDS[there][0]))
    found = map_size(Need(size=meant.size, character=meant.character), market).match
    assert found.offer is not None
    assert found.offer.size.vcpus >= 4
    assert found.offer.size.memory >= 16384
    if there in ("openstack", "kvm"):
        assert (found.offer.size.vcpus, found.offer.size.memory) == (4, 16384)


def test_a_flavor_is_what_its_own_cloud_says(catalogue: Catalogue) -> None:
    larger = FLAVOR.model_copy(update={"size": Size(vcpus=8, memory=16384)})
    catalogue.put_sizes(Place.parse("openstack/lab"), [FLAVOR])
    catalogue.put_sizes(Place.parse("openstack/prod"), [larger])
    assert wanted("openstack/prod/m1.large", catalogue).size.vcpus == 8
    assert [each.size.vcpus for each in catalogue.offers(Place.parse("openstack/lab"))] == [4]
    with pytest.raises(ConfigError, match="Say openstack/lab/m1"):
        wanted("openstack/m1.large", catalogue)


def test_hosts_of_ones_own_are_cut_to_the_need(catalogue: Catalogue) -> None:
    lab = Place.parse("kvm/lab")
    catalogue.put_hosts(lab, [Host(id="a", vcpus=0, memory=0), Host(id="b", vcpus=8, memory=32768)])
    market = Market(catalogue, lab)
    found = map_size(NEED, market).match.offer
    assert found is not None
    assert (found.id, found.size, found.price_per_hour) == ("4x16", NEED.size, None)
    assert not any("has it" in each for each in map_size(NEED, market).match.unchecked)
    large = map_size(Need(size=Size(vcpus=9, memory=1024)), market).match
    assert large.offer is None
    assert "the largest has 8 vCPU" in large.reason
    assert large.lacked == {"too few vCPUs": 1}
    gpus = map_size(Need(size=Size(vcpus=1, memory=1024, gpus=1)), market).match
    assert "no GPU that is known of" in gpus.reason
    nearest = map_size(Need(size=Size(vcpus=9, memory=1024)), market, allow_smaller=True).match
    assert nearest.below_need
    assert nearest.offer is not None
    assert nearest.offer.id == "b"
    scratch = map_size(NEED.model_copy(update={"local_disk": 1}), market).match
    assert "too little local disk" in scratch.reason


def test_own_hosts_cost_by_vcpu_and_gib(catalogue: Catalogue) -> None:
    lab = Place.parse("kvm/lab")
    catalogue.put_hosts(lab, [Host(id="b", vcpus=8, memory=32768)])
    shipped = Market(catalogue, Place.parse("aws/us-east-1")).price(
        "compute:on_demand:linux:m5.large"
    )
    assert shipped is not None
    rows = [
        shipped.model_copy(
            update={
                "place": lab,
                "item": f"compute:on_demand:linux:{what}",
                "amount": Decimal(each),
            }
        )
        for what, each in (("vcpu", "0.01"), ("gib", "0.002"))
    ]
    catalogue.put_prices(record_of(row) for row in rows)
    found = map_size(NEED, Market(catalogue, lab), plan=Plan.ON_DEMAND).match.offer
    assert found is not None
    assert found.price_per_hour == usd("0.072")


def test_a_size_nobody_knows_is_told_with_the_nearest(catalogue: Catalogue) -> None:
    with pytest.raises(NotFound, match=r"Did you mean m5\.xlarge"):
        wanted("aws/m5.xlarg", catalogue)
    for text in ("0x4", "4x0"):
        with pytest.raises(ConfigError, match="asks for nothing"):
            wanted(text, catalogue)
    with pytest.raises(ConfigError, match="is no size"):
        wanted("large", catalogue)
