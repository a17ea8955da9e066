"""The choice of a size among those a target sells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from broker.errors import ConfigError
from broker.fit.match import excess, nothing_fits, shortfall
from broker.fit.need import Need, lacks, too_small
from broker.model import Firmware, Offer, Size, Strict
from broker.nearest import did_you_mean


class Choice(Strict):
    """The offer taken, why, who came second, and why how many of the others were not in question.

    ``offer`` is None when nothing fits.
    """

    offer: Offer | None
    reason: str
    runner_up: str | None = None
    rejected: Mapping[str, int]


def choose_offer(
    want: Size,
    offers: Iterable[Offer],
    *,
    firmware: Firmware = Firmware.UNKNOWN,
    disks: int = 1,
    nics: int = 1,
    allow_smaller: bool = False,
) -> Choice:
    """Return the cheapest offer that is nowhere smaller than ``want``.

    Where the price of one offer in question is unknown, or they are in several currencies, the one
    with the least excess is taken instead, in this order: one that tells its architecture, fewest
    GPUs too many, current generation before old ones, least vCPU and memory beyond the need (each
    as a share of the need, added), steady before burstable, then by name. A fact nobody has told us
    (``None``, or an architecture that is unknown) excludes no offer.

    ``allow_smaller`` takes, when nothing is large enough, the largest share of the need instead.
    """
    need = Need(
        size=want,
        firmware=firmware,
        disks=disks,
        nics=nics,
        burstable=True,
        old_generations=True,
    )
    rejected: Counter[str] = Counter()
    usable: list[Offer] = []
    for offer in offers:
        objection = lacks(need, offer)
        if objection is None:
            usable.append(offer)
        else:
            rejected[objection] += 1
    fitting = [offer for offer in usable if too_small(need, offer) is None]
    rejected.update(small for offer in usable if (small := too_small(need, offer)) is not None)
    told = dict(sorted(rejected.items()))
    if fitting:
        ranked, reason = _rank(need, fitting)
    elif usable and allow_smaller:
        ranked = sorted(usable, key=lambda offer: (shortfall(need, offer), offer.id))
        reason = "nothing on offer is large enough; the nearest below was allowed"
    else:
        return Choice(offer=None, reason=nothing_fits(need, told), rejected=told)
    runner_up = ranked[1].id if len(ranked) > 1 else None
    return Choice(offer=ranked[0], reason=reason, runner_up=runner_up, rejected=told)


def named_offer(name: str, offers: Iterable[Offer], closed: Mapping[str, str]) -> Offer:
    """Return the offer with a name; ConfigError when there is none.

    ``closed`` are the sizes that this account cannot have, with why.
    """
    known = {offer.id: offer for offer in offers}
    if name in known:
        return known[name]
    if name in closed:
        raise ConfigError(
            f"the size {name} cannot be had here ({closed[name]})",
            hint="Take another size, zone or region, or ask the provider for access to it",
        )
    raise ConfigError(f"there is no size {name}", hint=did_you_mean(name, known))


def _rank(need: Need, fitting: Sequence[Offer]) -> tuple[list[Offer], str]:
    prices = [offer.price_per_hour for offer in fitting]
    known = [price for price in prices if price is not None]
    if len(known) == len(fitting) and len({price.currency for price in known}) == 1:
        amounts = {offer.id: price.amount for offer, price in zip(fitting, known, strict=True)}
        ranked = sorted(fitting, key=lambda offer: (amounts[offer.id], *excess(need, offer)))
        return ranked, f"the cheapest of {len(ranked)} that are large enough"
    ranked = sorted(fitting, key=lambda offer: excess(need, offer))
    return ranked, f"the least excess of {len(ranked)} that are large enough (prices unknown)"
