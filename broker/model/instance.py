"""Virtual machines: the portable wish, and the machine that exists."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from broker.model.base import Bytes, Labels, Name, Resource, Strict
from broker.model.network import NicSpec
from broker.model.size import Firmware, Size
from broker.model.state import State
from broker.model.system import System
from broker.model.volume import VolumeSpec


class KeyPairSpec(Strict):
    """A public SSH key under a name. Private keys never enter the broker."""

    name: Name
    public_key: Annotated[str, Field(pattern=r"^(ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/=]+")]


class KeyPair(Resource):
    """A key pair the provider knows; not every provider gives the public key back."""

    name: str
    fingerprint: str
    public_key: str | None = None


class InstanceSpec(Strict):
    """A machine somebody wants, in words every provider has.

    ``volumes`` are in the order the guest sees them, the boot volume first. ``user_data`` is the
    text cloud-init (or the like) runs at first boot. ``key_pair`` is the name of a key pair.
    A ``system`` that is unknown is what the images say that the machine is made from.
    """

    name: Name
    size: Size
    firmware: Firmware = Firmware.UNKNOWN
    system: System = System()
    volumes: tuple[VolumeSpec, ...] = ()
    nics: tuple[NicSpec, ...] = ()
    key_pair: str | None = None
    user_data: str | None = Field(default=None, repr=False)
    labels: Labels = Field(default_factory=dict)

    @model_validator(mode="after")
    def _boots_from_the_first(self) -> Self:
        if any(volume.boot for volume in self.volumes[1:]):
            raise ValueError("only the first volume can be the boot volume")
        return self


class Nic(Resource):
    """A network card that exists; ``public_addresses`` are those reachable from outside."""

    spec: NicSpec
    public_addresses: tuple[str, ...] = ()


class Instance(Resource):
    """A machine that exists.

    ``volumes`` are ids, in the order of ``spec.volumes``; ``offer`` is the catalogue name of its
    size where the provider has such names. ``billed_as`` is what its bill says it runs, which a
    licence of one's own changes: linux where that adds nothing to the machine itself, None where
    nobody tells. ``spot`` is whether it runs on spare capacity at its price, None where nobody
    tells. Where not ``user_data_told``, no user data in ``spec`` means that nobody tells whether
    there is any. ``local_disk`` is what its host lends it beside ``volumes`` and nobody else can
    read, None where nobody tells how much. ``unreadable`` is why no disk of it can be read as
    things are, and what to do about that.
    """

    spec: InstanceSpec
    state: State
    volumes: tuple[str, ...] = ()
    nics: tuple[Nic, ...] = ()
    offer: str | None = None
    zone: str | None = None
    billed_as: str | None = None
    spot: bool | None = None
    user_data_told: bool = True
    local_disk: Bytes | None = None
    unreadable: str | None = None
    created_at: AwareDatetime | None = None

    @property
    def name(self) -> str:
        """The machine's name, as people say it."""
        return self.spec.name
