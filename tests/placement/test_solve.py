"""A placement keeps every rule and costs least; what cannot be is told with what is in the way."""

from __future__ import annotations

import itertools
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.errors import NotFound
from broker.fit.need import Need
from broker.model import Firmware, Offer, Size
from broker.placement import diff, place, why
from broker.placement.conflict import conflict
from broker.placement.problem import (
    Domain,
    Group,
    Latency,
    Option,
    Problem,
    Quota,
    Traffic,
    Workload,
)
from broker.placement.rules import Allows, Apart, Budget, Capacity, Limit, Rule, Together, rules
from broker.placement.search import solve
from broker.placement.solve import month_of

SMALL = Need(size=Size(vcpus=2, memory=4096))


def workload(name: str, **more: Any) -> Workload:
    return Workload.model_validate({"name": name, "need": SMALL} | more)


def offer(place: str, month: str, vcpus: int = 2, **more: Any) -> Option:
    sold = Offer(
        id=f"s{vcpus}",
        size=Size(vcpus=vcpus, memory=vcpus * 2048),
        firmware=frozenset({Firmware.UNKNOWN}),
    )
    plain = {"id": f"{place}:{vcpus}:{month}", "place": place, "offer": sold, "month": month}
    return Option.model_validate(plain | {"egress_gib": "0.1", "disk_gib": "0.1"} | more)


def host(name: str, vcpus: int, **more: Any) -> Option:
    plain = {
        "id": f"lab/rack:{name}", "place": "lab/rack", "vcpu_month": "1", "gib_month": "1",
        "capacity": Size(vcpus=vcpus, memory=vcpus * 2048), "egress_gib": "0", "disk_gib": "0",
    }  # fmt: skip
    return Option.model_validate(plain | more)


CHEAP, DEAR = offer("a/1", "10"), offer("b/1", "30")


def problem(
    *workloads: Workload, options: tuple[Option, ...] = (CHEAP, DEAR), **more: Any
) -> Problem:
    return Problem(workloads=workloads, options=options, **more)


def at(found: Any) -> dict[str, list[str]]:
    where: dict[str, list[str]] = {}
    for each in found.placed:
        where.setdefault(each.workload, []).extend([each.place] * each.count)
    return where


def test_the_cheapest_and_its_exact_cost() -> None:
    found = place(problem(workload("web", count=3, egress_gib=10, disk_gib=5)))
    assert at(found) == {"web": ["a/1"] * 3}
    assert found.month == 3 * (10 + Decimal("1.0") + Decimal("0.5"))
    assert found.gap is not None
    assert found.gap <= 0.01


def test_a_host_carries_what_it_has_and_no_more() -> None:
    found = place(problem(workload("web", count=3), options=(host("h", 4), DEAR)))
    assert at(found) == {"web": ["lab/rack", "lab/rack", "b/1"]}
    assert found.month == 2 * 6 + 30


def test_a_host_without_capacity_carries_nothing() -> None:
    empty = Option.model_validate(
        host("h", 1).model_dump() | {"capacity": Size(vcpus=1, memory=1), "id": "x"}
    )
    assert at(place(problem(workload("web"), options=(empty, DEAR)))) == {"web": ["b/1"]}


@pytest.mark.parametrize(
    ("wish", "more"),
    [
        ({"residency": {"eu"}}, {}),
        ({"only": {"b"}}, {}),
        (
            {"latency": Latency(site="fra", ms=Decimal(5))},
            {"latency": {"fra": {"a/1": 9, "b/1": 5}}},
        ),
        ({"latency": Latency(site="fra", ms=Decimal(5))}, {"latency": {"fra": {"b/1": 5}}}),
        ({}, {"quotas": (Quota(place="a/1", vcpus=1),)}),
        ({}, {"quotas": (Quota(place="a/1", machines=0),)}),
    ],
)
def test_a_rule_sends_a_machine_to_the_dearer_place(wish: Any, more: Any) -> None:
    options = (CHEAP, DEAR.model_copy(update={"tags": frozenset({"eu"})}))
    assert at(place(problem(workload("web", **wish), options=options, **more))) == {"web": ["b/1"]}


