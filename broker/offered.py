"""Whether a place has the size a machine there is said to have, and what to do where it has not."""

from __future__ import annotations

from broker.catalog import Catalogue, Market, Place
from broker.fit.match import Prefer
from broker.fit.need import Need
from broker.sizing import map_size

NAMED = 3
"""More regions than this are a listing, not a hint."""


def not_offered(need: Need, size: str, market: Market, catalogue: Catalogue) -> str:
    """Say that a market's place does not offer a size, and the nearest that do.

    Empty where it does, or where nobody tells. ``need`` is what the machine of that size needs.
    """
    if market.sells(size) is not False:
        return ""
    place = market.place
    hints = []
    nearby = map_size(need, market, prefer=Prefer.CLOSEST).match.offer
    if nearby is not None:
        hints.append(f"the nearest size there is {nearby.id}")
    regions = catalogue.regions(place.provider, size)
    alike = sorted(regions, key=lambda region: -_alike(region, place.region))[:NAMED]
    if alike:
        names = ", ".join(f"{place.provider}/{region}" for region in alike)
        more = f" and {len(regions) - len(alike)} more" if len(regions) > len(alike) else ""
        hints.append(f"it is offered in {names}{more}")
    return "; ".join((f"{place} does not offer {size}", *hints))


def not_offered_there(text: str, need: Need, catalogue: Catalogue) -> str:
    """Say the same of PROVIDER/REGION/SIZE; empty for all that names no region."""
    provider, _, name = text.partition("/")
    region, _, size = name.rpartition("/")
    if not region:
        return ""
    market = Market(catalogue, Place(provider=provider, region=region))
    return not_offered(need, size, market, catalogue)


def _alike(one: str, other: str) -> int:
    """Return how many first letters two regions share: regions of one continent begin alike."""
    return next(
        (index for index, pair in enumerate(zip(one, other, strict=False)) if len(set(pair)) > 1),
        min(len(one), len(other)),
    )
