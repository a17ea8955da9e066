"""The Price List: one CSV file a service and region, hundreds of megabytes, open to everybody.

It is read a line at a time. The first lines are about the file; the columns have names.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from broker.catalog import items
from broker.catalog.download import opened
from broker.catalog.values import Confidence, Place, Plan, Price
from broker.errors import BrokerError

ENDPOINT = "https://pricing.us-east-1.amazonaws.com"
SERVICES = ("AmazonEC2", "AmazonVPC", "AWSDataTransfer")
SOURCE = "AWS Price List"

SYSTEMS = {"Linux": items.LINUX, "Windows": "windows", "RHEL": "rhel", "SUSE": "suse"}
TERMS = {"1yr": Plan.RESERVED_1Y, "3yr": Plan.RESERVED_3Y}
MIB_PER_GIB = 1024

HERE = {"", "AWS Region"}
"""The file of a region has its Local Zones and Wavelength Zones too, at other prices."""

PER_GIB = {"GB-Mo", "GB-month"}
"""io2 alone is told in the second."""

FURTHER_TIER = re.compile(r"\.tier\d+$")
"""I/O of io2 beyond 32,000 and 64,000 a second is cheaper, and has usage types of its own."""

Row = Mapping[str, str]
Told = tuple[str, str, Decimal]
"""Item, unit, amount."""


def prices(region: str, *, endpoint: str = ENDPOINT) -> Iterator[Price]:
    """Yield the prices published for one region, as the files arrive."""
    for service in SERVICES:
        with opened(f"{endpoint}/offers/v1.0/aws/{service}/current/{region}/index.csv") as answer:
            yield from _read(io.TextIOWrapper(answer, "utf-8", newline=""), region)


def _read(file: io.TextIOWrapper, region: str) -> Iterator[Price]:
    published = ""
    lines = csv.reader(file)
    for cells in lines:
        if cells[:1] == ["Publication Date"]:
            published = cells[1][:10]
        if cells[:1] == ["SKU"]:
            break
    else:
        raise BrokerError("the price list has no line that names its columns")
    place = Place(provider="aws", region=region)
    for row in csv.DictReader(file, cells):
        if (told := price_of(row)) is not None:
            item, unit, amount = told
            yield Price(
                place=place,
                item=item,
                unit=unit,
                currency=row["Currency"],
                amount=amount,
                source=SOURCE,
                as_of=datetime.date.fromisoformat(published),
                confidence=Confidence.HIGH,
            )


def price_of(row: Row) -> Told | None:
    """Return item, unit and amount of a line, or None when it is of something we do not sell on."""
    amount = Decimal(row["PricePerUnit"] or 0)
    where = {row.get("Location Type", ""), row.get("From Location Type", "")}
    family = row.get("Product Family", "")
    free = not amount and family != "Data Transfer"  # 0 is "not sold so", but for traffic
    if free or not row["PricePerUnit"] or not where <= HERE:
        return None
    if family.startswith("Compute Instance"):
        return _machine(row, amount)
    return _other(row, amount) if row["TermType"] == "OnDemand" else None


def _other(row: Row, amount: Decimal) -> Told | None:
    usage, kind = row.get("usageType", ""), row.get("Volume API Name", "")
    match row.get("Product Family", ""):
        case "Storage" if kind and row["Unit"] in PER_GIB:
            return items.disk(kind, "gib"), "GiB-month", amount
        case "System Operation" if kind and row["Unit"] == "IOPS-Mo":
            # the first tier is what nearly every disk pays; no disk pays more
            further = FURTHER_TIER.search(usage)
            return None if further else (items.disk(kind, "iops"), "IOPS-month", amount)
        case "Provisioned Throughput" if kind and row["Unit"] == "GiBps-mo":
            return items.disk(kind, "throughput"), "MiBps-month", amount / MIB_PER_GIB
        case "Storage Snapshot" if usage.endswith("EBS:SnapshotUsage"):
            return items.SNAPSHOT, "GiB-month", amount
        case "EBS direct API Requests" if usage.endswith("EBS:directAPI.snapshot.Put"):
            return items.BLOCKS, "1000 requests", amount * 1000
        case "Data Transfer" if usage.endswith("DataTransfer-Out-Bytes"):
            return f"{items.EGRESS}{row['StartingRange'] or 0}", "GiB", amount
    if usage.endswith("PublicIPv4:InUseAddress"):
        return items.ADDRESS, "hour", amount
    return None


def _machine(row: Row, amount: Decimal) -> Told | None:
    """Shared tenancy, in use, nothing installed, licence included, nothing paid upfront."""
    system = SYSTEMS.get(row["Operating System"])
    if (
        system is None
        or row["Unit"] != "Hrs"
        or row["Tenancy"] != "Shared"
        or row["CapacityStatus"] != "Used"
        or row["Pre Installed S/W"] not in ("", "NA")
        or row["License Model"] != "No License required"
    ):
        return None
    if row["TermType"] == "OnDemand":
        return items.compute(row["Instance Type"], Plan.ON_DEMAND, system), "hour", amount
    plan = TERMS.get(row["LeaseContractLength"])
    if plan is None or row["PurchaseOption"] != "No Upfront" or row["OfferingClass"] != "standard":
        return None
    return items.compute(row["Instance Type"], plan, system), "hour", amount
