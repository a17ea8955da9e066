"""A machine as far as its bill goes: what it has, where, and how much it is used."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from broker.catalog import Catalogue
from broker.catalog.items import LINUX
from broker.catalog.values import HOURS_PER_MONTH, RESERVED, Place, Plan
from broker.errors import NotFound
from broker.fit.need import MemoryShare, Need, Share, measured
from broker.model import GIB, Firmware, Instance, Labels, Size, Strict
from broker.survey import Listing

Amount = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]

TOLD = ("os", "egress_gib", "snapshots_gib")
"""What no inventory, or not every one, tells of a machine."""

MAYBE_UNTOLD = (*TOLD, "billed")
"""What is None of a machine where nobody tells it."""


class Disk(Strict):
    """One disk: its size, and its provider's kind and performance where they are known."""

    gib: Amount
    kind: str | None = None
    iops: Annotated[int, Field(ge=0)] = 0
    mibps: Annotated[int, Field(ge=0)] = 0


class Machine(Strict):
    """One machine and how it is used in a month.

    ``offer`` is the name of its size where it has one. ``billed`` tells whether compute is billed:
    a stopped machine that still holds it is; None, when nobody knows, counts as billed. ``os``,
    ``egress_gib`` and ``snapshots_gib`` are None where nobody tells them: that is not nothing, and
    what it costs is unknown. ``cpu_p95`` and ``memory_p95`` are what was measured, as shares of the
    size: elsewhere a size is enough that has that, with headroom.
    """

    name: Annotated[str, Field(min_length=1)]
    place: Place
    size: Size
    offer: str | None = None
    os: str | None = LINUX
    plan: Plan = Plan.ON_DEMAND
    billed: bool | None = True
    hours: Annotated[Decimal, Field(ge=0, le=744)] = Decimal(HOURS_PER_MONTH)
    disks: tuple[Disk, ...] = ()
    addresses: Annotated[int, Field(ge=0)] = 0
    egress_gib: Amount | None = None
    snapshots_gib: Amount | None = None
    firmware: Firmware = Firmware.UNKNOWN
    nics: Annotated[int, Field(ge=0)] = 1
    burstable: bool = False
    character: str | None = None
    cpu_p95: Share | None = None
    memory_p95: MemoryShare | None = None
    account: str = ""
    labels: Labels = Field(default_factory=dict)

    @model_validator(mode="after")
    def _reserved_is_paid_anyway(self) -> Self:
        if self.plan in RESERVED and self.hours != HOURS_PER_MONTH:
            raise ValueError(f"a reservation is paid for all {HOURS_PER_MONTH} hours of a month")
        return self

    @property
    def home(self) -> tuple[str, str]:
        """Its place and account: who is billed together."""
        return str(self.place), self.account

    @property
    def gib(self) -> Decimal:
        """All of its disks' sizes."""
        return sum((disk.gib for disk in self.disks), Decimal(0))

    def completed(self, **told: object) -> Machine:
        """Return the machine with what nobody tells of it taken from ``told``, where that does."""
        missing = {name: told.get(name) for name in TOLD if getattr(self, name) is None}
        if all(value is None for value in missing.values()):
            return self
        return Machine.model_validate({**dict(self), **missing})

    def need(self) -> Need:
        """Return what a size somewhere else must have."""
        return Need(
            size=measured(self.size, cpu_p95=self.cpu_p95, memory_p95=self.memory_p95),
            firmware=self.firmware,
            disks=len(self.disks),
            nics=self.nics,
            burstable=self.burstable,
            character=self.character,
        )


def of_listings(
    listings: Iterable[Listing], places: Mapping[str, Place], catalogue: Catalogue | None = None
) -> list[Machine]:
    """Return the machines of an inventory; ``places`` says where each account is.

    Traffic and snapshots are in no inventory: what they cost is unknown until somebody tells them.
    """
    return [
        of_instance(instance, places[listing.account], listing.account, catalogue)
        for listing in listings
        for instance in listing.instances
    ]


def of_instance(
    instance: Instance, place: Place, account: str = "", catalogue: Catalogue | None = None
) -> Machine:
    """Return an instance as its bill sees it; a catalogue tells what its size is made for."""
    spec = instance.spec
    offer = None
    if catalogue is not None and instance.offer is not None:
        with contextlib.suppress(NotFound):  # a size that is no longer sold
            offer = catalogue.offer(place.provider, instance.offer, place.region)
    return Machine(
        name=spec.name,
        place=place,
        size=spec.size,
        offer=instance.offer,
        os=instance.billed_as,
        plan=Plan.SPOT if instance.spot else Plan.ON_DEMAND,
        billed=instance.state.allocated,
        disks=tuple(
            Disk(
                gib=Decimal(volume.size) / GIB,
                kind=volume.kind,
                iops=volume.iops or 0,
                mibps=volume.mibps or 0,
            )
            for volume in spec.volumes
        ),
        addresses=sum(len(nic.public_addresses) for nic in instance.nics),
        firmware=spec.firmware,
        nics=len(spec.nics),
        burstable=bool(offer and offer.burstable),
        character=offer.character if offer else None,
        account=account,
        labels=spec.labels,
    )
