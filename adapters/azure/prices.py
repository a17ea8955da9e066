"""The Retail Prices interface: pages of JSON, open to everybody.

What a row is, is told by its words: reserved and spot by ``type`` and ``skuName``, Windows by
``productName``, a disk by its product and the letter and number of its tier, a licence by product
and the vCPUs it is for. Licences have no region: they cost the same everywhere.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from urllib.parse import quote

from broker.catalog import items
from broker.catalog.download import opened
from broker.catalog.values import HOURS_PER_MONTH, Confidence, Place, Plan, Price

ENDPOINT = "https://prices.azure.com"
PATH = "/api/retail/prices?currencyCode='USD'&$filter="
SERVICES = ("Virtual Machines", "Storage", "Virtual Network", "Bandwidth")
SOURCE = "Azure Retail Prices"

HOURS = {"1 Year": (Plan.RESERVED_1Y, 8760), "3 Years": (Plan.RESERVED_3Y, 26280)}
"""A reservation's price is for its whole term."""

DISKS = {
    "Premium SSD Managed Disks": ("premium_ssd", "P"),
    "Standard SSD Managed Disks": ("standard_ssd", "E"),
    "Standard HDD Managed Disks": ("standard_hdd", "S"),
}
TIERS = {
    1: 4, 2: 8, 3: 16, 4: 32, 6: 64, 10: 128, 15: 256, 20: 512, 30: 1024, 40: 2048, 50: 4096,
    60: 8192, 70: 16384, 80: 32767,
}  # fmt: skip
"""Size in GiB by a tier's number: learn.microsoft.com/azure/virtual-machines/disks-types."""

PREMIUM_V2 = {
    "Premium LRS Provisioned Capacity": ("gib", "GiB-month"),
    "Premium LRS Provisioned IOPS": ("iops", "IOPS-month"),
    "Premium LRS Provisioned Throughput (MBps)": ("throughput", "MiBps-month"),
}
"""Priced an hour each; what is included has a row of its own, at nothing."""

LICENCES = {
    "Red Hat Enterprise Linux": "rhel",
    "SUSE Linux Enterprise Server Standard": "suse",
}
"""What pay-as-you-go images of the marketplace run; variants for SAP and the like have others."""

VCPUS = re.compile(r"(?:(?P<least>\d+)-)?(?P<most>\d+)(?P<open>\+)?[ -]vCPU VM (License|Support)")
NO_END = 1_000_000
"""More vCPUs than any machine has: where "5+ vCPU" ends."""

Row = Mapping[str, str | float | bool]
Told = tuple[str, str, Decimal]
"""Item, unit, amount."""


def prices(region: str, *, endpoint: str = ENDPOINT) -> Iterator[Price]:
    """Yield the prices published for one region, page after page."""
    for service in SERVICES:
        query = f"armRegionName eq '{region}' and serviceName eq '{service}'"
        yield from _newest(_rows(f"{endpoint}{PATH}{quote(query)}"), region)
    query = "serviceName eq 'Virtual Machines Licenses'"
    yield from licences(_rows(f"{endpoint}{PATH}{quote(query)}"), region)


def _rows(url: str) -> Iterator[Row]:
    """Yield the rows in force: the service tells prices that were, and that will be, as well."""
    now = datetime.datetime.now(datetime.UTC)
    while url:
        with opened(url) as answer:
            page = json.load(answer, parse_float=str)
        yield from (row for row in page["Items"] if _in_force(row, now))
        url = page.get("NextPageLink") or ""


def _in_force(row: Row, now: datetime.datetime) -> bool:
    start, end = row.get("effectiveStartDate"), row.get("effectiveEndDate")
    return (not start or datetime.datetime.fromisoformat(str(start)) <= now) and (
        not end or datetime.datetime.fromisoformat(str(end)) >= now
    )


def _newest(rows: Iterable[Row], region: str) -> Iterator[Price]:
    """Yield one price an item: of several in force the one that began last."""
    found: dict[str, tuple[str, Price]] = {}
    for row in rows:
        since = str(row.get("effectiveStartDate", ""))
        price = price_of(row, region)
        if price is not None and found.get(price.item, ("", price))[0] <= since:
            found[price.item] = since, price
    yield from (price for _, price in found.values())


