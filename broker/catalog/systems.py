"""The systems machines are sold with, as people write them."""

from __future__ import annotations

from broker.catalog.items import LINUX
from broker.catalog.store import Catalogue
from broker.errors import ConfigError
from broker.nearest import did_you_mean

SYSTEMS = ("windows", "rhel", "suse")
"""What is sold with a system by the hour somewhere, though a place may have no price of it."""

UNKNOWN = "unknown"
"""The system of which nobody tells what it is: there are no prices of it."""


def system_named(word: str, catalogue: Catalogue) -> str:
    """Return the system people mean; ConfigError with the nearest for one no price is about."""
    system = word.strip().lower()
    known = {LINUX, *SYSTEMS}
    if system in known or system == UNKNOWN:
        return system
    known |= catalogue.systems()
    if system not in known:
        raise ConfigError(f'there is no system "{word}"', hint=did_you_mean(system, known))
    return system
