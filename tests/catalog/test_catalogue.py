"""Whom the catalogue believes, what it refuses, and what becomes of a broken file."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from broker.catalog import Catalogue, Market, Origin, Place, Plan, Price, items, pricelist
from broker.catalog.market import Rates
from broker.catalog.refresh import completed
from broker.catalog.values import Confidence, Discount
from broker.cost.bill import egress_price
from broker.errors import ConfigError
from broker.model import Firmware, Offer

FRANKFURT = Place.parse("aws/eu-central-1")
M5 = items.compute("m5.large")
TODAY = datetime.date(2026, 11, 1)


def price(amount: str, origin: Origin, currency: str = "USD", account: str = "") -> Price:
    return Price(
        place=FRANKFURT,
        item=M5,
        unit="hour",
        currency=currency,
        amount=Decimal(amount),
        source="test",
        as_of=TODAY,
        confidence=Confidence.HIGH,
        origin=origin,
        account=account,
    )


def keep(catalogue: Catalogue, *prices: Price) -> None:
    catalogue.put_prices(pricelist.record_of(each) for each in prices)


def amount(catalogue: Catalogue, account: str = "", currency: str = "USD") -> Decimal | None:
    market = Market(catalogue, FRANKFURT, account=account, currency=currency)
    found = market.price(M5)
    return found.amount if found else None


def test_refreshed_beats_user_beats_seed_beats_bundled(catalogue: Catalogue) -> None:
    origins = {row[9] for row in catalogue.records(FRANKFURT) if row[2] == M5}
    assert origins == {Origin.SEED, Origin.BUNDLED}
    assert amount(catalogue) == Decimal("0.115")
    keep(catalogue, price("0.2", Origin.USER))
    assert amount(catalogue) == Decimal("0.2")
    keep(catalogue, price("0.3", Origin.REFRESHED))
    assert amount(catalogue) == Decimal("0.3")


def test_a_negotiated_price_is_for_its_account_only(catalogue: Catalogue) -> None:
    keep(catalogue, price("0.05", Origin.USER, account="prod"))
    assert amount(catalogue) == Decimal("0.115")
    assert amount(catalogue, account="prod") == Decimal("0.05")


def test_the_longest_discount_applies_and_is_told(catalogue: Catalogue) -> None:
    for item, percent in (("*", "10"), ("compute:on_demand:*", "25")):
        told = Discount(
            account="prod", provider="aws", item=item, percent=percent, source="contract 7"
        )
        catalogue.put_discount(told)
    market = Market(catalogue, FRANKFURT, account="prod")
    found = market.price(M5)
    assert found is not None
    assert found.amount == Decimal("0.115") * Decimal("0.75")
    assert "less 25 % (contract 7)" in found.source
    disk = market.price("disk:gp3:gib")
    assert disk is not None
    assert disk.amount == Decimal("0.0952") * Decimal("0.9")


def test_currencies_are_never_mixed(catalogue: Catalogue) -> None:
    keep(catalogue, price("0.10", Origin.REFRESHED, currency="EUR"))
    assert amount(catalogue) == Decimal("0.115")
    assert amount(catalogue, currency="EUR") == Decimal("0.10")
    assert amount(catalogue, currency="CHF") is None
    rates = Rates(currency="USD", as_of=TODAY, rates={"EUR": Decimal("1.1")})
    found = Market(catalogue, FRANKFURT, rates=rates).price(M5)
    assert found is not None
    assert found.amount == Decimal("0.110")
    assert "EUR at the rate of 2026-11-01" in found.source
    with pytest.raises(ConfigError, match="the rates are in USD"):
        Market(catalogue, FRANKFURT, currency="EUR", rates=rates)


def test_bundled_zeros_are_unknown(catalogue: Catalogue) -> None:
    rows = [row for place in catalogue.places() for row in catalogue.records(place)]
    bundled = [row for row in rows if row[9] == Origin.BUNDLED]
    assert len(bundled) > 10_000
    assert all(Decimal(row[5]) > 0 and row[8] == "low" for row in bundled)


def test_bundled_prices_of_dedicated_hardware_are_unknown(catalogue: Catalogue) -> None:
    virginia = catalogue.records(Place.parse("aws/us-east-1"))
    bundled = {row[2]: row[5] for row in virginia if row[9] == Origin.BUNDLED}
    assert bundled[items.compute("c5.2xlarge")] == "0.34"
    assert items.compute("c5.4xlarge") not in bundled, "0.721 there, and 0.68 in truth"
    seed = {row[2]: Decimal(row[5]) for row in virginia if row[9] == Origin.SEED}
    both = [item for item in seed.keys() & bundled.keys() if ":linux:" in item]
    off = [item for item in both if abs(seed[item] / Decimal(bundled[item]) - 1) > Decimal("0.005")]
    assert len(both) > 150
    assert len(off) < len(both) / 25, "but for few, the two agree on what is left"


def test_a_system_costs_its_own_price_or_its_licence(catalogue: Catalogue) -> None:
    market = Market(catalogue, FRANKFURT)
    m7i = next(offer for offer in market.offers() if offer.id == "m7i.xlarge")
    windows = market.priced(m7i, system="windows").price_per_hour
    bare = market.priced(m7i).price_per_hour
    assert bare is not None
    assert windows is not None
    assert windows.amount - bare.amount == 4 * Decimal("0.046")
    assert market.priced(m7i, plan=Plan.RESERVED_3Y).price_per_hour is None


def test_a_place_nobody_knows_is_told_with_the_nearest(catalogue: Catalogue) -> None:
    with pytest.raises(ConfigError, match="aws/eu-central-1"):
        Market(catalogue, Place.parse("aws/eu-centrall-1"))
    with pytest.raises(ConfigError, match="PROVIDER/REGION"):
        Place.parse("frankfurt")


def test_an_import_that_breaks_off_keeps_nothing(catalogue: Catalogue) -> None:
    def broken() -> Iterator[pricelist.Record]:
        yield pricelist.record_of(price("9", Origin.USER))
        raise ConfigError("line 2 is wrong")

    with pytest.raises(ConfigError):
        catalogue.put_prices(broken())
    assert amount(catalogue) == Decimal("0.115")


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    path.write_bytes(b"SQLite format 3\0" + b"x" * 4096)
    with pytest.raises(ConfigError, match="damaged"):
        Catalogue(path)
    with pytest.raises(ConfigError, match="cannot open"):
        Catalogue(tmp_path)


HEADER = "provider,region,item,unit,currency,amount"
LINE = "aws,eu-central-1,compute:on_demand:linux:m5.large,hour,USD,0.07"


def read(tmp_path: Path, text: str, encoding: str = "utf-8") -> list[pricelist.Record]:
    file = tmp_path / "prices.csv"
    file.write_text(text, encoding)
    return list(pricelist.read(file, today=TODAY))


def test_a_list_is_read_whatever_its_delimiter_and_mark(tmp_path: Path) -> None:
    plain = read(tmp_path, f"{HEADER}\n{LINE}\n")
    assert plain[0][6:8] == ("prices.csv", "2026-11-01")
    for delimiter in ";\t|":
        text = f"{HEADER}\n{LINE}\n\n".replace(",", delimiter)
        assert read(tmp_path, text, "utf-8-sig") == plain


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"{HEADER}\n{LINE}x\n", 'prices.csv:2: amount "0.07x" is no number'),
        (f"{HEADER}\n{LINE[:-4]}-1\n", 'prices.csv:2: amount "-1" is no amount of money'),
        (f"{HEADER}\n{LINE[:-4]}NaN\n", "no amount of money"),
        (f"{HEADER}\n{LINE}\n{LINE},1\n", "prices.csv:3: 7 values for 6 columns"),
        (f"{HEADER}\n{LINE.replace('USD', 'usd')}\n", "no code of three capitals"),
        (f"{HEADER}\n{LINE.replace('hour', 'hours')}\n", 'priced by the hour, not by the "hours"'),
        (f"{HEADER}\n{LINE.replace('hour', 'GiB-month')}\n", "priced by the hour"),
        (f"{HEADER}\n{LINE.replace('compute', 'comput')}\n", "unknown item"),
        (f"{HEADER}\n{LINE.replace(M5, 'disk:gp3')}\n", "Write disk:KIND:gib, disk:KIND:iops"),
        (f"{HEADER}\n{LINE[:-4]}1e40\n", "no amount of money"),
        (f"{HEADER},as_of\n{LINE},2099-01-01\n", "as_of 2099-01-01 is yet to come"),
        (f"{HEADER},unit\n{LINE},hour\n", 'two columns are called "unit"'),
        (f"{HEADER},amonut\n{LINE},1\n", 'unknown column "amonut". Did you mean amount'),
        ("provider,region\naws,x\n", "no column item, unit, currency, amount"),
        ("", "no column"),
        (f"{HEADER}\n{LINE}\n".replace(",", ":"), "Separate them by one of , ; tab |"),
    ],
)
def test_a_bad_line_is_told_with_its_number(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=r"prices\.csv:") as told:
        read(tmp_path, text)
    assert complaint in str(told.value)


def test_a_list_of_any_length_is_read_a_row_at_a_time(catalogue: Catalogue, tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text(f"{HEADER}\n{LINE}\n{LINE}x\n")
    rows = pricelist.read(file, today=TODAY)
    assert next(rows)[5] == "0.07", "told before the fault further down is met"
    before = amount(catalogue)
    with pytest.raises(ConfigError, match=r"long\.csv:3"):
        catalogue.put_prices(pricelist.read(file, today=TODAY))
    assert amount(catalogue) == before, "and none of it is kept"


def test_a_list_in_another_encoding_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no UTF-8 text\. Save it as CSV UTF-8"):
        read(tmp_path, f"{HEADER}\n{LINE}\n", "utf-16")


def test_a_refresh_replaces_what_the_same_source_said_and_nothing_else(
    catalogue: Catalogue,
) -> None:
    def published(source: str, size: str, amount: str) -> pricelist.Record:
        told = price(amount, Origin.REFRESHED).model_copy(
            update={"source": source, "item": items.compute(size)}
        )
        return pricelist.record_of(told)

    catalogue.replace_prices(
        FRANKFURT, [published("list", "a.b", "1"), published("list", "c.d", "2")]
    )
    catalogue.replace_prices(FRANKFURT, [published("spot, zone a", "e.f", "3")])
    catalogue.replace_prices(FRANKFURT, [published("spot, zone b", "g.h", "4")])
    catalogue.replace_prices(FRANKFURT, [published("list", "a.b", "5")])
    found = {
        row[2]: row[5] for row in catalogue.records(FRANKFURT) if row[9] == int(Origin.REFRESHED)
    }
    assert found == {items.compute("a.b"): "5", items.compute("g.h"): "4"}


def test_a_file_of_an_older_release_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    with sqlite3.connect(path) as old:
        old.execute("CREATE TABLE size(provider TEXT, id TEXT, origin INT, offer TEXT)")
        old.execute("CREATE TABLE offered(provider TEXT, region TEXT, id TEXT, origin INT)")
    old.close()
    with Catalogue(path) as found:
        assert found.offer("aws", "m5.large").size.vcpus == 2


def test_what_an_account_leaves_open_the_shipped_table_tells(catalogue: Catalogue) -> None:
    shipped = catalogue.offer("aws", "m5.large")
    bare = Offer(id="m5.large", size=shipped.size, firmware=frozenset({Firmware.UNKNOWN}))
    found = completed(bare.model_copy(update={"nics": 9}), shipped)
    assert (found.character, found.disks, found.firmware) == (
        shipped.character,
        shipped.disks,
        shipped.firmware,
    )
    assert found.nics == 9, "what it was told counts"
    assert completed(bare, None) == bare


def told(
    catalogue: Catalogue, item: str, amount: str, origin: Origin = Origin.USER, unit: str = "hour"
) -> None:
    update = {"item": item, "unit": unit}
    keep(catalogue, price(amount, origin).model_copy(update=update))


def test_the_steps_of_two_sources_are_never_mixed(catalogue: Catalogue) -> None:
    assert len(Market(catalogue, FRANKFURT).tiers(items.EGRESS)) == 5, "as it is shipped"
    told(catalogue, f"{items.EGRESS}0", "0.02", unit="GiB")
    mine = Market(catalogue, FRANKFURT)
    assert [(start, each.amount) for start, each in mine.tiers(items.EGRESS)] == [
        (0, Decimal("0.02"))
    ]
    sent = egress_price(mine, Decimal(1000))
    assert sent is not None
    assert sent.amount == Decimal("0.02"), "a flat price of my own is flat"


def test_a_licence_is_the_step_the_machine_is_on(catalogue: Catalogue) -> None:
    told(catalogue, items.licences("suse") + "2", "0.1")
    told(catalogue, items.licences("suse") + "1000000", "0.2")
    market = Market(catalogue, FRANKFURT)
    hours = {}
    for name in ("m6i.large", "m6i.4xlarge"):
        found = market.priced(catalogue.offer("aws", name), system="suse").price_per_hour
        bare = market.priced(catalogue.offer("aws", name)).price_per_hour
        assert found is not None
        assert bare is not None
        hours[name] = found.amount - bare.amount
    assert hours == {"m6i.large": Decimal("0.1"), "m6i.4xlarge": Decimal("0.2")}


def test_a_whole_price_we_trust_less_than_its_parts_does_not_count(catalogue: Catalogue) -> None:
    offer = catalogue.offer("aws", "m5.large")
    windows = items.compute("m5.large", system="windows")
    assert {row[9] for row in catalogue.records(FRANKFURT) if row[2] == windows} == {Origin.BUNDLED}
    market = Market(catalogue, FRANKFURT)
    assert [part.item for part in market.compute(offer, system="windows")] == [
        items.compute("m5.large"),
        items.licence("windows"),
    ]
    told(catalogue, windows, "0.2")
    whole = Market(catalogue, FRANKFURT).compute(offer, system="windows")
    assert [part.item for part in whole] == [windows]


def test_bundled_prices_of_a_system_are_above_those_of_the_bare_machine(
    catalogue: Catalogue,
) -> None:
    for place in (FRANKFURT, Place.parse("aws/us-east-1")):
        amounts = {
            row[2]: Decimal(row[5])
            for row in catalogue.records(place)
            if row[9] == int(Origin.BUNDLED)
        }
        for item, amount in amounts.items():
            _, plan, system, size = item.split(":")
            bare = amounts.get(items.compute(size, Plan(plan)), Decimal(0))
            if system != items.LINUX:
                assert amount > bare


@pytest.mark.parametrize("currency", ["usd", "euro", "", "US1"])
def test_a_currency_that_is_none_is_told(catalogue: Catalogue, currency: str) -> None:
    with pytest.raises(ConfigError, match="is no currency"):
        Market(catalogue, FRANKFURT, currency=currency)


def test_a_system_nobody_sells_is_told_and_one_of_ones_own_list_is_not(
    catalogue: Catalogue,
) -> None:
    offer = catalogue.offer("aws", "m5.large")
    for system in ("windos", "gp3"):
        with pytest.raises(ConfigError, match=f'the system "{system}"'):
            Market(catalogue, FRANKFURT).compute(offer, system=system)
    assert Market(catalogue, FRANKFURT).compute(offer, system=None)[-1].price is None
    told(catalogue, items.compute("m5.large", system="oracle"), "0.2")
    assert Market(catalogue, FRANKFURT).compute(offer, system="oracle")[0].price is not None


@pytest.mark.parametrize(
    ("item", "unit"),
    [
        ("compute:reserved_1y:windows:m5.large", "hour"),
        ("compute:on_demand:linux:gib", "GiB-hour"),
        ("licence:rhel:upto:8", "hour"),
        ("disk:premium_ssd:upto:128", "disk-month"),
        ("disk:gp3:throughput", "MiBps-month"),
        ("egress:internet:10240", "GiB"),
    ],
)
def test_each_item_has_one_unit(item: str, unit: str) -> None:
    assert items.unit(item) == unit
    with pytest.raises(ValueError, match="unknown item"):
        items.unit(f"un{item}")