def test_spot_is_for_those_who_allow_it() -> None:
    spot = offer("a/1", "1", spot=True)
    assert place(problem(workload("web"), options=(spot, DEAR))).month == 30
    assert place(problem(workload("web", spot=True), options=(spot, DEAR))).month == 1


def test_a_reservation_is_for_those_who_stay() -> None:
    reserved = offer("b/1", "6", id="reserved", years=3)
    options = (CHEAP, reserved)
    assert at(place(problem(workload("web", years=3), options=options)))["web"] == ["b/1"]
    assert at(place(problem(workload("web", years=1), options=options)))["web"] == ["a/1"]
    only = place(problem(workload("web"), options=(reserved,)))
    assert "web: reserved for 0 years at most" in only.conflict


def test_a_system_is_paid_where_it_has_a_price() -> None:
    licensed = offer("b/1", "30", systems={"windows": "5"})
    found = place(problem(workload("web", os="windows", count=2), options=(CHEAP, licensed)))
    assert (at(found)["web"], found.month) == (["b/1", "b/1"], Decimal(70))
    own = place(
        problem(workload("web", os="windows"), options=(host("h", 8, systems={"windows": "3"}),))
    )
    assert own.month == 2 * 1 + 4 * 1 + 2 * 3, "a host's is for each vCPU"
    nobody = place(problem(workload("web", os="suse"), options=(CHEAP, licensed)))
    assert "web: only where its traffic, disks and system have a price" in nobody.conflict


def test_zones_are_domains_of_one_place() -> None:
    zones = tuple(offer("a/1", "10", id=f"a/1:{zone}", zone=zone) for zone in ("x", "y"))
    spread = workload("db", count=2, spread=Domain.ZONE)
    assert {each.option for each in place(problem(spread, options=zones)).placed} == {
        "a/1:x",
        "a/1:y",
    }
    three = workload("db", count=3, spread=Domain.ZONE)
    assert place(problem(three, options=zones)).conflict


def test_what_has_no_price_is_not_free() -> None:
    silent = CHEAP.model_copy(update={"egress_gib": None})
    assert at(place(problem(workload("web", egress_gib=1), options=(silent, DEAR)))) == {
        "web": ["b/1"]
    }
    assert at(place(problem(workload("web"), options=(silent, DEAR)))) == {"web": ["a/1"]}


def test_apart_and_together() -> None:
    apart = problem(workload("db", count=2, spread=Domain.PLACE))
    assert at(place(apart)) == {"db": ["a/1", "b/1"]}
    pair = problem(
        workload("web"),
        workload("db", only={"b"}),
        groups=(Group(workloads=("web", "db"), together=True),),
    )
    assert at(place(pair)) == {"web": ["b/1"], "db": ["b/1"]}
    hosts = (host("h1", 8), host("h2", 8), DEAR)
    nodes = place(problem(workload("db", count=3, spread=Domain.HOST), options=hosts))
    assert sorted(each.option for each in nodes.placed) == [
        "b/1:2:30",
        "lab/rack:h1",
        "lab/rack:h2",
    ]


def test_traffic_between_places_is_paid() -> None:
    web, db = workload("web"), workload("db", only={"b"})
    quiet = problem(web, db, traffic=(Traffic(source="web", target="db", gib=Decimal(100)),))
    assert at(place(quiet))["web"] == ["a/1"]
    assert place(quiet).month == 10 + 30 + 10
    loud = problem(web, db, traffic=(Traffic(source="web", target="db", gib=Decimal(300)),))
    assert at(place(loud))["web"] == ["b/1"]


def test_moving_must_pay_off() -> None:
    stays = problem(workload("web", at="b/1", moving=1000), months=36)
    assert at(place(stays)) == {"web": ["b/1"]}
    goes = place(problem(workload("web", at="b/1", moving=360), months=36))
    assert at(goes) == {"web": ["a/1"]}
    assert [each.workload for each in goes.moves] == ["web"]


