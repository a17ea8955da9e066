"""The on-prem cost model gives what its formula says."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from broker.catalog import Catalogue, Market, Place, onprem
from broker.errors import ConfigError
from broker.model import Offer, Size

SITE = """
[[site]]
place = "lab/rack-1"
currency = "USD"
as_of = 2026-11-01
hosts = 2
threads = 64
memory_gib = 512
price = 17520
years = 4
watts = 500
kwh = 0.20
pue = 1.5
space_per_month = 73
staff_per_month = 146
licences_per_year = 876
overcommit = 2
utilisation = 0.5
memory_share = 0.5

[[site.storage]]
kind = "ceph"
price = 4800
years = 4
usable_gib = 1000
watts = 0
utilisation = 0.5

[[discount]]
account = "prod"
provider = "aws"
percent = 12.5
"""


def read(tmp_path: Path, text: str) -> onprem.Own:
    file = tmp_path / "own.toml"
    file.write_text(text)
    return onprem.read(file)


def test_the_formula_by_hand(tmp_path: Path, catalogue: Catalogue) -> None:
    own = read(tmp_path, SITE)
    # 17,520/35,040 h = 0.50; 0.5 kW x 1.5 x 0.20 = 0.15; (73+146)/730 = 0.30; 876/8,760 = 0.10
    assert own.site[0].host_hour() == Decimal("1.05")
    own.keep(catalogue, "own.toml")
    market = Market(catalogue, Place.parse("lab/rack-1"))
    # half of 1.05 over 64 x 2 x 0.5 vCPUs, the other half over 512 x 0.5 GiB
    machine = Offer(id="any", size=Size(vcpus=64, memory=256 * 1024), firmware=frozenset())
    priced = market.priced(machine).price_per_hour
    assert priced is not None
    assert round(priced.amount, 4) == Decimal("1.0500")
    disk = market.price("disk:ceph:gib")
    assert disk is not None
    assert disk.amount == Decimal("0.2")  # 4,800 / 48 months / 500 GiB in use
    assert [host.vcpus for host in market.hosts] == [128, 128]
    assert catalogue.discounts("prod", "aws")[0].percent == "12.5"


def test_half_the_use_doubles_the_price(tmp_path: Path) -> None:
    busy = read(tmp_path, SITE).site[0]
    idle = busy.model_copy(update={"utilisation": Decimal("0.25")})
    for often, seldom in zip(busy.prices("x")[:2], idle.prices("x")[:2], strict=True):
        assert round(seldom.amount / often.amount, 5) == 2


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (SITE.replace("watts", "wats", 1), 'unknown key "site.0.wats". Did you mean watts'),
        (SITE.replace("utilisation = 0.5\nmem", "utilisation = 0\nmem"), "site.0.utilisation"),
        (SITE.replace("price = 17520", "price = -1"), "site.0.price"),
        (SITE.replace("years = 4\nwatts", "years = 0\nwatts"), "site.0.years"),
        (SITE.replace("threads = 64", "threads = 0"), "site.0.threads"),
        (SITE.replace('kind = "ceph"', 'knid = "ceph"'), "Did you mean kind"),
        (SITE.replace("staff_per_month = 146\n", ""), "site.0.staff_per_month: Field required"),
        (SITE.replace("watts = 0\n", ""), "site.0.storage.0.watts: Field required"),
        (SITE + SITE.partition("[[site.storage]]")[0], "lab/rack-1 is there twice"),
        ("[[site]\n", "cannot read"),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=r"own\.toml") as told:
        read(tmp_path, text)
    assert complaint in str(told.value)


def test_traffic_and_addresses_cost_what_is_said_and_nothing_is_not_said(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    read(tmp_path, SITE).keep(catalogue, "own.toml")
    silent = Market(catalogue, Place.parse("lab/rack-1"))
    assert silent.price("address:ipv4") is None
    assert silent.tiers("egress:internet:") == []
    said = SITE.replace("kwh =", "address_per_month = 7.3\negress_per_gib = 0\nkwh =")
    read(tmp_path, said.replace("ceph", "nvme")).keep(catalogue, "own.toml")
    market = Market(catalogue, Place.parse("lab/rack-1"))
    address, sent = market.price("address:ipv4"), market.price("egress:internet:0")
    assert address is not None
    assert sent is not None
    assert (address.amount, sent.amount) == (Decimal("0.01"), Decimal(0))
    assert market.price("disk:ceph:gib") is None, "the file does not tell of it any more"
