"""Machines that are alike are priced once, and cost what each of them costs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.catalog import Catalogue, Place
from broker.cost import compare, fleet
from broker.cost.files import read
from broker.cost.fleet import Fleet, Lazy

COLUMNS = "name,place,size,os,state,disks,addresses,egress_gib,snapshots_gib,cpu_p95,labels"

row = st.tuples(
    st.sampled_from(("web", "db", "x")),
    st.sampled_from(("aws/eu-central-1", "aws/us-east-1", "azure/westeurope")),
    st.sampled_from(("4x16", "9999x8", "aws/m5.large")),
    st.sampled_from(("", "linux", "windows")),
    st.sampled_from(("", "stopped", "deallocated", "unknown")),
    st.sampled_from(("", "gp3:50", "gp3:50 20", "holo:9")),
    st.sampled_from(("", "1", "2")),
    st.sampled_from(("", "0", "30.5", "200")),
    st.sampled_from(("", "0", "7")),
    st.sampled_from(("", "0.3")),
    st.sampled_from(("", "team=a", "team=b x=1")),
)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(row, min_size=1, max_size=6), st.sampled_from((1, 10_000)))
def test_a_table_costs_what_its_machines_cost(
    catalogue: Catalogue, tmp_path: Path, rows: list[tuple[str, ...]], kept: int
) -> None:
    file = tmp_path / "machines.csv"
    file.write_text("\n".join((COLUMNS, *map(",".join, rows))), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fleet, "KEPT", kept)
        table = read(file, catalogue, {})
        assert [machine.name for machine in table] == [cells[0] for cells in rows]
        assert len(table.kinds) == len({cells[1:-1] for cells in rows})
        assert sum(table.counts) == len(rows)
        places = [Place.parse("azure/westeurope"), Place.parse("aws/eu-central-1")]
        by_kind = compare(table, places, catalogue=catalogue)
        singly = compare(list(table), places, catalogue=catalogue)
        for one, other in zip(by_kind.columns, singly.columns, strict=True):
            assert list(one.bills) == list(other.bills)
            assert list(one.blocked) == list(other.blocked)
            assert round(one.monthly.amount, 12) == round(other.monthly.amount, 12)
            assert round(one.one_off.amount, 12) == round(other.one_off.amount, 12)
            assert set(one.monthly.unpriced) == set(other.monthly.unpriced)
            assert one.overfull == other.overfull
        assert by_kind.untold == singly.untold
        assert by_kind.by_provider().keys() == singly.by_provider().keys()
        assert [
            round(total.amount, 12) for sums in by_kind.by_label("team").values() for total in sums
        ] == [
            round(total.amount, 12) for sums in singly.by_label("team").values() for total in sums
        ]
        assert by_kind.prices() == singly.prices()


def test_what_nobody_tells_is_completed_for_every_kind(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    file = tmp_path / "machines.csv"
    file.write_text(f"{COLUMNS}\na,kvm/lab,4x16,,,,,,,,\nb,kvm/lab,4x16,,,,,5,,,\n", "utf-8")
    told = read(file, catalogue, {}).completed(egress_gib=1, snapshots_gib=0)
    assert [machine.egress_gib for machine in told] == [Decimal(1), Decimal(5)]
    assert Fleet.of(told) is told


def test_what_is_lazy_is_made_when_asked_for() -> None:
    made: list[int] = []

    def make(number: int) -> int:
        made.append(number)
        return number * 2

    values = Lazy(3, make)
    assert not made
    assert (len(values), values[-1], values[1:], list(values)) == (3, 4, [2, 4], [0, 2, 4])
    assert made == [2, 1, 0], "none twice"
    with pytest.raises(IndexError):
        values[3]


@pytest.mark.parametrize(
    ("size", "offer"),
    [
        ("m5.large", "m5.large"),
        ("aws/m5.large", "m5.large"),
        ("azure/Standard_D2s_v5", None),
        ("4x16", None),
    ],
)
def test_a_size_of_its_own_provider_is_that_one(
    catalogue: Catalogue, tmp_path: Path, size: str, offer: str | None
) -> None:
    file = tmp_path / "machines.csv"
    file.write_text(f"{COLUMNS}\na,aws/eu-central-1,{size},,,,,,,,\n", "utf-8")
    (machine,) = read(file, catalogue, {})
    assert machine.offer == offer
