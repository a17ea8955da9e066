"""The mapping of a need to the sizes one place sells."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from broker.fit.need import Need, lacks, too_small, unchecked
from broker.model import Offer, Strict


class Prefer(StrEnum):
    """Which of the offers that fit is taken."""

    CHEAPEST = "cheapest"
    CLOSEST = "closest"


class Match(Strict):
    """The offer taken and why, who came second and why not first, and what the others lacked.

    ``offer`` is None when nothing fits. ``lacked`` counts the losers by what each lacked, with one
    of them as an example; ``unpriced`` fit, but could not compete. ``unchecked`` is what nobody
    could tell of the offer taken.
    """

    offer: Offer | None
    reason: str
    runner_up: Offer | None = None
    lost_by: str = ""
    lacked: Mapping[str, int] = {}
    examples: Mapping[str, str] = {}
    unpriced: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    below_need: bool = False


def match(
    need: Need,
    offers: Iterable[Offer],
    *,
    prefer: Prefer = Prefer.CHEAPEST,
    allow_smaller: bool = False,
) -> Match:
    """Return the cheapest offer that has everything ``need`` says, or the one closest in kind.

    Cheapest: among those with a price in one currency; ties go to the least excess. Where none has
    one, the closest. Closest: the same family character, then the nearest memory per vCPU, then the
    least excess, then the price. Never below the need, unless ``allow_smaller`` and nothing is
    large enough.
    """
    lacked: Counter[str] = Counter()
    examples: dict[str, str] = {}
    usable: list[Offer] = []
    fitting: list[Offer] = []
    for offer in offers:
        objection = lacks(need, offer)
        if objection is None:
            usable.append(offer)
            objection = too_small(need, offer)
        if objection is None:
            fitting.append(offer)
        else:
            lacked[objection] += 1
            examples.setdefault(objection, offer.id)
    told = dict(sorted(lacked.items()))
    below = not fitting and allow_smaller and bool(usable)
    if below:
        least = min(shortfall(need, offer) for offer in usable)
        fitting = [offer for offer in usable if shortfall(need, offer) == least]
    if not fitting:
        return Match(offer=None, reason=nothing_fits(need, told), lacked=told, examples=examples)
    ranked, unpriced, reason = _rank(need, fitting, prefer)
    if below:
        reason = f"nothing is large enough; the nearest below was allowed, {reason}"
    second = ranked[1] if len(ranked) > 1 else None
    return Match(
        offer=ranked[0],
        reason=reason,
        runner_up=second,
        lost_by=_lost_by(need, ranked[0], second) if second else "",
        lacked=told,
        examples=examples,
        unpriced=tuple(sorted(offer.id for offer in unpriced)),
        unchecked=tuple(unchecked(need, ranked[0])),
        below_need=below,
    )


def excess(need: Need, offer: Offer) -> tuple[bool, int, bool, Fraction, bool, str]:
    """Return what sorts offers by how little they have too much, those that may not fit last."""
    beyond = Fraction(offer.size.vcpus, need.size.vcpus) + Fraction(
        offer.size.memory, need.size.memory
    )
    return (
        offer.size.arch is not need.size.arch,
        offer.size.gpus - need.size.gpus,
        not offer.current,
        beyond,
        bool(offer.burstable),
        offer.id,
    )


def shortfall(need: Need, offer: Offer) -> Fraction:
    """Return the share of the need that is missing, vCPU and memory added; 0 is none."""
    vcpus = max(Fraction(0), 1 - Fraction(offer.size.vcpus, need.size.vcpus))
    memory = max(Fraction(0), 1 - Fraction(offer.size.memory, need.size.memory))
    return vcpus + memory


def _rank(
    need: Need, fitting: Sequence[Offer], prefer: Prefer
) -> tuple[list[Offer], list[Offer], str]:
    """Return the offers in order, those that could not compete, and why the first is first."""
    currencies = Counter(
        offer.price_per_hour.currency for offer in fitting if offer.price_per_hour is not None
    )
    if prefer is Prefer.CLOSEST or len(currencies) != 1:
        one = len(currencies) == 1
        ranked = sorted(
            fitting,
            key=lambda offer: (
                _distance(need, offer),
                excess(need, offer)[:-1],
                offer.price_per_hour.amount if one and offer.price_per_hour else Decimal("inf"),
                offer.id,
            ),
        )
        why = f"the closest in kind of {len(ranked)} that fit"
        if prefer is Prefer.CHEAPEST:
            several = "are in several currencies" if currencies else "are unknown"
            why += f" (their prices {several})"
        return ranked, [], why
    priced = {
        offer.id: offer.price_per_hour.amount
        for offer in fitting
        if offer.price_per_hour is not None
    }
    ranked = sorted(
        (offer for offer in fitting if offer.id in priced),
        key=lambda offer: (priced[offer.id], *excess(need, offer)),
    )
    unpriced = [offer for offer in fitting if offer.id not in priced]
    why = f"the cheapest of {len(ranked)} that fit"
    if unpriced:
        why += f" ({len(unpriced)} more have no price)"
    return ranked, unpriced, why


def _distance(need: Need, offer: Offer) -> tuple[bool, float]:
    other_character = need.character is not None and offer.character != need.character
    ratio = offer.size.memory * need.size.vcpus / (offer.size.vcpus * need.size.memory)
    return other_character, round(abs(math.log2(ratio)), 3)


def _lost_by(need: Need, first: Offer, second: Offer) -> str:
    """Say what the runner-up is worse by, in the terms that decided."""
    if first.price_per_hour and second.price_per_hour:
        a, b = first.price_per_hour, second.price_per_hour
        if a.currency == b.currency and a.amount != b.amount:
            percent = (b.amount / a.amount - 1) * 100 if a.amount else None
            much = f"{percent:+.1f} %" if percent is not None else f"{b.amount} {b.currency}"
            return f"{much} an hour"
    if need.character and first.character == need.character != second.character:
        return f"made for {second.character}"
    if second.current != first.current:
        return "of an old generation"
    if second.size != first.size:
        return f"{second.size.vcpus} vCPU, {second.size.memory} MiB"
    return "the order of names"


def nothing_fits(need: Need, lacked: Mapping[str, int]) -> str:
    """Return why no offer was taken: what was needed, and what how many lacked."""
    wanted = f"{need.size.vcpus} vCPU and {need.size.memory} MiB ({need.size.arch})"
    if not lacked:
        return f"the target offers no sizes at all for {wanted}"
    counts = ", ".join(f"{count} have {what}" for what, count in lacked.items())
    return f"no size on offer has {wanted}: {counts}"
