"""The choice of a size among those a target sells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from broker.model import Arch, Firmware, Offer, Size, Strict


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
    with the least excess is taken instead, in this order: fewest GPUs too many, current generation
    before old ones, least vCPU and memory beyond the need (each as a share of the need, added),
    steady before burstable, then by name. A fact nobody has told us (``None``) excludes no offer.

    ``allow_smaller`` takes, when nothing is large enough, the largest share of the need instead.
    """
    rejected: Counter[str] = Counter()
    usable: list[Offer] = []
    for offer in offers:
        objection = _cannot_run(want, offer, firmware, disks, nics)
        if objection is None:
            usable.append(offer)
        else:
            rejected[objection] += 1
    fitting = [offer for offer in usable if _too_small(want, offer) is None]
    rejected.update(small for offer in usable if (small := _too_small(want, offer)) is not None)
    told = dict(sorted(rejected.items()))
    if fitting:
        ranked, reason = _rank(want, fitting)
    elif usable and allow_smaller:
        ranked = sorted(usable, key=lambda offer: (_shortfall(want, offer), offer.id))
        reason = "nothing on offer is large enough; the nearest below was allowed"
    else:
        return Choice(offer=None, reason=_nothing_fits(want, told), rejected=told)
    runner_up = ranked[1].id if len(ranked) > 1 else None
    return Choice(offer=ranked[0], reason=reason, runner_up=runner_up, rejected=told)


def _cannot_run(want: Size, offer: Offer, firmware: Firmware, disks: int, nics: int) -> str | None:
    """What keeps the machine from running on the offer at all, whatever its size."""
    if offer.bare_metal:
        return "bare metal only"
    if want.arch is not Arch.UNKNOWN and offer.size.arch is not want.arch:
        return "another architecture"
    if firmware is not Firmware.UNKNOWN and not offer.firmware & {firmware, Firmware.UNKNOWN}:
        return f"no {firmware} firmware"
    if offer.size.gpus < want.gpus:
        return "too few GPUs"
    if offer.disks is not None and offer.disks < disks:
        return "too few disks"
    if offer.nics is not None and offer.nics < nics:
        return "too few network cards"
    return None


def _too_small(want: Size, offer: Offer) -> str | None:
    if offer.size.memory < want.memory:
        return "too little memory"
    if offer.size.vcpus < want.vcpus:
        return "too few vCPUs"
    return None


def _rank(want: Size, fitting: Sequence[Offer]) -> tuple[list[Offer], str]:
    prices = [offer.price_per_hour for offer in fitting]
    known = [price for price in prices if price is not None]
    if len(known) == len(fitting) and len({price.currency for price in known}) == 1:
        amounts = {offer.id: price.amount for offer, price in zip(fitting, known, strict=True)}
        ranked = sorted(fitting, key=lambda offer: (amounts[offer.id], *_excess(want, offer)))
        return ranked, f"the cheapest of {len(ranked)} that are large enough"
    ranked = sorted(fitting, key=lambda offer: _excess(want, offer))
    return ranked, f"the least excess of {len(ranked)} that are large enough (prices unknown)"


def _excess(want: Size, offer: Offer) -> tuple[int, bool, Fraction, bool, str]:
    beyond = Fraction(offer.size.vcpus, want.vcpus) + Fraction(offer.size.memory, want.memory)
    return (
        offer.size.gpus - want.gpus,
        not offer.current,
        beyond,
        bool(offer.burstable),
        offer.id,
    )


def _shortfall(want: Size, offer: Offer) -> Fraction:
    """The share of the need that is missing, vCPU and memory added; 0 is none."""
    vcpus = max(Fraction(0), 1 - Fraction(offer.size.vcpus, want.vcpus))
    memory = max(Fraction(0), 1 - Fraction(offer.size.memory, want.memory))
    return vcpus + memory


def _nothing_fits(want: Size, rejected: Mapping[str, int]) -> str:
    need = f"{want.vcpus} vCPU and {want.memory} MiB ({want.arch})"
    if not rejected:
        return f"the target offers no sizes at all for {need}"
    counts = ", ".join(f"{count} have {what}" for what, count in rejected.items())
    return f"no size on offer has {need}: {counts}"
