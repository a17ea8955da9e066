"""The columns of FOCUS 1.0, as far as a file can be checked against them.

Source: FinOps Open Cost and Usage Specification 1.0, focus.finops.org/focus-specification/v1-0, the
content constraints of each column. Rows are checked as usage: tax, credits and corrections, for
which other things are null, are never written here.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
CURRENCY = re.compile(r"[A-Z]{3}")


def text(value: str) -> bool:
    return value == value.strip()


def number(value: str) -> bool:
    return NUMBER.fullmatch(value) is not None


def moment(value: str) -> bool:
    return value.endswith("Z") and datetime.datetime.fromisoformat(value).tzname() == "UTC"


def currency(value: str) -> bool:
    return CURRENCY.fullmatch(value) is not None


def tags(value: str) -> bool:
    found = json.loads(value)
    return isinstance(found, dict) and all(
        isinstance(each, str | int | float | bool | None) for each in found.values()
    )


def one_of(*words: str) -> Callable[[str], bool]:
    return lambda value: value in words


class Column(NamedTuple):
    """What a value must be; ``null``: whether one may be left out, for usage."""

    right: Callable[[str], bool]
    null: bool = False


CATEGORIES = one_of(
    "AI and Machine Learning", "Analytics", "Business Applications", "Compute", "Databases",
    "Developer Tools", "Multicloud", "Identity", "Integration", "Internet of Things",
    "Management and Governance", "Media", "Migration", "Mobile", "Networking", "Security",
    "Storage", "Web", "Other",
)  # fmt: skip

COLUMNS: Mapping[str, Column] = {
    "AvailabilityZone": Column(text, null=True),
    "BilledCost": Column(number),
    "BillingAccountId": Column(text),
    "BillingAccountName": Column(text, null=True),
    "BillingCurrency": Column(currency),
    "BillingPeriodEnd": Column(moment),
    "BillingPeriodStart": Column(moment),
    "ChargeCategory": Column(one_of("Usage", "Purchase", "Tax", "Credit", "Adjustment")),
    "ChargeClass": Column(one_of("Correction"), null=True),
    "ChargeDescription": Column(text, null=True),
    "ChargeFrequency": Column(one_of("One-Time", "Recurring", "Usage-Based")),
    "ChargePeriodEnd": Column(moment),
    "ChargePeriodStart": Column(moment),
    "CommitmentDiscountCategory": Column(one_of("Spend", "Usage"), null=True),
    "CommitmentDiscountId": Column(text, null=True),
    "CommitmentDiscountName": Column(text, null=True),
    "CommitmentDiscountStatus": Column(one_of("Used", "Unused"), null=True),
    "CommitmentDiscountType": Column(text, null=True),
    "ConsumedQuantity": Column(number),
    "ConsumedUnit": Column(text),
    "ContractedCost": Column(number),
    "ContractedUnitPrice": Column(number),
    "EffectiveCost": Column(number),
    "InvoiceIssuerName": Column(text),
    "ListCost": Column(number),
    "ListUnitPrice": Column(number),
    "PricingCategory": Column(one_of("Standard", "Dynamic", "Committed", "Other")),
    "PricingQuantity": Column(number),
    "PricingUnit": Column(text),
    "ProviderName": Column(text),
    "PublisherName": Column(text),
    "RegionId": Column(text, null=True),
    "RegionName": Column(text, null=True),
    "ResourceId": Column(text, null=True),
    "ResourceName": Column(text, null=True),
    "ResourceType": Column(text, null=True),
    "ServiceCategory": Column(CATEGORIES),
    "ServiceName": Column(text),
    "SkuId": Column(text),
    "SkuPriceId": Column(text),
    "SubAccountId": Column(text, null=True),
    "SubAccountName": Column(text, null=True),
    "Tags": Column(tags, null=True),
}

COMMITMENT = [name for name in COLUMNS if name.startswith("CommitmentDiscount")]


def faults(row: Mapping[str, str]) -> list[str]:
    """Return what is wrong with one row, column by column, and between columns."""
    found = [f"no column {name}" for name in COLUMNS if name not in row]
    found += [f"{name} is in no specification" for name in row if name not in COLUMNS]
    for name, column in COLUMNS.items():
        if not (value := row.get(name, "")):
            found += [] if column.null else [f"{name} is null"]
        elif not column.right(value):
            found.append(f'{name} is "{value}"')
    committed = row["PricingCategory"] == "Committed"
    if any(bool(row[name]) != committed for name in COMMITMENT):
        found.append("a commitment is told where there is none, or the other way round")
    if not row["BillingPeriodStart"] <= row["ChargePeriodStart"] < row["ChargePeriodEnd"]:
        found.append("the charge is not of its billing period")
    return found