def licences(rows: Iterable[Row], region: str) -> Iterator[Price]:
    """Yield what systems cost on top of a machine; exact sizes count before bands of sizes."""
    exact: dict[tuple[str, int], Price] = {}
    bands: dict[tuple[str, int], Price] = {}
    for row in rows:
        system = LICENCES.get(str(row["productName"]))
        told = VCPUS.fullmatch(str(row["meterName"]))
        amount = Decimal(str(row["retailPrice"]))
        hourly = row["unitOfMeasure"] == "1 Hour" and row["type"] == "Consumption"
        if system is None or told is None or not amount or not hourly:
            continue
        most = NO_END if told["open"] else int(told["most"])
        found = exact if told["least"] is None and not told["open"] else bands
        item = f"{items.licences(system)}{most}"
        found[system, most] = _price(row, region, (item, "hour", amount))
    systems = {system for system, _ in exact}
    yield from exact.values()
    yield from (price for (system, _), price in bands.items() if system not in systems)


def price_of(row: Row, region: str) -> Price | None:
    """Return the price a row tells, or None when it is of something we do not sell on."""
    amount = Decimal(str(row["retailPrice"]))
    found = _READERS.get(str(row["serviceName"]), _nothing)(row, amount)
    if found is None:
        return None
    return _price(row, region, found)


def _price(row: Row, region: str, found: Told) -> Price:
    item, unit, amount = found
    return Price(
        place=Place(provider="azure", region=region),
        item=item,
        unit=unit,
        currency=str(row["currencyCode"]),
        amount=amount,
        source=SOURCE,
        as_of=datetime.datetime.now(datetime.UTC).date(),
        confidence=Confidence.HIGH,
    )


def _nothing(row: Row, amount: Decimal) -> Told | None:
    return None


def _machine(row: Row, amount: Decimal) -> Told | None:
    name, sku, product = str(row["armSkuName"]), str(row["skuName"]), str(row["productName"])
    if not name or "Low Priority" in sku or not amount:
        return None
    if "CloudServices" in product.replace(" ", "") or "Dedicated Host" in product:
        return None  # other services at other prices, under the names of machines' sizes
    if str(row["unitOfMeasure"]) != "1 Hour":
        return None
    system = "windows" if product.endswith("Windows") else items.LINUX
    match row["type"]:
        case "Reservation":
            plan, hours = HOURS.get(str(row.get("reservationTerm")), (None, 1))
            if plan is None:
                return None
            return items.compute(name, plan, system), "hour", round(amount / hours, 6)
        case "Consumption":
            plan = Plan.SPOT if sku.endswith(" Spot") else Plan.ON_DEMAND
            return items.compute(name, plan, system), "hour", amount
    return None


def _storage(row: Row, amount: Decimal) -> Told | None:
    product, meter = str(row["productName"]), str(row["meterName"])
    if row["type"] != "Consumption" or not amount:
        return None
    if product == "Azure Premium SSD v2" and meter in PREMIUM_V2:
        what, unit = PREMIUM_V2[meter]
        return items.disk("premium_v2", what), unit, amount * HOURS_PER_MONTH
    if product not in DISKS:
        return None
    kind, letter = DISKS[product]
    if kind == "standard_hdd" and meter == "LRS Snapshots":
        return items.SNAPSHOT, "GiB-month", amount
    tier = re.fullmatch(rf"{letter}(\d+) LRS Disk", meter)
    if tier is None or int(tier[1]) not in TIERS:
        return None
    return f"{items.steps(kind)}{TIERS[int(tier[1])]}", "disk-month", amount


def _address(row: Row, amount: Decimal) -> Told | None:
    if row["meterName"] == "Standard IPv4 Static Public IP" and row["type"] == "Consumption":
        return items.ADDRESS, "hour", amount
    return None


def _egress(row: Row, amount: Decimal) -> Told | None:
    if row["meterName"] != "Standard Data Transfer Out" or row["type"] != "Consumption":
        return None
    if row["productName"] != "Rtn Preference: MGN":
        return None  # the cheaper routing over the public internet is another product
    return f"{items.EGRESS}{int(Decimal(str(row['tierMinimumUnits'])))}", "GiB", amount


_READERS = {
    "Virtual Machines": _machine,
    "Storage": _storage,
    "Virtual Network": _address,
    "Bandwidth": _egress,
}
