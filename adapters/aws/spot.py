"""What spare capacity costs just now, which only an account is told."""

from __future__ import annotations

import datetime
from decimal import Decimal

from adapters.aws.base import Base, pages
from adapters.aws.errors import calling
from adapters.aws.translate.words import SYSTEMS
from broker.catalog import items
from broker.catalog.values import Confidence, Origin, Place, Plan, Price

PRODUCTS = SYSTEMS | {f"{name} (Amazon VPC)": system for name, system in SYSTEMS.items()}


class SpotPrices(Base):
    """Spot prices of one region."""

    def spot_prices(self) -> list[Price]:
        """Return what each size costs now in its cheapest zone; it may change within the hour."""
        now = datetime.datetime.now(datetime.UTC)
        cheapest: dict[tuple[str, str], tuple[Decimal, str]] = {}
        with calling("list spot prices"):
            for row in pages(
                self._session.ec2,
                "describe_spot_price_history",
                "SpotPriceHistory",
                StartTime=now,  # only what holds now
                ProductDescriptions=sorted(PRODUCTS),
            ):
                key = (row["InstanceType"], PRODUCTS[row["ProductDescription"]])
                told = (Decimal(row["SpotPrice"]), row["AvailabilityZone"])
                cheapest[key] = min(cheapest.get(key, told), told)
            place = Place(provider="aws", region=self._session.region)
        return [
            Price(
                place=place,
                item=items.compute(size, Plan.SPOT, system),
                unit="hour",
                currency="USD",
                amount=amount,
                source=f"EC2 spot price history, zone {zone}",
                as_of=now.date(),
                confidence=Confidence.HIGH,
                origin=Origin.REFRESHED,
            )
            for (size, system), (amount, zone) in sorted(cheapest.items())
        ]
