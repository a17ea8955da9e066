"""The sizes of machines this subscription can have, and what is left of its quota."""

from __future__ import annotations

import threading
from typing import Any

from azure.core.exceptions import HttpResponseError

from adapters.azure import kinds
from adapters.azure.base import Base, listed
from adapters.azure.errors import calling
from adapters.azure.session import Session
from adapters.azure.translate import sizes as translate
from adapters.azure.translate.sizes import Spot
from adapters.azure.translate.words import class_word
from broker.errors import Invalid, NotFound, QuotaExceeded, Unsupported
from broker.fit.offers import choose_offer
from broker.model import Firmware, InstanceSpec, Offer
from broker.nearest import did_you_mean

SKUS_VERSION = "2021-07-01"
"""learn.microsoft.com/rest/api/compute/resource-skus/list"""

CORES = "cores"
"""The quota of all machines of a location together; each family has another of its own."""


class Sizes(Base):
    """Sizes by location, read once: each listing is some MiB, and changes with the seasons."""

    def __init__(self, name: str, session: Session) -> None:
        super().__init__(name, session)
        self._skus: dict[str, dict[str, dict[str, Any]]] = {}
        self._reading = threading.Lock()

    def sizes(self) -> list[Offer]:
        """Return the sizes this subscription can have where the account's new things are."""
        with calling("list sizes"):
            here = self._here
            return [
                translate.offer(sku, here.location)
                for sku in self._skus_in(here.location).values()
                if translate.refusal(sku, here) is None
            ]

    def closed_sizes(self) -> dict[str, str]:
        """Return why this subscription cannot have the other sizes there, by their names."""
        with calling("list sizes"):
            here = self._here
            return {
                str(sku["name"]): reason
                for sku in self._skus_in(here.location).values()
                if (reason := translate.refusal(sku, here)) is not None
            }

    @property
    def _here(self) -> Spot:
        """Where new machines are."""
        return Spot(self._session.location, self._session.settings.zone)

    def _skus_in(self, location: str) -> dict[str, dict[str, Any]]:
        """Return what the service tells of sizes in a location, by their names in small letters."""
        with self._reading:
            if location not in self._skus:
                # of disks and other things too
                told = self._rows(
                    self._session.compute,
                    kinds.SIZE,
                    SKUS_VERSION,
                    {"$filter": f"location eq '{location}'"},
                    group=False,
                )
                self._skus[location] = {
                    sku["name"].lower(): sku
                    for sku in told
                    if sku.get("resourceType") == translate.MACHINES
                }
            return self._skus[location]

    def _offer(
        self, spec: InstanceSpec, name: str | None, spot: Spot, controller: str | None = None
    ) -> Offer:
        """Return the size a machine gets: the one that was named, or the one that fits best.

        ``controller`` is what its disks are on already. Invalid, Unsupported or NotFound say what
        is against it.
        """
        disks, nics = len(spec.volumes), max(1, len(spec.nics))
        skus = self._skus_in(spot.location)
        classes = {class_word(each.kind) for each in spec.volumes}
        if name is None:
            usable = (
                translate.offer(sku, spot.location)
                for sku in skus.values()
                if translate.refusal(sku, spot) is None
                and translate.misfit(sku, classes, controller) is None
            )
            choice = choose_offer(spec.size, usable, firmware=spec.firmware, disks=disks, nics=nics)
            if choice.offer is None:
                raise NotFound(choice.reason)
            return choice.offer
        sku = skus.get(name.lower())
        if sku is None:
            raise NotFound(
                f"there is no size {name} in {spot.location}",
                hint=did_you_mean(name, {each["name"] for each in skus.values()}),
            )
        if reason := translate.refusal(sku, spot):
            raise Unsupported(
                f"the size {name} cannot be had in {spot.location} with this subscription "
                f"({reason})",
                hint="Take another size, zone or location, or ask for access to it in the portal",
            )
        if reason := translate.misfit(sku, classes, controller):
            raise Invalid(f"{name} {reason}", hint="Take a size that does")
        offer = translate.offer(sku, spot.location)
        check_fits(spec.firmware, offer, disks, nics)
        return offer

    def _check_quota(self, offer: Offer, location: str, instead: Offer | None = None) -> None:
        """QuotaExceeded when another machine of a size is too many, or one ``instead`` of it.

        Who is not told the quotas is refused by the service itself, later.
        """
        freed = {CORES, (instead.family or "").lower()} if instead else set()
        try:
            usages = list(listed(self._session.compute.usage.list(location)))
        except HttpResponseError as error:
            if error.status_code != 403:
                raise
            return
        for each in usages:
            what = each["name"]["value"].lower()
            if what not in (CORES, (offer.family or "").lower()):
                continue
            left = each["limit"] - each["currentValue"]
            if instead and what in freed:
                left += instead.size.vcpus
            if offer.size.vcpus > left:
                told = each["name"].get("localizedValue", what)
                raise QuotaExceeded(
                    f"{offer.id} needs {offer.size.vcpus} vCPUs: of {each['limit']} ({told}) "
                    f"{left} are left in {location}",
                    hint="Ask for more in the portal, or take a size of another family",
                )


def check_fits(firmware: Firmware, offer: Offer, disks: int, nics: int) -> None:
    """Invalid for a machine that this size cannot start, or that has too much on it."""
    if firmware is not Firmware.UNKNOWN and not offer.firmware & {firmware, Firmware.UNKNOWN}:
        only = " and ".join(sorted(offer.firmware))
        raise Invalid(
            f"the machine starts with {firmware}, and {offer.id} only with {only}: a machine's "
            "generation (1 for bios, 2 for uefi) is that of its boot disk and never changes",
            hint=f"Take a size that starts with {firmware}",
        )
    if offer.disks is not None and disks > offer.disks:
        raise Invalid(f"{disks} disks: {offer.id} takes {offer.disks}")
    if offer.nics is not None and nics > offer.nics:
        raise Invalid(f"{nics} cards: {offer.id} takes {offer.nics}")
