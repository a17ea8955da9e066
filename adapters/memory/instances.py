"""Instances: making them, looking at them, deleting them."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.memory import checks, power
from adapters.memory.addresses import Addresses
from adapters.memory.cards import cards
from adapters.memory.images import Images
from adapters.memory.power import Verb
from adapters.memory.service import within
from adapters.memory.state import InstanceRecord, State, find, with_token
from adapters.memory.volumes import Volumes
from broker.errors import Conflict, Invalid, NotFound
from broker.model import Firmware, Instance, InstanceSpec, Offer, Power, Size, VolumeSpec


class Instances(Volumes, Images, Addresses):
    """Virtual machines, whose guests do nothing."""

    def instances(self) -> list[Instance]:
        """Return every instance; complete, or an error is raised."""
        with self._calling("instances"):
            state = self._store.state()
            records = state.instances.values()
            return self._listed("instances", (self._shown(state, record) for record in records))

    def instance(self, id: str) -> Instance:
        """Return one instance by id; NotFound when there is none."""
        with self._calling("instance"):
            state = self._store.state()
            return self._shown(state, self._instance(state, id))

    def create_instance(
        self, spec: InstanceSpec, disks: Sequence[str], *, offer: str | None = None, token: str
    ) -> Instance:
        """Make and start a machine from disks or images. The same token twice makes one.

        A disk becomes the machine's volume; an image is copied into a new one.
        """
        with self._calling("create_instance"), self._store.change() as state:
            if known := with_token(state.instances, token):
                return self._shown(state, known)
            checks.instance(self.limits, spec, disks)
            size, local_disk = self._size(spec.size, spec.firmware, offer)
            self._room_for_instance(state, size)
            if spec.key_pair and spec.key_pair not in state.key_pairs:
                raise NotFound(f"there is no key pair {spec.key_pair}", code="NotFound")
            new, now = self._new_id("vm"), self._now()
            nics = cards(state, new, spec.nics)
            for nic in nics:
                if nic.spec.public:
                    self._take(state, token, new)
            volumes = self._volumes_from(state, disks, spec, token, new)
            made = InstanceRecord(
                token=token,
                power=Power.STOPPED,
                instance=Instance(
                    id=new,
                    spec=spec.model_copy(update={"size": size}),
                    state=power.told(Power.STOPPED, allocated=False, now=now),
                    volumes=volumes,
                    nics=nics,
                    offer=offer,
                    local_disk=local_disk,
                    created_at=now,
                ),
            )
            record = power.turned(made, Verb.START, now, self._settings.transition_seconds)
            state.instances[new] = record
            return self._shown(state, record)

    def resize_instance(self, id: str, size: Size, *, offer: str | None = None) -> None:
        """Give a stopped machine another size; Conflict when it runs."""
        with self._calling("resize_instance"), self._store.change() as state:
            record = self._instance(state, id)
            if power.power(record, self._now()) is not Power.STOPPED:
                raise Conflict(f"{id} is not stopped", hint="Stop it first")
            new, local_disk = self._size(size, record.instance.spec.firmware, offer)
            self._room_for_instance(state, new, instead_of=id)
            spec = record.instance.spec.model_copy(update={"size": new})
            update = {"spec": spec, "offer": offer, "local_disk": local_disk}
            state.put_instance(record.instance.model_copy(update=update))

    def delete_instance(self, id: str, *, keep_volumes: bool = False) -> None:
        """Delete the machine and, unless told otherwise, its volumes; quiet when it is gone."""
        with self._calling("delete_instance"), self._store.change() as state:
            record = state.instances.pop(id, None)
            if record is None:
                return
            for address in list(state.addresses.values()):
                if address.address.instance == id:
                    self._detach(state, address)
            for volume in record.instance.volumes:
                if keep_volumes:
                    kept = state.volumes[volume].volume
                    state.put_volume(kept.model_copy(update={"instance": None}))
                else:
                    self._drop(state, volume)

    def sizes(self) -> list[Offer]:
        """Return the sizes on offer; none where any size can be had."""
        with self._calling("sizes"):
            return [] if self.limits.any_size else list(self._settings.sizes)

    def _instance(self, state: State, id: str) -> InstanceRecord:
        record = find(state.instances, id, "instance")
        if not self.faults.sees(id):
            raise NotFound(f"there is no instance {id} yet", code="NotFound")
        return record

    def _shown(self, state: State, record: InstanceRecord) -> Instance:
        """Return the instance as it is now: its power, its volumes, its addresses."""
        instance = record.instance
        specs = [state.volumes[volume].volume.spec for volume in instance.volumes]
        public = tuple(
            str(held.address.address)
            for held in state.addresses.values()
            if held.address.instance == instance.id
        )
        first = [nic.model_copy(update={"public_addresses": public}) for nic in instance.nics[:1]]
        return instance.model_copy(
            update={
                "state": power.state(record, self._now()),
                "spec": instance.spec.model_copy(update={"volumes": tuple(specs)}),
                "nics": (*first, *instance.nics[1:]),
            }
        )

    def _size(self, wanted: Size, firmware: Firmware, offer: str | None) -> tuple[Size, int | None]:
        """Return a machine's size and local disk; Invalid when nothing on offer is it."""
        if self.limits.any_size:
            return wanted, 0
        for sold in self._settings.sizes:
            if sold.id == offer or (offer is None and sold.size == wanted):
                if firmware not in {*sold.firmware, Firmware.UNKNOWN}:
                    raise Invalid(f"{sold.id} does not start from {firmware}")
                return sold.size, sold.local_disk
        raise Invalid(
            f"no such size is on offer: {offer or wanted}",
            code="NoSuchSize",
            hint="Choose one of " + ", ".join(sold.id for sold in self._settings.sizes),
        )

    def _room_for_instance(self, state: State, size: Size, instead_of: str = "") -> None:
        sizes = [
            record.instance.spec.size
            for known, record in state.instances.items()
            if known != instead_of
        ]
        within(self._quotas.instances, len(sizes) + 1, "instances")
        vcpus = sum(other.vcpus for other in sizes) + size.vcpus
        within(self._quotas.vcpus, vcpus, "vCPUs")

    def _volumes_from(
        self, state: State, disks: Sequence[str], spec: InstanceSpec, token: str, instance: str
    ) -> tuple[str, ...]:
        """Return the ids of the volumes an instance gets for its disks and images.

        The disks themselves are touched last: until then a refusal leaves them as they were.
        """
        volumes = []
        for disk, wanted in zip(disks, spec.volumes, strict=True):
            made = disk
            if disk in state.images:
                made = self._from_image(state, disk, wanted, token)
            volume = self._volume(state, made).volume
            if volume.instance:
                raise Conflict(f"{disk} is used by {volume.instance}")
            size = checks.volume_size(self.limits, max(wanted.size, volume.spec.size))
            self._room_for(state, size - volume.spec.size)
            update = {"spec": wanted.model_copy(update={"size": size}), "instance": instance}
            state.put_volume(volume.model_copy(update=update))
            volumes.append(made)
        for made in volumes:
            self._files.grow(made, state.volumes[made].volume.spec.size)
        return tuple(volumes)

    def _from_image(self, state: State, image: str, wanted: VolumeSpec, token: str) -> str:
        least = self._image(state, image).size or 0
        size = max(wanted.size, least)
        made = self._new_volume(state, wanted.model_copy(update={"size": size}), token)
        self._files.clone(made.volume.id, image, made.volume.spec.size)
        return made.volume.id
