"""The AWS Price List, served as it is published: a CSV file a service, read as it arrives."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

import pytest

from adapters.aws.prices import prices
from broker import registry
from broker.catalog import Catalogue, Market, Origin, Place
from broker.catalog.refresh import refresh_prices
from broker.errors import BrokerError, NotFound, Transient
from tests.catalog.served import Reply, Served, serving

pytestmark = pytest.mark.service

COLUMNS = (
    "SKU", "OfferTermCode", "RateCode", "TermType", "PriceDescription", "EffectiveDate",
    "StartingRange", "EndingRange", "Unit", "PricePerUnit", "Currency", "LeaseContractLength",
    "PurchaseOption", "OfferingClass", "Product Family", "Location", "Location Type",
    "Instance Type", "Tenancy", "Operating System", "License Model", "From Location Type",
    "CapacityStatus", "Pre Installed S/W", "usageType", "Volume API Name",
)  # fmt: skip
ABOUT = (
    '"FormatVersion","v1.0"\n"Disclaimer","This pricing list is for informational purposes only."\n'
    '"Publication Date","2026-10-30T17:15:10Z"\n"Version","20261030171510"\n'
    '"OfferCode","AmazonEC2"\n'
)
MACHINE = {
    "TermType": "OnDemand", "Location Type": "AWS Region", "Unit": "Hrs",
    "Product Family": "Compute Instance", "Instance Type": "m5.large", "Tenancy": "Shared",
    "Operating System": "Linux", "License Model": "No License required",
    "CapacityStatus": "Used", "Pre Installed S/W": "NA",
    "usageType": "EUC1-BoxUsage:m5.large", "PricePerUnit": "0.1150000000",
}  # fmt: skip
RESERVED = MACHINE | {
    "TermType": "Reserved", "LeaseContractLength": "3yr", "PurchaseOption": "No Upfront",
    "OfferingClass": "standard", "PricePerUnit": "0.0500000000",
}  # fmt: skip


def row(**fields: str) -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "") | {"Currency": "USD", "TermType": "OnDemand"} | fields


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
    row(**MACHINE | {"Location Type": "AWS Local Zone", "PricePerUnit": "0.138"}),
    *(
        row(
            **{
                "Product Family": family,
                "Location Type": where,
                "Volume API Name": kind,
                "usageType": f"EUC1-EBS:{usage}",
                "StartingRange": start,
                "Unit": unit,
                "PricePerUnit": amount,
            }
        )
        for family, where, kind, usage, start, unit, amount in (
            ("Storage", "AWS Region", "gp3", "VolumeUsage.gp3", "0", "GB-Mo", "0.0952"),
            ("Storage", "AWS Local Zone", "gp3", "VolumeUsage.gp3", "0", "GB-Mo", "0.11"),
            ("Storage", "AWS Region", "io2", "VolumeUsage.io2", "0", "GB-month", "0.149"),
            (
                "System Operation",
                "AWS Region",
                "gp3",
                "VolumeP-IOPS.gp3",
                "3000",
                "IOPS-Mo",
                "0.006",
            ),
            ("System Operation", "AWS Region", "io2", "VolumeP-IOPS.io2", "0", "IOPS-Mo", "0.078"),
            (
                "System Operation",
                "AWS Region",
                "io2",
                "VolumeP-IOPS.io2.tier2",
                "0",
                "IOPS-Mo",
                "0.0546",
            ),
            (
                "System Operation",
                "AWS Region",
                "io2",
                "VolumeP-IOPS.io2.tier3",
                "0",
                "IOPS-Mo",
                "0.03822",
            ),
            (
                "Provisioned Throughput",
                "AWS Region",
                "gp3",
                "VolumeP-Throughput.gp3",
                "0",
                "GiBps-mo",
                "48.7424",
            ),
            ("Storage Snapshot", "AWS Region", "", "SnapshotUsage", "0", "GB-Mo", "0.054"),
            (
                "EBS direct API Requests",
                "AWS Region",
                "",
                "directAPI.snapshot.Put",
                "0",
                "SnapshotAPIUnits",
                "0.000006",
            ),
            (
                "EBS direct API Requests",
                "AWS Region",
                "",
                "directAPI.snapshot.Get",
                "0",
                "SnapshotAPIUnits",
                "0.000003",
            ),
            (
                "Storage Snapshot",
                "AWS Region",
                "",
                "SnapshotArchiveStorage",
                "0",
                "GB-Mo",
                "0.0135",
            ),
        )
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
            "From Location Type": where,
            "StartingRange": start,
            "PricePerUnit": amount,
        }
    )
    for where, start, amount in (
        ("AWS Region", "0", "0.09"),
        ("AWS Region", "10240", "0.085"),
        ("AWS Local Zone", "0", "0.1"),
    )
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
    "disk:io2:gib": "0.149",
    "disk:io2:iops": "0.078",
    "snapshot:gib": "0.054",
    "migration:blocks": "0.006",
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