def test_contradictions_are_named_and_no_more_than_them() -> None:
    contradicting = problem(
        workload("web", residency={"eu"}),
        workload("db", count=4),
        options=(CHEAP, DEAR, host("h", 4)),
        budget=Decimal(99),
    )
    assert set(place(contradicting).conflict) == {"web: data stays in eu"}
    poor = problem(workload("web", count=4), options=(CHEAP, DEAR), budget=Decimal(35))
    assert place(poor).conflict == ("budget of 35 USD",)
    full = problem(
        workload("web", only={"lab"}, count=3), options=(CHEAP, host("h", 4)), budget=Decimal(99)
    )
    assert set(place(full).conflict) == {"web: only at lab", "capacity of lab/rack:h"}
    huge = problem(workload("web", need=Need(size=Size(vcpus=64, memory=4096))))
    assert place(huge).conflict == ("web: needs 64 vCPU, 4096 MiB (x86_64)",)


def test_why_tells_what_elsewhere_would_cost_or_what_forbids_it() -> None:
    told = problem(
        workload("web"),
        workload("db", residency={"eu"}),
        options=(CHEAP.model_copy(update={"tags": frozenset({"eu"})}), DEAR, host("h", 2)),
        quotas=(Quota(place="a/1", machines=1),),
    )
    found = place(told)
    assert at(found) == {"web": ["lab/rack"], "db": ["a/1"]}
    web = why(told, found, "web")
    assert (web.at, web.month) == (("1 x lab/rack:h",), Decimal(6))
    elsewhere = {other.place: other for other in web.alternatives}
    assert elsewhere["b/1"].more == 24
    assert elsewhere["a/1"].more is None, "db cannot make room"
    assert set(elsewhere["a/1"].because) == {"db: data stays in eu", "quota of 1 machines at a/1"}
    db = why(told, found, "db")
    assert db.alternatives[0].because == ("db: data stays in eu",)
    with pytest.raises(NotFound, match="Did you mean web"):
        why(told, found, "wbe")


def test_two_runs_are_the_same_and_two_problems_are_compared() -> None:
    first = problem(workload("web"), workload("db"))
    assert place(first) == place(first)
    second = place(problem(workload("web"), workload("db", only={"b"})))
    (change,) = diff(place(first), second)
    assert (change.workload, change.month_before) == ("db", Decimal(10))
    assert change.month_after == 30
    assert diff(second, second) == []


def test_a_problem_that_names_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="no workload cache"):
        problem(workload("web"), traffic=(Traffic(source="web", target="cache", gib=Decimal(1)),))
    with pytest.raises(ValueError, match="two workloads are called web"):
        problem(workload("web"), workload("web"))


# Against brute force

PLACES = ("a/1", "a/2", "b/1")


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    options: list[Option] = []
    for number in range(draw(st.integers(1, 3))):
        where = draw(st.sampled_from(PLACES))
        price = str(draw(st.integers(1, 9)))
        sold = offer(where, price, draw(st.sampled_from([1, 2, 4])), id=f"o{number}")
        tags = frozenset({"eu"}) if where.startswith("a") else frozenset()
        drawn = {
            "tags": tags,
            "spot": draw(st.booleans()),
            "years": draw(st.sampled_from([0, 0, 1, 3])),
            "zone": draw(st.sampled_from([None, "a", "b"])),
            "systems": draw(st.sampled_from([{}, {"windows": Decimal(2)}])),
        }
        options.append(sold.model_copy(update=drawn))
    if draw(st.booleans()):
        options.append(host("h", draw(st.integers(1, 6))))
    names = ["u", "v", "w"][: draw(st.integers(1, 3))]
    workloads = tuple(
        workload(
            name,
            count=draw(st.integers(1, 2)) if len(names) < 3 else 1,
            need=Need(size=Size(vcpus=draw(st.integers(1, 3)), memory=2048)),
            residency=draw(st.sampled_from([frozenset(), frozenset({"eu"})])),
            spot=draw(st.booleans()),
            years=draw(st.sampled_from([0, 1, 3])),
            os=draw(st.sampled_from(["linux", "linux", "windows"])),
            spread=draw(st.sampled_from([None, Domain.PLACE, Domain.ZONE, Domain.HOST])),
            egress_gib=draw(st.integers(0, 30)),
            at=draw(st.sampled_from([None, *PLACES])),
            moving=draw(st.integers(0, 200)),
        )
        for name in names
    )
    groups = draw(
        st.lists(
            st.builds(
                lambda apart: Group(workloads=tuple(names), together=apart is None, apart=apart),
                st.sampled_from([None, Domain.PLACE, Domain.PROVIDER, Domain.HOST]),
            ),
            max_size=1,
        )
    )
    flows = [Traffic(source=names[0], target=names[-1], gib=Decimal(draw(st.integers(0, 90))))]
    return Problem(
        workloads=workloads,
        options=tuple(options),
        groups=tuple(groups),
        traffic=tuple(flows if draw(st.booleans()) else ()),
        quotas=tuple(
            draw(
                st.lists(
                    st.builds(
                        Quota,
                        place=st.sampled_from(PLACES),
                        vcpus=st.sampled_from([None, 2, 4]),
                        machines=st.sampled_from([None, 1, 2]),
                    ),
                    max_size=1,
                )
            )
        ),
        budget=draw(st.sampled_from([None, Decimal(9), Decimal(15), Decimal(30)])),
    )


