"""Azure Retail Prices, served as they are: pages of rows told apart by their words."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from adapters.azure.prices import PATH, SERVICES, prices
from tests.catalog.served import Reply, serving

pytestmark = pytest.mark.service


def row(service: str, amount: float, **fields: str | float) -> dict[str, Any]:
    plain = {
        "currencyCode": "USD", "tierMinimumUnits": 0.0, "armRegionName": "westeurope",
        "productName": "", "skuName": "", "meterName": "", "armSkuName": "", "type": "Consumption",
        "unitOfMeasure": "1 Hour",
    }  # fmt: skip
    return plain | {"serviceName": service, "retailPrice": amount} | fields


SIZE = {"armSkuName": "Standard_D2s_v5", "productName": "Virtual Machines Dsv5 Series"}
VM = "Virtual Machines"
LICENCE = "Virtual Machines Licenses"
MACHINES = [
    row(VM, 0.115, skuName="D2s v5", effectiveStartDate="2026-01-01T00:00:00Z", **SIZE),
    row(VM, 0.113, skuName="D2s v5", effectiveStartDate="2021-11-01T00:00:00Z", **SIZE),
    row(VM, 0.0231, skuName="D2s v5 Spot", **SIZE),
    row(VM, 0.046, skuName="D2s v5 Low Priority", **SIZE),
    row(VM, 0.207, **SIZE | {"skuName": "D2s v5", "productName": SIZE["productName"] + " Windows"}),
    row(VM, 594.0, skuName="D2s v5", type="Reservation", reservationTerm="1 Year", **SIZE),
    row(VM, 1149.0, skuName="D2s v5", type="Reservation", reservationTerm="3 Years", **SIZE),
    row(VM, 2000.0, skuName="D2s v5", type="Reservation", reservationTerm="5 Years", **SIZE),
    row(VM, 0.1, skuName="D2s v5", type="DevTestConsumption", **SIZE),
    row(VM, 0.1, **SIZE | {"skuName": "x", "productName": "Dsv5 Series Cloud Services"}),
    row(VM, 0.41, **SIZE | {"skuName": "D2s v5", "productName": "Dsv5 Series CloudServices"}),
    row(VM, 4.5, productName="DSv3 Series Dedicated Host", armSkuName="DSv3_Type1"),
    row(VM, 0.2, skuName="D2s v5", effectiveEndDate="2025-12-31T23:59:59Z", **SIZE),
    row(VM, 0.2, skuName="D2s v5", effectiveStartDate="2999-01-01T00:00:00Z", **SIZE),
]
PREMIUM = "Premium SSD Managed Disks"
STORAGE = [
    row("Storage", 21.68, productName=PREMIUM, skuName="P10 LRS", meterName="P10 LRS Disk"),
    row("Storage", 32.5, productName=PREMIUM, skuName="P10 ZRS", meterName="P10 ZRS Disk"),
    row("Storage", 5.8, productName=PREMIUM, meterName="P10 LRS Disk Mount"),
    row("Storage", 9.6, productName="Standard SSD Managed Disks", meterName="E10 LRS Disk"),
    row("Storage", 0.05, productName="Standard HDD Managed Disks", meterName="LRS Snapshots"),
]
V2 = {"productName": "Azure Premium SSD v2", "skuName": "Premium LRS"}
STORAGE += [
    row("Storage", 0.000125, meterName="Premium LRS Provisioned Capacity", **V2),
    row("Storage", 0.0, meterName="Premium LRS Provisioned IOPS", **V2),
    row("Storage", 0.000008, meterName="Premium LRS Provisioned IOPS", tierMinimumUnits=3000, **V2),
    row("Storage", 0.00006, meterName="Premium LRS Provisioned Throughput (MBps)", **V2),
]
NETWORK = [
    row(
        "Virtual Network",
        0.005,
        productName="IP Addresses",
        meterName="Standard IPv4 Static Public IP",
    )
]
OUT = {"productName": "Rtn Preference: MGN", "meterName": "Standard Data Transfer Out"}
BANDWIDTH = [
    row("Bandwidth", 0.0, tierMinimumUnits=0.0, **OUT),
    row("Bandwidth", 0.087, tierMinimumUnits=100.0, **OUT),
    row("Bandwidth", 0.08, **OUT | {"productName": "Bandwidth - Routing Preference: Internet"}),
]
RHEL = {"productName": "Red Hat Enterprise Linux", "armRegionName": ""}
SUSE = {"productName": "SUSE Linux Enterprise Server Standard", "armRegionName": ""}
LICENCES = [
    row(LICENCE, 0.0576, skuName="4 vCPU VM", meterName="4 vCPU VM License", **RHEL),
    row(LICENCE, 0.5616, skuName="52 vCPU VM", meterName="52-vCPU VM License", **RHEL),
    row(LICENCE, 0.06, skuName="1-4 vCPU VM", meterName="1-4 vCPU VM License", **RHEL),
    row(LICENCE, 388.0, meterName="4 vCPU VM License", type="Reservation", **RHEL),
    row(LICENCE, 0.1, skuName="1-2 vCPU VM", meterName="1-2 vCPU VM Support", **SUSE),
    row(LICENCE, 0.2, skuName="5+ vCPU VM", meterName="5+ vCPU VM Support", **SUSE),
    row(LICENCE, 9.9, meterName="4 vCPU VM License", productName="SQL Server Standard"),
]
EXPECTED = {
    "disk:premium_v2:gib": "0.09125",
    "disk:premium_v2:iops": "0.00584",
    "disk:premium_v2:throughput": "0.0438",
    "licence:rhel:upto:4": "0.0576",
    "licence:rhel:upto:52": "0.5616",
    "licence:suse:upto:2": "0.1",
    "licence:suse:upto:1000000": "0.2",
    "compute:on_demand:linux:Standard_D2s_v5": "0.115",
    "compute:spot:linux:Standard_D2s_v5": "0.0231",
    "compute:on_demand:windows:Standard_D2s_v5": "0.207",
    "compute:reserved_1y:linux:Standard_D2s_v5": "0.067808",
    "compute:reserved_3y:linux:Standard_D2s_v5": "0.043721",
    "disk:premium_ssd:upto:128": "21.68",
    "disk:standard_ssd:upto:128": "9.6",
    "snapshot:gib": "0.05",
    "address:ipv4": "0.005",
    "egress:internet:0": "0",
    "egress:internet:100": "0.087",
}


def test_every_page_is_read_and_every_row_told_apart() -> None:
    with serving() as served:
        pages = dict(zip(SERVICES, (MACHINES, STORAGE, NETWORK, BANDWIDTH), strict=True))
        for service, rows in (pages | {LICENCE: LICENCES}).items():
            where = "" if service == LICENCE else "armRegionName eq 'westeurope' and "
            query = f"{where}serviceName eq '{service}'"
            first, rest = rows[:2], rows[2:]
            link = f"{served.url}/more/{quote(service)}" if rest else None
            page = {"Items": first, "NextPageLink": link, "Count": len(first)}
            served.replies[f"{PATH}{quote(query)}"] = [Reply(json.dumps(page).encode())]
            last = {"Items": rest, "NextPageLink": None, "Count": len(rest)}
            served.replies[f"/more/{quote(service)}"] = [Reply(json.dumps(last).encode())]
        found = list(prices("westeurope", endpoint=served.url))
    assert {each.item: each.amount for each in found} == {
        item: Decimal(amount) for item, amount in EXPECTED.items()
    }
    assert len(found) == len(EXPECTED)
    assert {str(each.place) for each in found} == {"azure/westeurope"}
