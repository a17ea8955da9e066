"""What is shipped: the tables in mappings/ and the price file another package brings."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from broker.catalog import bundled, sizes
from broker.catalog.pricelist import Record, record
from broker.catalog.values import Origin
from broker.model import Offer

LAYOUT = "2"
"""Changes when the store's own layout does."""


def version() -> str:
    """Return a mark that changes when anything shipped does: names, lengths and times of files."""
    shipped = [Path(str(each)) for each in files("mappings").iterdir()]
    folders = [path for path in shipped if path.is_dir() and path.name != "__pycache__"]
    tables = [each for folder in folders for each in folder.iterdir()]
    tables += [path for path in shipped if path.suffix in (".toml", ".csv")]
    other = bundled.location()
    digest = hashlib.blake2b(LAYOUT.encode(), digest_size=16)
    if other:
        tables.append(other)
    for path in sorted(tables):
        told = path.stat()
        digest.update(f"{path.name} {told.st_size} {told.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def prices(tables: Mapping[str, Sequence[Offer]]) -> Iterator[Record]:
    """Yield the shipped prices, then those of the other package."""
    today = datetime.datetime.now(datetime.UTC).date()
    for table in (files("mappings") / "prices").iterdir():
        if table.name.endswith(".csv"):
            provider = table.name.partition(".")[0]
            for row in sizes.rows(table):
                told = {"provider": provider, **row}
                yield record(told, origin=Origin.SEED, source=table.name, today=today)
    yield from bundled.prices(tables)


def offers(tables: Mapping[str, Sequence[Offer]]) -> Iterator[tuple[str, str, str]]:
    """Yield the shipped sizes as the store keeps them."""
    for provider, known in tables.items():
        for offer in known:
            yield provider, offer.id, offer.model_dump_json()


def offered() -> Iterator[tuple[str, str, str]]:
    """Yield which place offers which size."""
    for provider, by_region in sizes.regions().items():
        for region, names in by_region.items():
            yield from ((provider, region, name) for name in names)
