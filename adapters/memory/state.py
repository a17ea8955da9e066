"""All that a cloud remembers, as one value that is read and written whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict

from adapters.memory import checks
from broker.adapter import Kind, Made
from broker.errors import NotFound
from broker.model import (
    Firewall,
    Image,
    Instance,
    KeyPair,
    Network,
    Power,
    PublicAddress,
    Snapshot,
    Strict,
    Volume,
)


class Record(Strict):
    """Something a call made, and the token it was made with."""

    token: str


class InstanceRecord(Record):
    """A machine. Its state is ``power`` until ``turns_at``, and ``turns_to`` from then on."""

    instance: Instance
    power: Power
    allocated: bool = True
    turns_to: Power | None = None
    turns_at: AwareDatetime | None = None
    boots: int = 0
    console: str = ""


class VolumeRecord(Record):
    """A volume; ``kind`` is DISK when a sink made it. It is complete when its file is there."""

    volume: Volume
    kind: Kind = Kind.VOLUME


class SnapshotRecord(Record):
    """A snapshot."""

    snapshot: Snapshot


class ImageRecord(Record):
    """An image."""

    image: Image


class NetworkRecord(Record):
    """A network."""

    network: Network


class FirewallRecord(Record):
    """A firewall. What wears it is found by looking at the instances."""

    firewall: Firewall


class AddressRecord(Record):
    """A public address; ``comes_with_instance`` tells that it also goes with it."""

    address: PublicAddress
    comes_with_instance: bool = False


AnyRecord = TypeVar("AnyRecord", bound=Record)


class State(BaseModel):
    """Every thing by its id. The things never change, only which ones there are."""

    model_config = ConfigDict(extra="forbid")

    instances: dict[str, InstanceRecord] = {}
    volumes: dict[str, VolumeRecord] = {}
    snapshots: dict[str, SnapshotRecord] = {}
    images: dict[str, ImageRecord] = {}
    networks: dict[str, NetworkRecord] = {}
    firewalls: dict[str, FirewallRecord] = {}
    addresses: dict[str, AddressRecord] = {}
    key_pairs: dict[str, KeyPair] = {}

    def copied(self) -> State:
        """Return a state that can be changed while this one stays as it is."""
        return self.model_copy(update={name: dict(things) for name, things in self})

    def made(self, token: str) -> Iterator[Made]:
        """Yield all that was made with ``token``."""
        kinds: list[tuple[Kind, Mapping[str, Record]]] = [
            (Kind.INSTANCE, self.instances),
            (Kind.SNAPSHOT, self.snapshots),
            (Kind.IMAGE, self.images),
            (Kind.NETWORK, self.networks),
            (Kind.FIREWALL, self.firewalls),
            (Kind.PUBLIC_ADDRESS, self.addresses),
        ]
        for kind, records in kinds:
            for made, record in records.items():
                if record.token == token:
                    yield Made(kind=kind, id=made)
        for made, volume in self.volumes.items():
            if volume.token == token:
                yield Made(kind=volume.kind, id=made)

    def put_volume(self, volume: Volume) -> None:
        """Put the volume in the place of what it was before."""
        record = self.volumes[volume.id]
        self.volumes[volume.id] = record.model_copy(update={"volume": volume})

    def put_instance(self, instance: Instance) -> None:
        """Put the instance in the place of what it was before."""
        record = self.instances[instance.id]
        self.instances[instance.id] = record.model_copy(update={"instance": instance})

    def files(self) -> set[str]:
        """Return the ids of all that has a file."""
        return {*self.volumes, *self.snapshots, *self.images}


def with_token(records: Mapping[str, AnyRecord], token: str) -> AnyRecord | None:
    """Return what was made with ``token``, or None; Invalid when it is not a token."""
    checks.token(token)
    return next((record for record in records.values() if record.token == token), None)


def find(records: Mapping[str, AnyRecord], id: str, noun: str) -> AnyRecord:
    """Return the record with this id; NotFound when there is none."""
    if id not in records:
        raise NotFound(f"there is no {noun} {id}", code="NotFound")
    return records[id]
