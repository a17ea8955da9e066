"""What a vCPU, a GiB of memory and a GiB of disk of one's own cost.

A host costs, each hour it is switched on (H), whether anybody uses it or not:

    hardware   price / (years x 8,760)                  straight-line depreciation
    power      watts / 1,000 x PUE x price of a kWh     PUE: what cooling and losses add
    space      space_per_month / 730                    rack units, rent, network port
    staff      staff_per_month / 730                    the share of people's time for one host
    licences   licences_per_year / 8,760                hypervisor, support

Only what is used can carry that cost, and the two things sold share it:

    a vCPU-hour        = H x (1 - m) / (threads x overcommit x utilisation)
    a GiB-hour         = H x m       / (memory GiB x utilisation)
    a GiB-month, disk  = (price / (years x 12) + watts / 1,000 x PUE x kWh x 730)
                         / (usable GiB x utilisation)

What has no default must be said, if it is 0: a host that nobody looks after is not the rule.
m is memory's share of a host's cost. The default, 0.35, is what DRAM is of a two-socket server's
price; whoever buys unusual hosts should say theirs.
"""

from __future__ import annotations

import datetime
import tomllib
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, PositiveInt, model_validator

from broker.catalog import items
from broker.catalog.pricelist import record_of
from broker.catalog.store import Catalogue
from broker.catalog.values import HOURS_PER_MONTH, Confidence, Discount, Origin, Place, Price
from broker.errors import ConfigError
from broker.model import Arch, Host, Strict
from broker.reading import validated

HOURS_PER_YEAR = 8760
MONTHS_PER_YEAR = 12

Amount = Annotated[Decimal, Field(ge=0)]
Share = Annotated[Decimal, Field(gt=0, le=1)]
Years = Annotated[Decimal, Field(gt=0)]


class Storage(Strict):
    """One pool of disks: what it cost, how long it is used, how much of it can be."""

    kind: str
    price: Amount
    years: Years
    usable_gib: PositiveInt
    watts: Amount
    utilisation: Share = Decimal("0.7")


class Site(Strict):
    """Hosts of one kind in one place, and what they cost.

    What traffic and public addresses cost is unknown where it is not said.
    """

    place: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    as_of: datetime.date
    hosts: PositiveInt = 1
    threads: PositiveInt
    memory_gib: PositiveInt
    arch: Arch = Arch.X86_64
    price: Amount
    years: Years
    watts: Amount
    kwh: Amount
    pue: Annotated[Decimal, Field(ge=1)] = Decimal("1.5")
    space_per_month: Amount
    staff_per_month: Amount
    licences_per_year: Amount
    overcommit: Annotated[Decimal, Field(ge=1)] = Decimal(1)
    utilisation: Share
    memory_share: Share = Decimal("0.35")
    egress_per_gib: Amount | None = None
    address_per_month: Amount | None = None
    storage: Sequence[Storage] = ()

    def host_hour(self) -> Decimal:
        """Return what one host costs an hour."""
        return (
            self.price / (self.years * HOURS_PER_YEAR)
            + self._power_hour(self.watts)
            + (self.space_per_month + self.staff_per_month) / HOURS_PER_MONTH
            + self.licences_per_year / HOURS_PER_YEAR
        )

    def prices(self, source: str) -> list[Price]:
        """Return the prices this site's owner pays, as the catalogue keeps them."""
        hour = self.host_hour()
        vcpu = hour * (1 - self.memory_share) / (self.threads * self.overcommit * self.utilisation)
        gib = hour * self.memory_share / (self.memory_gib * self.utilisation)
        found = [
            self._price(items.compute("vcpu"), "hour", vcpu, source),
            self._price(items.compute("gib"), "GiB-hour", gib, source),
            self._price(items.BLOCKS, "1000 requests", Decimal(0), source),  # nobody counts them
        ]
        if self.egress_per_gib is not None:
            found.append(self._price(f"{items.EGRESS}0", "GiB", self.egress_per_gib, source))
        if self.address_per_month is not None:
            address = self.address_per_month / HOURS_PER_MONTH
            found.append(self._price(items.ADDRESS, "hour", address, source))
        for pool in self.storage:
            month = pool.price / (pool.years * MONTHS_PER_YEAR)
            month += self._power_hour(pool.watts) * HOURS_PER_MONTH
            month /= pool.usable_gib * pool.utilisation
            found.append(self._price(items.disk(pool.kind, "gib"), "GiB-month", month, source))
        return found

    def capacity(self) -> list[Host]:
        """Return the hosts, with what of them can be given to guests."""
        return [
            Host(
                id=f"host-{number}",
                vcpus=int(self.threads * self.overcommit),
                memory=self.memory_gib * 1024,
                arch=self.arch,
            )
            for number in range(1, self.hosts + 1)
        ]

    def _power_hour(self, watts: Decimal) -> Decimal:
        return watts / 1000 * self.pue * self.kwh

    def _price(self, item: str, unit: str, amount: Decimal, source: str) -> Price:
        return Price(
            place=Place.parse(self.place),
            item=item,
            unit=unit,
            currency=self.currency,
            amount=round(amount, 8),
            source=source,
            as_of=self.as_of,
            confidence=Confidence.MEDIUM,
            origin=Origin.USER,
        )


class Negotiated(Strict):
    """A discount as the file tells it."""

    account: str
    provider: str
    item: str = "*"
    percent: Annotated[Decimal, Field(ge=0, le=100)]


class Own(Strict):
    """What users know and no provider tells: their sites, and their discounts."""

    site: Sequence[Site] = ()
    discount: Sequence[Negotiated] = ()

    @model_validator(mode="after")
    def _each_place_once(self) -> Self:
        for place, count in Counter(site.place for site in self.site).items():
            if count > 1:
                raise ValueError(f"the site {place} is there twice: hosts of a place cost the same")
        return self

    def keep(self, catalogue: Catalogue, source: str) -> int:
        """Put all of it into the catalogue; return how many prices and discounts that were."""
        count = 0
        for site in self.site:
            place = Place.parse(site.place)
            count += catalogue.replace_prices(place, map(record_of, site.prices(source)))
            catalogue.put_hosts(place, site.capacity())
        for told in self.discount:
            catalogue.put_discount(
                Discount(
                    account=told.account,
                    provider=told.provider,
                    item=told.item,
                    percent=str(told.percent),
                    source=source,
                )
            )
        return count + len(self.discount)


def read(path: Path) -> Own:
    """Return what a TOML file tells; ConfigError names the file and the key that cannot be."""
    try:
        document = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    return validated(Own, document, str(path))
