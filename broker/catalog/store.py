"""The catalogue's file: sizes, where they are offered, prices and discounts, in SQLite."""

from __future__ import annotations

import contextlib
import datetime
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from broker.catalog import seed, sizes
from broker.catalog.pricelist import Record
from broker.catalog.schema import KNOWN, PLACES, PUT_PRICE, SCHEMA, SHIPPED
from broker.catalog.values import Age, Discount, Origin, Place
from broker.errors import BrokerError, ConfigError, NotFound
from broker.model import Arch, Host, Offer
from broker.nearest import did_you_mean


def location() -> Path:
    """Return the file: $INTEROP_CATALOGUE, else in the user's data folder."""
    if named := os.environ.get("INTEROP_CATALOGUE"):
        return Path(named)
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "interop" / "catalogue.sqlite"


class Catalogue:
    """The catalogue of one user. The first opening, and each new release, loads what is shipped."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the file, making it where there is none; ConfigError when it cannot be used."""
        self.path = path or location()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=30)
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"cannot open the catalogue {self.path}: {error}") from error
        try:
            with self._reading():
                self._load_seed()
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._db.close()

    # reading

    def places(self) -> list[Place]:
        """Return every place something is known of."""
        with self._reading():
            return [Place(provider=row[0], region=row[1]) for row in self._db.execute(PLACES)]

    def known(self, place: Place) -> Place:
        """Return the place; ConfigError with the nearest names when nothing is known of it."""
        with self._reading():
            (found,) = self._db.execute(KNOWN, (place.provider, place.region)).fetchone()
        if not found:
            hint = did_you_mean(str(place), map(str, self.places()))
            raise ConfigError(f"the catalogue knows nothing of {place}", hint=hint)
        return place

    def offers(self, place: Place) -> list[Offer]:
        """Return the sizes offered there; all of the provider's where nobody tells which.

        What an account was told of the place comes before what is shipped.
        """
        told = "SELECT offer FROM told WHERE provider = ? AND region = ? ORDER BY id"
        shipped = (
            "SELECT offer FROM size WHERE provider = ?1 AND (id IN ("
            "SELECT id FROM offered WHERE provider = ?1 AND region = ?2"
            ") OR NOT EXISTS (SELECT 1 FROM offered WHERE provider = ?1 AND region = ?2)) "
            "ORDER BY id"
        )
        where = (place.provider, place.region)
        with self._reading():
            found = self._db.execute(told, where).fetchall()
            found = found or self._db.execute(shipped, where).fetchall()
        return [Offer.model_validate_json(row[0]) for row in found]

    def tells_sizes(self, place: Place) -> bool:
        """Return whether anybody told which of its provider's sizes a place has."""
        query = (
            "SELECT EXISTS(SELECT 1 FROM offered WHERE provider = ?1 AND region = ?2) "
            "OR EXISTS(SELECT 1 FROM told WHERE provider = ?1 AND region = ?2)"
        )
        with self._reading():
            (found,) = self._db.execute(query, (place.provider, place.region)).fetchone()
        return bool(found)

    def offer(self, provider: str, id: str, region: str | None = None) -> Offer:
        """Return one size of a provider, in a region or wherever it is offered.

        NotFound names the nearest; ConfigError when two regions mean different sizes by it.
        """
        told = "SELECT offer, region FROM told WHERE provider = ? AND id = ? ORDER BY region"
        with self._reading():
            found = self._db.execute(told, (provider, id)).fetchall()
            query = "SELECT offer FROM size WHERE provider = ? AND id = ?"
            shipped = self._db.execute(query, (provider, id)).fetchone()
        there = [row for row in found if row[1] == region]
        if not there and shipped:
            return Offer.model_validate_json(shipped[0])
        offers = [Offer.model_validate_json(row[0]) for row in there or found]
        if not offers:
            known = self.sizes(provider)
            hint = did_you_mean(id, known) if known else "See: interop catalogue show"
            raise NotFound(f"no catalogue knows a size {id} of {provider}", hint=hint)
        if len({offer.size for offer in offers}) > 1:
            names = " or ".join(f"{provider}/{row[1]}/{id}" for row in found)
            raise ConfigError(f"{id} is not the same size everywhere", hint=f"Say {names}")
        return offers[0]

    def sizes(self, provider: str) -> list[str]:
        """Return the names of every size of one provider."""
        query = (
            "SELECT id FROM size WHERE provider = ?1 UNION SELECT id FROM told WHERE provider = ?1"
        )
        with self._reading():
            return [row[0] for row in self._db.execute(f"{query} ORDER BY 1", (provider,))]

    def regions(self, provider: str, id: str) -> list[str]:
        """Return the regions of which somebody told that they offer a size."""
        query = (
            "SELECT region FROM offered WHERE provider = ?1 AND id = ?2 "
            "UNION SELECT region FROM told WHERE provider = ?1 AND id = ?2 ORDER BY 1"
        )
        with self._reading():
            return [row[0] for row in self._db.execute(query, (provider, id))]

    def shipped(self, provider: str) -> list[Offer]:
        """Return every size of one provider that a table of ours has."""
        with self._reading():
            found = self._db.execute("SELECT offer FROM size WHERE provider = ?", (provider,))
            return [Offer.model_validate_json(row[0]) for row in found]

    def systems(self) -> set[str]:
        """Return the systems any price is about."""
        query = "SELECT DISTINCT item FROM price WHERE item GLOB ?"
        with self._reading():
            return {
                row[0].split(":")[place]
                for form, place in (("compute:*", 2), ("licence:*", 1))
                for row in self._db.execute(query, (form,))
            }

    def hosts(self, place: Place) -> list[Host]:
        """Return the hosts of one's own in that place."""
        query = (
            "SELECT id, vcpus, memory, arch FROM host WHERE provider = ? AND region = ? ORDER BY id"
        )
        with self._reading():
            found = self._db.execute(query, (place.provider, place.region))
            return [Host(id=r[0], vcpus=r[1], memory=r[2], arch=Arch(r[3])) for r in found]

    def records(self, place: Place, account: str = "") -> list[Record]:
        """Return every price of one place, the one to believe first among those of one item."""
        query = (
            "SELECT * FROM price WHERE provider = ? AND region = ? AND account IN ('', ?) "
            "ORDER BY item, account DESC, origin, as_of DESC"
        )
        with self._reading():
            return self._db.execute(query, (place.provider, place.region, account)).fetchall()

    def discounts(self, account: str, provider: str) -> list[Discount]:
        """Return what an account has negotiated, the longest pattern first."""
        query = (
            "SELECT account, provider, item, percent, source FROM discount "
            "WHERE account = ? AND provider = ? ORDER BY length(item) DESC, item"
        )
        with self._reading():
            return [
                Discount(account=a, provider=p, item=i, percent=c, source=s)
                for a, p, i, c, s in self._db.execute(query, (account, provider))
            ]

    def ages(self) -> list[Age]:
        """Return, by place and origin, how old the prices are."""
        query = (
            "SELECT provider, region, origin, count(*), min(as_of), max(as_of) FROM price "
            "GROUP BY provider, region, origin ORDER BY provider, region, origin"
        )
        with self._reading():
            return [
                Age(
                    place=Place(provider=provider, region=region),
                    origin=Origin(origin),
                    prices=count,
                    oldest=datetime.date.fromisoformat(oldest),
                    newest=datetime.date.fromisoformat(newest),
                )
                for provider, region, origin, count, oldest, newest in self._db.execute(query)
            ]

    # writing

    def put_prices(self, records: Iterable[Record]) -> int:
        """Keep prices, in the place of those with the same name and origin; return how many.

        Either all are kept or, when an error comes out of ``records``, none.
        """
        with self._reading(), self._db:
            before = self._db.total_changes
            self._db.executemany(PUT_PRICE, records)
            return self._db.total_changes - before

    def replace_prices(self, place: Place, records: Iterable[Record]) -> int:
        """Keep what is told of a place, in the place of all that the same sources said before.

        A source is named up to its first comma. All is read before anything is changed.
        """
        rows = list(records)
        with self._reading(), self._db:
            for source, origin in {(row[6].partition(",")[0], row[9]) for row in rows}:
                self._db.execute(
                    "DELETE FROM price WHERE provider = ? AND region = ? AND origin = ? "
                    "AND (source = ? OR source LIKE ? || ',%')",
                    (place.provider, place.region, origin, source, source),
                )
            self._db.executemany(PUT_PRICE, rows)
        return len(rows)

    def put_sizes(self, place: Place, offers: Iterable[Offer]) -> int:
        """Keep what a place was found to offer, in the place of what was known; return how many."""
        where = (place.provider, place.region)
        rows = [(*where, offer.id, offer.model_dump_json()) for offer in offers]
        with self._reading(), self._db:
            self._db.execute("DELETE FROM told WHERE provider = ? AND region = ?", where)
            self._db.executemany("INSERT OR REPLACE INTO told VALUES(?,?,?,?)", rows)
        return len(rows)

    def put_hosts(self, place: Place, hosts: Iterable[Host]) -> None:
        """Keep the hosts of a place, in the place of those known."""
        with self._reading(), self._db:
            self._db.execute(
                "DELETE FROM host WHERE provider = ? AND region = ?", (place.provider, place.region)
            )
            self._db.executemany(
                "INSERT INTO host VALUES(?,?,?,?,?,?)",
                [(place.provider, place.region, h.id, h.vcpus, h.memory, h.arch) for h in hosts],
            )

    def put_discount(self, discount: Discount) -> None:
        """Keep one negotiated discount."""
        with self._reading(), self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO discount VALUES(?,?,?,?,?)",
                tuple(discount.model_dump().values()),
            )

    def _load_seed(self) -> None:
        """Replace what is shipped, when this release ships something else than is in the file."""
        self._db.executescript(SCHEMA)
        version = seed.version()
        told = self._db.execute("SELECT value FROM about WHERE key = 'seed'").fetchone()
        if told == (version,):
            return
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for table in SHIPPED:  # of another release, they may have other columns
                self._db.execute(f"DROP TABLE {table}")
            for statement in filter(str.strip, SCHEMA.split(";")):
                self._db.execute(statement)
            shipped = (int(Origin.SEED), int(Origin.BUNDLED))
            self._db.execute("DELETE FROM price WHERE origin IN (?, ?)", shipped)
            tables = sizes.tables()
            self._db.executemany("INSERT INTO size VALUES(?,?,?)", seed.offers(tables))
            self._db.executemany("INSERT INTO offered VALUES(?,?,?)", seed.offered())
            self._db.executemany(PUT_PRICE, seed.prices(tables))
            self._db.execute("INSERT OR REPLACE INTO about VALUES('seed', ?)", (version,))

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Tell what is wrong with the file in our own words."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise BrokerError(f"the catalogue {self.path}: {error}", hint="Try again") from error
        except sqlite3.DatabaseError as error:
            raise ConfigError(
                f"the catalogue {self.path} is damaged ({error})",
                hint="Remove it: the next run makes a new one; import your own lists again",
            ) from error
