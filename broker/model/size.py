"""How big an instance is, and the offers a provider sells."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field, PositiveInt

from broker.model.base import Bytes, MiB, SetOf, Strict


class Arch(StrEnum):
    """Instruction set of the virtual CPUs."""

    X86_64 = "x86_64"
    AARCH64 = "aarch64"
    UNKNOWN = "unknown"


class Firmware(StrEnum):
    """What starts the guest. UNKNOWN means the provider does not say; it is never guessed."""

    BIOS = "bios"
    UEFI = "uefi"
    UEFI_SECURE = "uefi_secure"
    UNKNOWN = "unknown"


class Size(Strict):
    """What an instance needs, not the catalogue name it happens to have."""

    vcpus: PositiveInt
    memory: MiB
    arch: Arch = Arch.X86_64
    gpus: Annotated[int, Field(ge=0)] = 0


class Money(Strict):
    """An amount of one currency. Amounts of two currencies are never added."""

    amount: Decimal
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Offer(Strict):
    """One size a provider sells under a name. A ``None`` is a fact nobody has told us.

    ``drivers`` are the devices the guest must have a driver for; ``character`` is what the family
    is made for (general, compute, memory...); ``zones`` are those of its region that have it.
    """

    id: str
    size: Size
    firmware: SetOf[Firmware]
    price_per_hour: Money | None = None
    local_disk: Bytes | None = None
    disks: PositiveInt | None = None
    nics: PositiveInt | None = None
    burstable: bool | None = None
    bare_metal: bool = False
    current: bool = True
    family: str | None = None
    character: str | None = None
    drivers: SetOf[str] = frozenset()
    zones: SetOf[str] | None = None


class Host(Strict):
    """A machine of one's own that carries guests, and what of it they could be given.

    ``memory`` is MiB. A host that is being emptied has capacity 0.
    """

    id: Annotated[str, Field(min_length=1)]
    vcpus: Annotated[int, Field(ge=0)]
    memory: Annotated[int, Field(ge=0)]
    arch: Arch = Arch.X86_64
