"""Each figure of a bill can be worked out by hand, and what nobody knows is never nothing."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from broker.catalog import Catalogue, Market, Place, Plan, onprem
from broker.catalog.market import Rates
from broker.catalog.values import Discount
from broker.cost import Disk, Machine, Report, Sum, compare, of_instance
from broker.cost.bill import add, egress_price
from broker.cost.estimate import estimate
from broker.errors import ConfigError
from broker.model import Firmware, Host, Instance, InstanceSpec, Offer, Power, Size, State

FRANKFURT = Place.parse("aws/eu-central-1")
WEST = Place.parse("azure/westeurope")

FREE = {"space_per_month": 0, "staff_per_month": 0, "licences_per_year": 0}
"""What a site must say; here the hardware is all there is."""


def machine(name: str = "web", **changes: object) -> Machine:
    plain: dict[str, object] = {
        "name": name,
        "place": FRANKFURT,
        "size": Size(vcpus=2, memory=8192),
        "offer": "m5.large",
        "disks": (Disk(gib=Decimal(100), kind="gp3"),),
        "egress_gib": 0,
        "snapshots_gib": 0,
    }
    return Machine.model_validate(plain | changes)


def report(catalogue: Catalogue, *machines: Machine, to: tuple[Place, ...] = ()) -> Report:
    return compare(machines, to, catalogue=catalogue)


def now(catalogue: Catalogue, *machines: Machine) -> Sum:
    return report(catalogue, *machines).now.monthly


def test_a_month_by_hand(catalogue: Catalogue) -> None:
    told = now(catalogue, machine(addresses=1, snapshots_gib=Decimal(10)))
    # 730 x 0.115 + 100 x 0.0952 + 730 x 0.005 + 10 x 0.054
    assert told == Sum(Decimal("97.66"), "USD")


def test_stopped_but_billed_is_billed_and_given_back_is_not(catalogue: Catalogue) -> None:
    assert now(catalogue, machine(billed=True)) == now(catalogue, machine(billed=None))
    assert now(catalogue, machine(billed=False)).amount == Decimal("9.52")


def test_what_has_no_price_makes_a_lower_bound(catalogue: Catalogue) -> None:
    strange = machine("odd", offer="m99.large", disks=(Disk(gib=Decimal(5), kind="holo"),))
    told = now(catalogue, machine(), strange)
    assert told.amount == now(catalogue, machine()).amount
    assert str(told) == (
        "≥ 93.47 USD, 2 items unpriced: compute:on_demand:linux:m99.large, disk:holo:gib"
    )
    assert not told.exact
    assert report(catalogue, strange).break_even(report(catalogue, strange).now) is None


def test_only_performance_beyond_what_is_included_is_paid(catalogue: Catalogue) -> None:
    plain = now(catalogue, machine())
    fast = machine(disks=(Disk(gib=Decimal(100), kind="gp3", iops=4000, mibps=225),))
    assert now(catalogue, fast).amount - plain.amount == 1000 * Decimal("0.006") + 100 * Decimal(
        "0.0476"
    )
    slow = machine(disks=(Disk(gib=Decimal(100), kind="gp3", iops=3000, mibps=125),))
    assert now(catalogue, slow) == plain


def test_performance_that_is_paid_but_not_told_or_not_priced_is_unknown(
    catalogue: Catalogue,
) -> None:
    untold = now(catalogue, machine(disks=(Disk(gib=Decimal(100), kind="io2"),)))
    assert untold.unpriced == ("disk:io2:iops",), "no disk of this kind is without"
    told = now(catalogue, machine(disks=(Disk(gib=Decimal(100), kind="io2", iops=5000),)))
    assert told.amount - untold.amount == 5000 * Decimal("0.078")
    v2 = Disk(gib=Decimal(100), kind="premium_v2", iops=4000)
    west = now(catalogue, machine(place=WEST, offer="Standard_D2s_v5", disks=(v2,)))
    assert west.unpriced == ("disk:premium_v2:iops",), "what we ship has no price for it"


@pytest.mark.parametrize(
    ("disk", "there"),
    [
        (Disk(gib=Decimal(100), kind="gp3"), "disk:standard_ssd:upto:128"),
        (Disk(gib=Decimal(100), kind="gp3", iops=3000, mibps=125), "disk:premium_v2:gib"),
        (Disk(gib=Decimal(100), kind="io2", iops=3000), "disk:premium_v2:gib"),
        (Disk(gib=Decimal(100), kind="st1"), "disk:standard_hdd:upto:128"),
    ],
)
def test_a_disk_is_another_of_its_making_that_can_be_as_fast(
    catalogue: Catalogue, disk: Disk, there: str
) -> None:
    west = report(catalogue, machine(disks=(disk,)), to=(WEST,)).targets[0]
    assert [line.item for line in west.bills[0].lines if line.what == "disk"] == [there]


def test_what_nobody_tells_is_not_nothing(catalogue: Catalogue) -> None:
    told = machine()
    untold = machine(os=None, egress_gib=None, snapshots_gib=None)
    sums = now(catalogue, untold)
    assert sums.amount == now(catalogue, told).amount
    assert sums.unpriced == ("licence:unknown:vcpu", "snapshot:gib", "egress:internet:*")
    west = report(catalogue, untold, to=(WEST,)).targets[0]
    assert "the cheapest of" in west.bills[0].why, "the size is found all the same"
    assert set(west.monthly.unpriced) == set(sums.unpriced)
    assert untold.completed(os="linux", egress_gib=0, snapshots_gib=0) == told
    assert told.completed(os="windows", egress_gib=5) is told, "what is told stays"
    assert untold.completed() is untold


def test_amounts_of_any_length_can_be_written() -> None:
    assert str(Sum(Decimal("1e40"), "USD")).endswith(",000.00 USD")
    assert Sum(Decimal("2.675"), "USD").short() == "2.68 USD"


def test_whole_disks_are_paid_by_the_next_larger_one(catalogue: Catalogue) -> None:
    azure = machine(place=WEST, offer="Standard_D2s_v5")
    for gib, dearer in ((1, "2.4"), (32, "2.4"), (33, "4.8"), (4096, "307.2")):
        disks = (Disk(gib=Decimal(gib), kind="standard_ssd"),)
        assert now(catalogue, azure.model_copy(update={"disks": disks})).amount == (
            730 * Decimal("0.115") + Decimal(dearer)
        )
    huge = (Disk(gib=Decimal(9000), kind="standard_ssd"),)
    assert not now(catalogue, azure.model_copy(update={"disks": huge})).exact


@pytest.mark.parametrize(
    ("gib", "paid"),
    [(50, "0"), (100, "0"), (200, "9"), (10240, "912.6"), (20480, "1783.0")],
)
def test_tiers_of_traffic(catalogue: Catalogue, gib: int, paid: str) -> None:
    found = egress_price(Market(catalogue, FRANKFURT), Decimal(gib))
    assert found is not None
    assert round(found.amount * gib, 6) == Decimal(paid)


def test_tiers_count_for_all_machines_together(catalogue: Catalogue) -> None:
    two = [machine(name, egress_gib=Decimal(100)) for name in ("a", "b")]
    alone = now(catalogue, *(each.model_copy(update={"egress_gib": Decimal(0)}) for each in two))
    assert now(catalogue, *two).amount - alone.amount == 100 * Decimal("0.09")


def test_elsewhere_never_less_than_the_machine_has(catalogue: Catalogue) -> None:
    told = report(catalogue, machine(), to=(WEST, FRANKFURT))
    west, frankfurt = told.targets
    bill = west.bills[0]
    assert bill.offer is not None
    assert bill.offer.size.vcpus >= 2
    assert bill.offer.size.memory >= 8192
    assert "the cheapest of" in bill.why
    assert frankfurt.monthly == told.now.monthly, "where it is, nothing changes"
    assert frankfurt.one_off.amount == 0


def test_moving_costs_what_leaves_and_both_sides_running(catalogue: Catalogue) -> None:
    west = report(
        catalogue, machine(disks=(Disk(gib=Decimal(300), kind="gp3"),)), to=(WEST,)
    ).targets[0]
    sent = next(line for line in west.moves if line.what == "egress once")
    assert sent.amount == 200 * Decimal("0.09")
    twice = next(line for line in west.moves if line.what == "double running")
    assert twice.amount is not None
    assert round(twice.amount, 6) == round(west.monthly.amount * 7 * 12 / 365, 6)


def test_what_is_free_is_not_free_again_for_what_leaves(catalogue: Catalogue) -> None:
    disks = (Disk(gib=Decimal(300), kind="gp3"),)
    there = report(catalogue, machine(disks=disks, egress_gib=60), to=(WEST,)).targets[0]
    (sent,) = (line for line in there.moves if line.what == "egress once")
    assert sent.amount is not None
    assert round(sent.amount, 6) == 260 * Decimal("0.09"), "60 of the free 100 GiB are used"


def test_what_leaves_costs_what_its_own_account_pays(catalogue: Catalogue) -> None:
    for account in ("mine", "theirs"):
        percent = {"mine": "50", "theirs": "90"}[account]
        catalogue.put_discount(
            Discount(account=account, provider="aws", item="*", percent=percent, source="test")
        )
    disks = (Disk(gib=Decimal(300), kind="gp3"),)
    moving = machine(disks=disks, account="mine")
    there = compare([moving], (WEST,), catalogue=catalogue, account="theirs").targets[0]
    (sent,) = (line for line in there.moves if line.what == "egress once")
    assert sent.amount == 200 * Decimal("0.09") / 2


def test_what_moving_costs_is_told_once_for_all(catalogue: Catalogue) -> None:
    disks = (Disk(gib=Decimal(300), kind="gp3"),)
    one = report(catalogue, machine(disks=disks), to=(WEST,)).targets[0]
    two = report(catalogue, machine(disks=disks), machine("db", disks=disks), to=(WEST,)).targets[0]
    assert len(two.moves) == len(one.moves)
    (sent,) = (line for line in two.moves if line.what == "egress once")
    assert sent.quantity == 600
    assert sent.amount == 500 * Decimal("0.09"), "what is free is free once"


def test_a_machine_no_size_is_large_enough_for_is_told(catalogue: Catalogue) -> None:
    monster = machine(size=Size(vcpus=2000, memory=8192))
    west = report(catalogue, monster, to=(WEST,)).targets[0]
    assert west.blocked[0].machine.name == "web"
    assert "have too few vCPUs" in west.blocked[0].blocked
    assert not west.monthly.exact


def test_break_even_is_when_savings_have_paid_the_move(catalogue: Catalogue) -> None:
    dear = machine(size=Size(vcpus=2, memory=8192), offer="g4dn.2xlarge")
    told = report(catalogue, dear, to=(Place.parse("aws/eu-west-1"),))
    there = told.targets[0]
    months = told.break_even(there)
    assert months is not None
    assert round(months * (told.now.monthly.amount - there.monthly.amount), 6) == round(
        there.one_off.amount, 6
    )


def test_currencies_are_refused_or_converted_by_a_dated_rate(catalogue: Catalogue) -> None:
    site = onprem.Site.model_validate(
        {
            "place": "lab/rack",
            "currency": "EUR",
            "as_of": "2026-11-01",
            "threads": 8,
            "memory_gib": 64,
            "price": 8760,
            "years": 1,
            "watts": 0,
            "kwh": 0,
            "utilisation": 1,
            "memory_share": "0.5",
            **FREE,
        }
    )
    onprem.Own(site=[site]).keep(catalogue, "own.toml")
    own = machine(place=Place.parse("lab/rack"), offer=None, disks=())
    refused = now(catalogue, own)
    assert refused.amount == 0
    assert not refused.exact
    assert compare([own], catalogue=catalogue).unused == ["EUR"]
    rates = Rates(currency="USD", as_of=datetime.date(2026, 11, 1), rates={"EUR": Decimal("1.10")})
    converted = compare([own], [], catalogue=catalogue, rates=rates)
    assert not converted.unused
    told = converted.now.monthly
    # 1 EUR an hour: half over 8 vCPUs, half over 64 GiB -> 2 vCPU and 8 GiB are 3/16 of it
    assert told == Sum(Decimal("150.5625"), "USD")
    with pytest.raises(ValueError, match="cannot be added"):
        add([(told, 1), (Sum(Decimal(1), "EUR"), 1)], "USD")


def test_hosts_of_ones_own_are_not_endless(catalogue: Catalogue) -> None:
    lab = Place.parse("kvm/lab")
    catalogue.put_hosts(lab, [Host(id="h", vcpus=4, memory=65536)])
    two, three = (
        report(catalogue, *(machine(f"m{n}", disks=()) for n in range(count)), to=(lab,)).targets[0]
        for count in (2, 3)
    )
    assert two.overfull == ""
    assert three.overfull == "all machines together need 6 vCPUs; the hosts there have 4"
    assert not three.blocked, "each of them alone could be there"


def test_flavors_on_hosts_of_ones_own_cost_what_the_hosts_do(catalogue: Catalogue) -> None:
    site = {
        "place": "openstack/lab", "currency": "USD", "as_of": "2026-11-01", "threads": 8,
        "memory_gib": 64, "price": 8760, "years": 1, "watts": 0, "kwh": 0, "utilisation": 1,
        "memory_share": "0.5", **FREE,
    }  # fmt: skip
    onprem.Own.model_validate({"site": [site]}).keep(catalogue, "own.toml")
    flavor = Offer(id="m1", size=Size(vcpus=4, memory=8192), firmware=frozenset({Firmware.UNKNOWN}))
    catalogue.put_sizes(Place.parse("openstack/lab"), [flavor])
    reserved = machine(disks=(), plan=Plan.RESERVED_3Y)
    there = report(catalogue, reserved, to=(Place.parse("openstack/lab"),)).targets[0]
    assert there.bills[0].offer is not None
    assert there.bills[0].offer.id == "m1"
    # an hour is 1 USD: 4 of 8 vCPUs are a quarter of it, 8 of 64 GiB a sixteenth
    assert there.monthly == Sum(Decimal(730) * 5 / 16, "USD")
    fleet = (machine(f"m{n}", disks=()) for n in range(5))
    many = report(catalogue, *fleet, to=(Place.parse("openstack/lab"),))
    assert "need 20 vCPUs; the hosts there have 8" in many.targets[0].overfull


def test_labels_add_up_to_the_whole(catalogue: Catalogue) -> None:
    machines = [machine(f"m{n}", labels={"team": "ab"[n % 2]} if n < 4 else {}) for n in range(5)]
    told = report(catalogue, *machines, to=(WEST,))
    groups = told.by_label("team")
    assert list(groups) == ["", "a", "b"]
    assert told.by_provider() == {"aws": [column.monthly for column in told.columns]}
    for index, column in enumerate(told.columns):
        total = add(((sums[index], 1) for sums in groups.values()), "USD")
        assert total.amount == column.monthly.amount


def test_an_estimate_takes_a_size_asked_for_by_name(catalogue: Catalogue) -> None:
    by_name, mapped = estimate(
        "aws/m5.large",
        ["aws/eu-central-1", "azure/westeurope"],
        catalogue=catalogue,
        disks=["gp3:10"],
    )
    assert by_name.offer is not None
    assert (by_name.offer.id, by_name.why) == ("m5.large", "asked for by name")
    assert mapped.offer is not None
    (elsewhere,) = estimate("aws/m9g.large", ["aws/ap-southeast-5"], catalogue=catalogue)
    assert elsewhere.why.startswith("aws/ap-southeast-5 does not offer m9g.large; ")
    with pytest.raises(ConfigError, match="is no disk"):
        estimate("2x4", ["aws/eu-central-1"], catalogue=catalogue, disks=["gp3:10:x"])
    with pytest.raises(ConfigError, match="all 730 hours"):
        estimate("2x4", ["aws/eu-central-1"], catalogue=catalogue, plan="reserved_1y", hours=10)


def test_no_machines_are_no_report(catalogue: Catalogue) -> None:
    with pytest.raises(ConfigError, match="no machines"):
        report(catalogue)


@pytest.mark.parametrize(
    ("spot", "plan"), [(True, "spot"), (False, "on_demand"), (None, "on_demand")]
)
def test_a_live_machine_on_spare_capacity_is_priced_as_such(spot: bool | None, plan: str) -> None:
    spec = InstanceSpec(name="web", size=Size(vcpus=2, memory=8192))
    state = State(
        power=Power.RUNNING,
        allocated=True,
        native="running",
        observed_at=datetime.datetime.now(datetime.UTC),
    )
    found = of_instance(Instance(id="i", spec=spec, state=state, spot=spot), FRANKFURT)
    assert found.plan == plan
