"""Which size a machine gets somewhere else: the catalogue's offers, matched with a need."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from decimal import Decimal

from broker.catalog import Catalogue, Market, Place, Plan, Price
from broker.catalog.items import LINUX
from broker.catalog.market import STALE
from broker.errors import ConfigError
from broker.fit.match import Match, Prefer, match
from broker.fit.need import Need, synthesised
from broker.model import Firmware, Host, Offer, Size, Strict

SPEC = re.compile(r"(\d+)x(\d+(?:\.\d+)?)")


class Mapped(Strict):
    """What one place has for a need."""

    place: Place
    match: Match


def map_size(
    need: Need,
    market: Market,
    *,
    prefer: Prefer = Prefer.CHEAPEST,
    plan: Plan = Plan.ON_DEMAND,
    system: str = LINUX,
    allow_smaller: bool = False,
) -> Mapped:
    """Return the offer of a place a need is mapped to, and why; no offer when nothing fits."""
    sold = offers(need, market, plan, system)
    if market.any_size and not sold:
        return Mapped(place=market.place, match=_too_large(need, market, plan, allow_smaller))
    found = match(need, sold, prefer=prefer, allow_smaller=allow_smaller)
    told = market.sizes_told or market.any_size
    if found.offer and found.offer.price_per_hour is None and not told:
        untold = (*found.unchecked, f"whether {market.place} has it")
        found = found.model_copy(update={"unchecked": untold})
    return Mapped(place=market.place, match=found)


def _too_large(need: Need, market: Market, plan: Plan, allow_smaller: bool) -> Match:
    """Return what hosts none of which can carry a need lack of it; the nearest, where allowed."""
    hosts = [market.priced(offer, plan) for offer in whole(market.hosts)]
    found = match(need, hosts, allow_smaller=allow_smaller)
    if found.offer is not None:
        return found
    largest = max(market.hosts, key=lambda host: (host.vcpus, host.memory))
    reason = (
        f"no host there can carry it: the largest has {largest.vcpus} vCPU and "
        f"{largest.memory} MiB ({largest.arch})"
    )
    if need.size.gpus:
        reason += ", and no GPU that is known of"
    return found.model_copy(update={"reason": reason})


def offers(need: Need, market: Market, plan: Plan, system: str) -> list[Offer]:
    """Return what is in question at a place: its catalogue, or what its hosts can be cut into."""
    if not market.any_size:
        return market.offers(plan, system)
    hosts = [(host.id, host.size) for host in whole(market.hosts)]
    return [market.priced(offer, plan, system) for offer in synthesised(need, hosts)]


def whole(hosts: Iterable[Host]) -> list[Offer]:
    """Return the hosts as offers of all they have; one without capacity is none."""
    return [
        Offer(
            id=host.id,
            size=Size(vcpus=host.vcpus, memory=host.memory, arch=host.arch),
            firmware=frozenset({Firmware.UNKNOWN}),
            local_disk=0,
        )
        for host in hosts
        if host.vcpus > 0 and host.memory > 0
    ]


def wanted(text: str, catalogue: Catalogue) -> Offer:
    """Return the size people mean: 4x16 (vCPU x GiB), PROVIDER/SIZE or PROVIDER/REGION/SIZE.

    ConfigError when it is none of them, asks for nothing, or nothing is known of the region;
    NotFound when the provider has no such size.
    """
    if spec := SPEC.fullmatch(text):
        vcpus, memory = int(spec[1]), int(Decimal(spec[2]) * 1024)
        if not (vcpus and memory):
            raise ConfigError(f'"{text}" asks for nothing', hint="A machine has 1 vCPU at least")
        return Offer(id=text, size=Size(vcpus=vcpus, memory=memory), firmware=frozenset())
    provider, slash, name = text.partition("/")
    if not slash:
        raise ConfigError(f'"{text}" is no size', hint="Say 4x16 (vCPU x GiB), or PROVIDER/SIZE")
    region, _, last = name.rpartition("/")
    if region:
        catalogue.known(Place(provider=provider, region=region))
    return catalogue.offer(provider, last, region or None)


def staleness(prices: Iterable[Price]) -> str | None:
    """Return a warning when the oldest of the prices used is old, else None."""
    oldest = min(prices, key=lambda price: price.as_of, default=None)
    today = datetime.datetime.now(datetime.UTC).date()
    if oldest is None or today - oldest.as_of <= STALE:
        return None
    return (
        f"a price used of {oldest.place} is {(today - oldest.as_of).days} days old "
        f"({oldest.as_of}, {oldest.source}); for newer ones: interop catalogue refresh PLACE"
    )
