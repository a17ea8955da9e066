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
MACHINES = [
    row(VM, 0.115, skuName="D2s v5", **SIZE),
    row(VM, 0.0231, skuName="D2s v5 Spot", **SIZE),
    row(VM, 0.046, skuName="D2s v5 Low Priority", **SIZE),
    row(VM, 0.207, **SIZE | {"skuName": "D2s v5", "productName": SIZE["productName"] + " Windows"}),
    row(VM, 594.0, skuName="D2s v5", type="Reservation", reservationTerm="1 Year", **SIZE),
    row(VM, 1149.0, skuName="D2s v5", type="Reservation", reservationTerm="3 Years", **SIZE),
    row(VM, 2000.0, skuName="D2s v5", type="Reservation", reservationTerm="5 Years", **SIZE),
    row(VM, 0.1, skuName="D2s v5", type="DevTestConsumption", **SIZE),
    row(VM, 0.1, **SIZE | {"skuName": "x", "productName": "Dsv5 Series Cloud Services"}),
    row(VM, 4.5, productName="Dedicated Host", skuName="DSv3 Type1"),
]
PREMIUM = "Premium SSD Managed Disks"
STORAGE = [
    row("Storage", 21.68, productName=PREMIUM, skuName="P10 LRS", meterName="P10 LRS Disk"),
    row("Storage", 32.5, productName=PREMIUM, skuName="P10 ZRS", meterName="P10 ZRS Disk"),
    row("Storage", 5.8, productName=PREMIUM, meterName="P10 LRS Disk Mount"),
    row("Storage", 9.6, productName="Standard SSD Managed Disks", meterName="E10 LRS Disk"),
    row("Storage", 0.05, productName="Standard HDD Managed Disks", meterName="LRS Snapshots"),
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
EXPECTED = {
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
        for service, rows in pages.items():
            query = f"armRegionName eq 'westeurope' and serviceName eq '{service}'"
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
