"""The machines a report is about: of accounts, read now, or of a file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from broker.catalog import Catalogue
from broker.catalog.market import Rates
from broker.cost import files
from broker.cost.fleet import Fleet
from broker.cost.machine import of_listings
from broker.errors import ConfigError
from broker.places import places_of
from broker.reading import validated
from broker.survey import Listing, inventory


def gather(
    names: Iterable[str], file: Path | None, *, config: Path | None, catalogue: Catalogue
) -> tuple[Fleet, list[Listing]]:
    """Return the machines, and the accounts that could not be read.

    With a ``file`` the accounts file is not needed; where there is one, it says where the accounts
    of an inventory are.
    """
    if file is not None:
        return files.read(file, catalogue, places_of(config)), []
    listings = inventory(names, config=config)
    machines = of_listings(listings, places_of(config), catalogue)
    return Fleet.of(machines), [listing for listing in listings if listing.error]


def read_rates(path: Path) -> Rates:
    """Return the rates of a TOML file: ``currency``, ``as_of`` and a table ``rates``."""
    try:
        document = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    return validated(Rates, document, str(path))
