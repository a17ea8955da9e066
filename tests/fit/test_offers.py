from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import ConfigError
from broker.fit.offers import choose_offer, named_offer
from broker.model import Arch, Firmware, Money, Offer, Size

BOTH = frozenset({Firmware.BIOS, Firmware.UEFI})


def offer(id: str, vcpus: int, memory: int, **more: object) -> Offer:
    size = Size(vcpus=vcpus, memory=memory, **more.pop("size", {}))  # type: ignore[arg-type]
    return Offer.model_validate({"id": id, "size": size, "firmware": BOTH, **more})


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def chosen(want: Size, *offers: Offer) -> str | None:
    choice = choose_offer(want, offers)
    return choice.offer.id if choice.offer else None


FOUR_CORES = Size(vcpus=4, memory=2048)


def test_a_size_that_is_closed_to_the_account_is_told_so() -> None:
    offers = [offer("small", 1, 512)]
    assert named_offer("small", offers, {}) is offers[0]
    with pytest.raises(ConfigError, match=r"large cannot be had here \(not in zone 2\)"):
        named_offer("large", offers, {"large": "not in zone 2"})
    with pytest.raises(ConfigError, match="there is no size smal") as raised:
        named_offer("smal", offers, {"large": "not in zone 2"})
    assert raised.value.hint == "Did you mean small?"


def test_memory_does_not_outweigh_cores() -> None:
    assert chosen(FOUR_CORES, offer("c1", 1, 2048), offer("c4", 4, 4096)) == "c4"


def test_nothing_smaller_is_taken_unless_allowed() -> None:
    small = offer("small", 2, 2048), offer("tiny", 1, 512)
    refused = choose_offer(FOUR_CORES, small)
    assert refused.offer is None
    assert "1 have too few vCPUs" in refused.reason
    assert "1 have too little memory" in refused.reason
    allowed = choose_offer(FOUR_CORES, small, allow_smaller=True)
    assert allowed.offer == small[0]


def test_allowing_smaller_does_not_prefer_it() -> None:
    choice = choose_offer(
        FOUR_CORES, [offer("small", 1, 512), offer("big", 64, 262144)], allow_smaller=True
    )
    assert choice.offer is not None
    assert choice.offer.id == "big"


def test_the_cheapest_wins_where_all_prices_are_known() -> None:
    big = offer("big", 8, 8192, price_per_hour=usd("0.10"))
    snug = offer("snug", 4, 2048, price_per_hour=usd("0.20"))
    choice = choose_offer(FOUR_CORES, [snug, big])
    assert choice.offer == big
    assert choice.runner_up == "snug"


@pytest.mark.parametrize("other", [None, Money(amount=Decimal("0.2"), currency="EUR")])
def test_prices_that_cannot_be_compared_decide_nothing(other: Money | None) -> None:
    big = offer("big", 8, 8192, price_per_hour=usd("0.10"))
    assert chosen(FOUR_CORES, big, offer("snug", 4, 2048, price_per_hour=other)) == "snug"


def test_a_price_unknown_for_an_offer_out_of_question_does_not_matter() -> None:
    big = offer("big", 8, 8192, price_per_hour=usd("0.10"))
    snug = offer("snug", 4, 2048, price_per_hour=usd("0.20"))
    assert chosen(FOUR_CORES, big, snug, offer("tiny", 1, 512)) == "big"


def test_without_prices_current_generation_then_least_excess_then_steady_then_name() -> None:
    offers = [
        offer("old-exact", 4, 2048, current=False),
        offer("b", 4, 4096),
        offer("a", 4, 4096),
        offer("burst", 4, 4096, burstable=True),
        offer("large", 8, 8192),
        offer("gpu", 4, 2048, size={"gpus": 1}),
    ]
    assert chosen(FOUR_CORES, *offers) == "a"
    assert chosen(FOUR_CORES, *offers[::-1]) == "a"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (offer("x", 4, 2048, size={"arch": Arch.AARCH64}), "another architecture"),
        (offer("x", 4, 2048, bare_metal=True), "bare metal"),
        (offer("x", 4, 2048, firmware=frozenset({Firmware.BIOS})), "no uefi firmware"),
        (offer("x", 4, 2048, disks=1), "too few disks"),
        (offer("x", 4, 2048, nics=1), "too few network cards"),
    ],
)
def test_what_the_machine_cannot_run_on_is_never_taken(wrong: Offer, said: str) -> None:
    choice = choose_offer(
        FOUR_CORES, [wrong], firmware=Firmware.UEFI, disks=2, nics=2, allow_smaller=True
    )
    assert choice.offer is None
    assert said in choice.reason


def test_a_fact_nobody_told_excludes_nothing() -> None:
    assert choose_offer(FOUR_CORES, [offer("x", 4, 2048)], disks=9, nics=9).offer is not None


def test_an_architecture_nobody_told_is_taken_after_one_that_was() -> None:
    silent = offer("silent", 4, 2048, size={"arch": Arch.UNKNOWN})
    assert chosen(FOUR_CORES, silent) == "silent"
    assert chosen(FOUR_CORES, silent, offer("told", 8, 8192)) == "told"
    other = offer("other", 4, 2048, size={"arch": Arch.AARCH64})
    assert chosen(FOUR_CORES, other, silent) == "silent"


def test_a_catalogue_without_sizes_says_so() -> None:
    assert "no sizes at all" in choose_offer(FOUR_CORES, []).reason


sizes = st.tuples(st.integers(1, 9), st.integers(1, 9))


@given(st.lists(sizes, max_size=8), sizes, st.randoms(use_true_random=False))
def test_never_below_the_need_and_the_same_in_any_order(
    offered: list[tuple[int, int]], need: tuple[int, int], random: object
) -> None:
    offers = [offer(f"o{index}", *size) for index, size in enumerate(offered)]
    want = Size(vcpus=need[0], memory=need[1])
    choice = choose_offer(want, offers)
    random.shuffle(offers)  # type: ignore[attr-defined]
    assert choose_offer(want, offers) == choice
    fits = [one for one in offered if one[0] >= need[0] and one[1] >= need[1]]
    assert (choice.offer is None) == (not fits)
    if choice.offer:
        assert choice.offer.size.vcpus >= need[0]
        assert choice.offer.size.memory >= need[1]
