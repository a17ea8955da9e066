"""Spot prices: the cheapest zone of each size, as the SDK pages them."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

from adapters.aws.session import Session
from adapters.aws.spot import SpotPrices

PAGES = [
    {"SpotPriceHistory": []},  # the service may send an empty page in between
    {
        "SpotPriceHistory": [
            {"InstanceType": "m5.large", "ProductDescription": product, "SpotPrice": price,
             "AvailabilityZone": zone}
            for product, price, zone in (
                ("Linux/UNIX (Amazon VPC)", "0.0431", "eu-central-1a"),
                ("Linux/UNIX", "0.0399", "eu-central-1b"),
                ("Windows", "0.1320", "eu-central-1a"),
            )
        ]
    },
]  # fmt: skip


def test_each_size_has_the_price_of_its_cheapest_zone() -> None:
    asked: dict[str, Any] = {}

    def paginate(**words: Any) -> list[Any]:
        asked.update(words)
        return PAGES

    ec2 = SimpleNamespace(get_paginator=lambda operation: SimpleNamespace(paginate=paginate))
    session = cast(Session, SimpleNamespace(ec2=ec2, region="eu-central-1"))
    found = SpotPrices("aws-eu", session).spot_prices()
    assert {price.item: (price.amount, price.source.rpartition(" ")[2]) for price in found} == {
        "compute:spot:linux:m5.large": (Decimal("0.0399"), "eu-central-1b"),
        "compute:spot:windows:m5.large": (Decimal("0.1320"), "eu-central-1a"),
    }
    assert asked["StartTime"] is not None, "only what holds now, not ninety days"
