"""Volumes."""

from __future__ import annotations

from adapters.memory import checks
from adapters.memory.service import Service, within
from adapters.memory.state import State, VolumeRecord, find, with_token
from broker.adapter import Kind
from broker.adapter.performance import check_performance
from broker.errors import Conflict, Invalid, NotFound
from broker.model import Volume, VolumeSpec


class Volumes(Service):
    """Disks that live on their own."""

    def volumes(self) -> list[Volume]:
        """Return every volume; complete, or an error is raised."""
        with self._calling("volumes"):
            complete = self._complete(self._store.state())
            return self._listed("volumes", (record.volume for record in complete))

    def volume(self, id: str) -> Volume:
        """Return one volume by id; NotFound when there is none."""
        with self._calling("volume"):
            return self._volume(self._store.state(), id).volume

    def create_volume(self, spec: VolumeSpec, *, token: str) -> Volume:
        """Make an empty volume. The same token twice makes one."""
        with self._calling("create_volume"), self._store.change() as state:
            if known := with_token(state.volumes, token):
                return known.volume
            record = self._new_volume(state, spec, token)
            self._files.blank(record.volume.id, record.volume.spec.size)
            return record.volume

    def attach_volume(self, id: str, instance: str) -> None:
        """Attach to an instance; quiet when it is there, Conflict when it is on another."""
        with self._calling("attach_volume"), self._store.change() as state:
            volume = self._volume(state, id).volume
            machine = find(state.instances, instance, "instance")
            if volume.instance == instance:
                return
            if volume.instance:
                raise Conflict(f"{id} is attached to {volume.instance}", hint="Detach it first")
            volumes = (*machine.instance.volumes, id)
            if len(volumes) > self.limits.disks_per_instance:
                raise Invalid(f"{instance} has all the disks it can have")
            state.put_instance(machine.instance.model_copy(update={"volumes": volumes}))
            state.put_volume(volume.model_copy(update={"instance": instance}))

    def detach_volume(self, id: str) -> None:
        """Detach; quiet when it is on none."""
        with self._calling("detach_volume"), self._store.change() as state:
            volume = self._volume(state, id).volume
            if volume.instance:
                machine = state.instances[volume.instance].instance
                left = tuple(other for other in machine.volumes if other != id)
                state.put_instance(machine.model_copy(update={"volumes": left}))
                state.put_volume(volume.model_copy(update={"instance": None}))

    def resize_volume(self, id: str, size: int) -> None:
        """Grow to ``size`` bytes, rounded up to a whole step; Invalid when it would shrink."""
        with self._calling("resize_volume"), self._store.change() as state:
            volume = self._volume(state, id).volume
            whole = checks.volume_size(self.limits, size)
            if whole < volume.spec.size:
                raise Invalid(f"{id} has {volume.spec.size} bytes and cannot shrink")
            self._room_for(state, whole - volume.spec.size)
            self._files.grow(id, whole)
            spec = volume.spec.model_copy(update={"size": whole})
            state.put_volume(volume.model_copy(update={"spec": spec}))

    def delete_volume(self, id: str) -> None:
        """Delete; quiet when it is gone, Conflict when it is attached."""
        with self._calling("delete_volume"), self._store.change() as state:
            if id in state.volumes:
                if instance := state.volumes[id].volume.instance:
                    raise Conflict(f"{id} is attached to {instance}", hint="Detach it first")
                self._drop(state, id)

    def _new_volume(
        self, state: State, spec: VolumeSpec, token: str, kind: Kind = Kind.VOLUME
    ) -> VolumeRecord:
        """Put a volume into the state; its file is for the caller to make."""
        checks.labels(self.limits, spec.labels)
        check_performance([spec], self.limits.performance_kinds)
        size = checks.volume_size(self.limits, spec.size)
        self._room_for(state, size)
        volume = Volume(id=self._new_id("vol"), spec=spec.model_copy(update={"size": size}))
        record = VolumeRecord(token=token, volume=volume, kind=kind)
        state.volumes[volume.id] = record
        return record

    def _volume(self, state: State, id: str) -> VolumeRecord:
        record = find(state.volumes, id, "volume")
        if not (self._files.complete(id) and self.faults.sees(id)):
            raise NotFound(f"there is no volume {id} yet", code="NotFound")
        return record

    def _complete(self, state: State) -> list[VolumeRecord]:
        return [record for made, record in state.volumes.items() if self._files.complete(made)]

    def _room_for(self, state: State, more: int) -> None:
        used = sum(record.volume.spec.size for record in state.volumes.values())
        within(self._quotas.volume_bytes, used + more, "bytes of volumes")

    def _drop(self, state: State, id: str) -> None:
        del state.volumes[id]
        self._files.delete(id)
