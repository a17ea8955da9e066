"""The AWS Price List, served as it is published: a CSV file a service, read as it arrives."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

import pytest

from adapters.aws.prices import price_of, prices
from broker import registry
from broker.catalog import Catalogue, Market, Origin, Place
from broker.catalog.refresh import refresh_prices
from broker.errors import BrokerError, NotFound, Transient
from tests.catalog.served import Reply, Served, serving

pytestmark = pytest.mark.service

COLUMNS = (
    "SKU", "OfferTermCode", "RateCode", "TermType", "PriceDescription", "EffectiveDate",
    "StartingRange", "EndingRange", "Unit", "PricePerUnit", "Currency", "LeaseContractLength",
    "PurchaseOption", "OfferingClass", "Product Family", "Location", "Instance Type", "Tenancy",
    "Operating System", "License Model", "CapacityStatus", "Pre Installed S/W", "usageType",
    "Volume API Name",
)  # fmt: skip
ABOUT = (
    '"FormatVersion","v1.0"\n"Disclaimer","This pricing list is for informational purposes only."\n'
    '"Publication Date","2026-10-30T17:15:10Z"\n"Version","20261030171510"\n'
    '"OfferCode","AmazonEC2"\n'
)
MACHINE = {
    "TermType": "OnDemand", "Unit": "Hrs", "Product Family": "Compute Instance",
    "Instance Type": "m5.large", "Tenancy": "Shared", "Operating System": "Linux",
    "License Model": "No License required", "CapacityStatus": "Used", "Pre Installed S/W": "NA",
    "usageType": "EUC1-BoxUsage:m5.large", "PricePerUnit": "0.1150000000",
}  # fmt: skip
RESERVED = MACHINE | {
    "TermType": "Reserved", "LeaseContractLength": "3yr", "PurchaseOption": "No Upfront",
    "OfferingClass": "standard", "PricePerUnit": "0.0500000000",
}  # fmt: skip


def row(**fields: str) -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "") | {"Currency": "USD"} | fields


def file(*rows: dict[str, str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return (ABOUT + text.getvalue()).encode()


EC2 = [
    row(**MACHINE),
    row(**RESERVED),
    row(**MACHINE | {"Tenancy": "Dedicated", "PricePerUnit": "0.122"}),
    row(**MACHINE | {"CapacityStatus": "UnusedCapacityReservation"}),
    row(**MACHINE | {"Operating System": "Windows", "PricePerUnit": "0.207"}),
    row(**MACHINE | {"Operating System": "Windows", "License Model": "Bring your own license"}),
    row(**MACHINE | {"Operating System": "RHEL", "PricePerUnit": "0.1438"}),
    row(**MACHINE | {"Operating System": "SUSE", "PricePerUnit": "0.171"}),
    row(**MACHINE | {"Operating System": "Red Hat Enterprise Linux with HA"}),
    row(**RESERVED | {"LeaseContractLength": "1yr", "PricePerUnit": "0.0730000000"}),
    row(**RESERVED | {"Operating System": "Windows", "PricePerUnit": "0.142"}),
    row(**MACHINE | {"Pre Installed S/W": "SQL Std", "PricePerUnit": "0.595"}),
    row(**MACHINE | {"PricePerUnit": "0.0000000000", "Instance Type": "m5.metal"}),
    row(**RESERVED | {"PurchaseOption": "All Upfront", "Unit": "Quantity", "PricePerUnit": "1300"}),
    row(**RESERVED | {"OfferingClass": "convertible", "PricePerUnit": "0.06"}),
    row(
        **{
            "Product Family": "Storage",
            "Volume API Name": "gp3",
            "Unit": "GB-Mo",
            "PricePerUnit": "0.0952",
        }
    ),
    row(
        **{
            "Product Family": "System Operation",
            "Volume API Name": "gp3",
            "Unit": "IOPS-Mo",
            "PricePerUnit": "0.006",
        }
    ),
    row(
        **{
            "Product Family": "Provisioned Throughput",
            "Volume API Name": "gp3",
            "Unit": "GiBps-mo",
            "PricePerUnit": "48.7424",
        }
    ),
    row(
        **{
            "Product Family": "Storage Snapshot",
            "Unit": "GB-Mo",
            "PricePerUnit": "0.054",
            "usageType": "EUC1-EBS:SnapshotUsage",
        }
    ),
    row(**{"Product Family": "Load Balancer", "PricePerUnit": "1"}),
]
VPC = [row(usageType="EUC1-PublicIPv4:InUseAddress", Unit="Hrs", PricePerUnit="0.005")]
TRANSFER = [
    row(
        **{
            "Product Family": "Data Transfer",
            "usageType": "EUC1-DataTransfer-Out-Bytes",
            "Unit": "GB",
            "StartingRange": start,
            "PricePerUnit": amount,
        }
    )
    for start, amount in (("0", "0.09"), ("10240", "0.085"))
]
EXPECTED = {
    "compute:on_demand:linux:m5.large": "0.115",
    "compute:on_demand:windows:m5.large": "0.207",
    "compute:on_demand:rhel:m5.large": "0.1438",
    "compute:on_demand:suse:m5.large": "0.171",
    "compute:reserved_1y:linux:m5.large": "0.073",
    "compute:reserved_3y:linux:m5.large": "0.05",
    "compute:reserved_3y:windows:m5.large": "0.142",
    "disk:gp3:gib": "0.0952",
    "disk:gp3:iops": "0.006",
    "disk:gp3:throughput": "0.0476",
    "snapshot:gib": "0.054",
    "address:ipv4": "0.005",
    "egress:internet:0": "0.09",
    "egress:internet:10240": "0.085",
}


def path(service: str) -> str:
    return f"/offers/v1.0/aws/{service}/current/eu-central-1/index.csv"


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as found:
        for service, rows in (
            ("AmazonEC2", EC2),
            ("AmazonVPC", VPC),
            ("AWSDataTransfer", TRANSFER),
        ):
            found.replies[path(service)] = [Reply(file(*rows))]
        yield found


def test_what_is_published_is_what_is_read(served: Served) -> None:
    found = list(prices("eu-central-1", endpoint=served.url))
    assert {each.item: each.amount for each in found} == {
        item: Decimal(amount) for item, amount in EXPECTED.items()
    }
    assert len(found) == len(EXPECTED), "one price an item: nothing was told apart wrongly"
    assert {str(each.as_of) for each in found} == {"2026-10-30"}


def test_a_refresh_replaces_and_a_broken_one_does_not(
    served: Served, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        registry,
        "price_reader",
        lambda provider: lambda region: prices(region, endpoint=served.url),
    )
    place = Place.parse("aws/eu-central-1")
    assert refresh_prices(catalogue, place) == len(EXPECTED)
    assert refresh_prices(catalogue, place) == len(EXPECTED)
    found = Market(catalogue, place).price("compute:on_demand:linux:m5.large")
    assert found is not None
    assert (found.origin, found.source) == (Origin.REFRESHED, "AWS Price List")
    body = file(row(**MACHINE | {"PricePerUnit": "9"}))
    served.replies[path("AmazonEC2")] = [Reply(body, promised=len(body) + 1000)]
    with pytest.raises(Transient, match="broke off"):
        refresh_prices(catalogue, place)
    assert Market(catalogue, place).price("compute:on_demand:linux:m5.large") == found


def test_a_busy_service_is_asked_again(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("broker.catalog.download.time.sleep", waits.append)
    busy = Reply(b"", 429, (("Retry-After", "3"),))
    served.replies[path("AmazonEC2")] = [busy, Reply(b"", 503), Reply(file(*EC2))]
    assert len(list(prices("eu-central-1", endpoint=served.url))) == len(EXPECTED)
    assert waits[0] == 3
    assert len(waits) == 2


def test_a_region_that_is_none_and_a_file_that_is_none_are_told(served: Served) -> None:
    with pytest.raises(NotFound, match="region's name"):
        list(prices("eu-centrall-1", endpoint=served.url))
    served.replies[path("AmazonEC2")] = [Reply(b"<html>maintenance</html>")]
    with pytest.raises(BrokerError, match="names its columns"):
        list(prices("eu-central-1", endpoint=served.url))


def test_a_dear_second_tier_of_iops_is_not_the_price() -> None:
    tier = {"Product Family": "System Operation", "Volume API Name": "io2", "Unit": "IOPS-Mo"}
    first = row(**tier | {"StartingRange": "0", "PricePerUnit": "0.065"})
    second = row(**tier | {"StartingRange": "32000", "PricePerUnit": "0.0455"})
    assert price_of(first) == ("disk:io2:iops", "IOPS-month", Decimal("0.065"))
    assert price_of(second) is None