Counts = dict[tuple[str, str], int]


def kept(problem: Problem, every: list[Rule], counts: Counts) -> bool:
    """Whether an assignment keeps every rule: written anew, not as the solver is told them."""
    options = {option.id: option for option in problem.options}
    used = [
        (problem.workload(name), options[option])
        for (name, option), count in counts.items()
        for _ in range(count)
    ]
    for rule in every:
        match rule:
            case Allows(workload=mine, refused=refused):
                good = not any(w.name == mine.name and o.id in refused for w, o in used)
            case Capacity(option=option):
                here = [w.need.size for w, o in used if o.id == option.id]
                assert option.capacity is not None
                good = sum(s.vcpus for s in here) <= option.capacity.vcpus
                good = good and sum(s.memory for s in here) <= option.capacity.memory
            case Limit(quota=quota):
                sizes = [o.size(w).vcpus for w, o in used if o.place == quota.place]
                good = quota.vcpus is None or sum(sizes) <= quota.vcpus
                good = good and (quota.machines is None or len(sizes) <= quota.machines)
            case Budget():
                assert problem.budget is not None
                good = month_of(problem, counts) <= problem.budget + Decimal("1e-6")
            case Together(workloads=names):
                good = len({o.place for w, o in used if w.name in names}) <= 1
            case Apart(workloads=names, domain=kind):
                domains = Counter(
                    o.domain(kind) for w, o in used if w.name in names and o.domain(kind)
                )
                good = all(count == 1 for count in domains.values())
        if not good:
            return False
    return True


def cheapest(problem: Problem, every: list[Rule]) -> Decimal | None:
    machines = [w.name for w in problem.workloads for _ in range(w.count)]
    best = None
    for chosen in itertools.product(
        [option.id for option in problem.options], repeat=len(machines)
    ):
        counts: Counts = dict(Counter(zip(machines, chosen, strict=True)))
        if kept(problem, every, counts):
            month = month_of(problem, counts)
            best = month if best is None else min(best, month)
    return best


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problems())
def test_as_good_as_trying_everything(problem: Problem) -> None:
    every = rules(problem)
    best = cheapest(problem, every)
    _, counts = solve(problem, every, gap=0)
    assert (counts is None) == (best is None)
    if counts is not None:
        assert kept(problem, every, counts), "never over capacity, quota or budget"
        assert best is not None
        assert abs(month_of(problem, counts) - best) < Decimal("1e-6")
        return
    guilty, exact = conflict(problem, every)
    assert exact
    needs = [rule for rule in every if isinstance(rule, Allows) and rule.essential]
    if any(isinstance(rule, Allows) and rule.essential for rule in guilty):
        needs = []  # what the machines need is itself what cannot be
    assert cheapest(problem, needs + guilty) is None, "the rules named cannot hold at once"
    for index in range(len(guilty)):
        others = guilty[:index] + guilty[index + 1 :]
        assert cheapest(problem, needs + others) is not None, "and none can be left out"
