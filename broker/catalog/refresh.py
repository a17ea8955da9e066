"""Bringing the catalogue up to date from the live sources."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from broker import registry
from broker.adapter import Adapter, HostCapacity, SpotMarket
from broker.catalog.pricelist import Record, record_of
from broker.catalog.store import Catalogue
from broker.catalog.values import Origin, Place
from broker.errors import AccessDenied, BrokerError
from broker.model import Firmware, Offer


def refresh_prices(catalogue: Catalogue, place: Place) -> int:
    """Replace what was published of one place by what its provider publishes now; return how many.

    Nothing of the old is lost when reading breaks off: BrokerError, and the catalogue is as it was.
    """
    return catalogue.replace_prices(place, _records(place))


def _records(place: Place) -> Iterator[Record]:
    count = 0
    for price in registry.price_reader(place.provider)(place.region):
        count += 1
        yield record_of(price.model_copy(update={"origin": Origin.REFRESHED}))
    if not count:
        raise BrokerError(
            f"the price list of {place} has no price we understand",
            hint="Is the region's name right? The catalogue is as it was",
        )


def refresh_sizes(catalogue: Catalogue, adapter: Adapter, place: Place) -> int:
    """Replace what a place offers by what an account there is told; return how many things.

    That is its sizes, its hosts where it may know of them, and what spare capacity costs now. What
    the account does not tell of a size, the shipped table does, where it knows one of that name.
    """
    known = {offer.id: offer for offer in catalogue.shipped(place.provider)}
    told = adapter.sizes()
    count = catalogue.put_sizes(place, (completed(each, known.get(each.id)) for each in told))
    if isinstance(adapter, HostCapacity):
        with contextlib.suppress(AccessDenied):  # not everybody may know the hosts
            hosts = adapter.hosts()
            catalogue.put_hosts(place, hosts)
            count += len(hosts)
    if isinstance(adapter, SpotMarket):
        count += catalogue.replace_prices(place, map(record_of, adapter.spot_prices()))
    return count


def completed(told: Offer, shipped: Offer | None) -> Offer:
    """Return an offer with what is not told of it taken from what is shipped."""
    if shipped is None:
        return told
    unknown: dict[str, object] = {
        name: value
        for name in ("local_disk", "disks", "nics", "burstable", "family", "character")
        if getattr(told, name) is None and (value := getattr(shipped, name)) is not None
    }
    if told.firmware == {Firmware.UNKNOWN}:
        unknown["firmware"] = shipped.firmware
    return told.model_copy(update=unknown)
