"""A report in the columns of FOCUS 1.0, the FinOps Open Cost and Usage Specification.

Each line of today's bills becomes one charge of one month. FOCUS knows no unknown cost: lines
without a price are left out, and how many is told to the caller, who must tell people. A
reservation's monthly fee is billed as the usage it covers; which reservation that is no inventory
tells, so all of one kind, place and account are taken for one.
"""

from __future__ import annotations

import csv
import datetime
import json
from typing import TextIO

from broker.catalog import Plan
from broker.cost.bill import Bill, Line, quantity_text
from broker.cost.machine import Machine
from broker.cost.report import Report

COLUMNS: tuple[str, ...] = (
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency",
    "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription",
    "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "CommitmentDiscountCategory",
    "CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountStatus",
    "CommitmentDiscountType", "ConsumedQuantity", "ConsumedUnit", "ContractedCost",
    "ContractedUnitPrice", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ListUnitPrice",
    "PricingCategory", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName",
    "RegionId", "RegionName", "ResourceId", "ResourceName", "ResourceType", "ServiceCategory",
    "ServiceName", "SkuId", "SkuPriceId", "SubAccountId", "SubAccountName", "Tags",
)  # fmt: skip

SERVICES = {
    "compute": ("Compute", "Virtual machines", "Virtual machine"),
    "disk": ("Storage", "Block storage", "Volume"),
    "snapshot": ("Storage", "Block storage", "Snapshot"),
    "address": ("Networking", "Public addresses", "IP address"),
    "egress": ("Networking", "Data transfer", "Data transfer"),
}
"""Service category (one of FOCUS's own words), service and type of resource of a line."""

PRICING = {
    Plan.ON_DEMAND: "Standard",
    Plan.RESERVED_1Y: "Committed",
    Plan.RESERVED_3Y: "Committed",
    Plan.SPOT: "Dynamic",
}
COMMITMENTS = {Plan.RESERVED_1Y: "1 year", Plan.RESERVED_3Y: "3 years"}
UNITS = {
    "hour": "Hours",
    "GiB-hour": "GiB-Hours",
    "GiB-month": "GiB-Months",
    "IOPS-month": "IOPS-Months",
    "MiBps-month": "MiB/s-Months",
    "disk-month": "Disk-Months",
}


def write_focus(report: Report, file: TextIO, month: datetime.date) -> int:
    """Write the charges of the month that ``month`` is in; return how many had no price."""
    start = month.replace(day=1)
    end = (start + datetime.timedelta(days=31)).replace(day=1)
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    unpriced = 0
    for bill in report.now.bills:
        for line in bill.lines:
            if line.price is None or line.quantity is None or line.amount is None:
                unpriced += 1
                continue
            writer.writerow(_charge(bill, line, report.currency, start, end))
    return unpriced


def _charge(
    bill: Bill,
    line: Line,
    currency: str,
    start: datetime.date,
    end: datetime.date,
) -> dict[str, str]:
    machine = bill.machine
    category, service, resource = SERVICES[line.what.partition(" ")[0]]
    price, amount, units = line.price, line.amount, line.quantity
    assert price is not None
    assert amount is not None
    assert units is not None
    listed = price.amount if price.list_amount is None else price.list_amount
    cost, quantity = f"{amount:f}", quantity_text(line)
    account = machine.account or str(machine.place)
    first, last = f"{start}T00:00:00Z", f"{end}T00:00:00Z"
    return {
        "BilledCost": cost,
        "BillingAccountId": account,
        "BillingAccountName": account,
        "BillingCurrency": currency,
        "BillingPeriodEnd": last,
        "BillingPeriodStart": first,
        "ChargeCategory": "Usage",
        "ChargeDescription": f"{line.what} of {machine.name}: {line.item}",
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodEnd": last,
        "ChargePeriodStart": first,
        **(_commitment(machine, account) if line.what == "compute" else {}),
        "ConsumedQuantity": quantity,
        "ConsumedUnit": UNITS.get(line.unit, line.unit),
        "ContractedCost": cost,
        "ContractedUnitPrice": f"{price.amount:f}",
        "EffectiveCost": cost,
        "InvoiceIssuerName": machine.place.provider,
        "ListCost": f"{units * listed:f}",
        "ListUnitPrice": f"{listed:f}",
        "PricingCategory": PRICING[machine.plan] if line.what == "compute" else "Standard",
        "PricingQuantity": quantity,
        "PricingUnit": UNITS.get(line.unit, line.unit),
        "ProviderName": machine.place.provider,
        "PublisherName": machine.place.provider,
        "RegionId": machine.place.region,
        "RegionName": machine.place.region,
        "ResourceId": f"{machine.place}/{machine.name}",
        "ResourceName": machine.name,
        "ResourceType": resource,
        "ServiceCategory": category,
        "ServiceName": service,
        "SkuId": line.item,
        "SkuPriceId": f"{machine.place}/{price.item}",
        "Tags": json.dumps(dict(machine.labels), ensure_ascii=False, sort_keys=True),
    }


def _commitment(machine: Machine, account: str) -> dict[str, str]:
    """Return the reservation that covers a machine; nothing where it has none."""
    term = COMMITMENTS.get(machine.plan)
    if term is None:
        return {}
    return {
        "CommitmentDiscountCategory": "Usage",
        "CommitmentDiscountId": f"{account}/{machine.place}/{machine.plan}",
        "CommitmentDiscountName": f"{term} at {machine.place}",
        "CommitmentDiscountStatus": "Used",
        "CommitmentDiscountType": "Reservation",
    }
