"""Images: copies of a stopped machine's boot disk that new machines are copied from."""

from __future__ import annotations

from contextlib import ExitStack

import libvirt

from adapters.kvm import notes
from adapters.kvm.errors import PROVIDER, calling
from adapters.kvm.host import volume_id
from adapters.kvm.instances import InstanceCalls
from adapters.kvm.naming import Made, VolumeName, mark
from adapters.kvm.translate.volume import stored
from adapters.kvm.volumes import clone, delete_unless_used
from broker.errors import Conflict, Invalid
from broker.model import Arch, Firmware, Image


class ImageCalls(InstanceCalls):
    """The contract's Images."""

    def images(self) -> list[Image]:
        """Return every image, also one that is still being copied."""
        found = []
        for vol in self._host.volumes():
            if VolumeName.parse(vol.name()).made is Made.IMAGE:
                found.append(self._image_of(vol))
        return found

    def image(self, id: str) -> Image:
        """Return one image, or NotFound."""
        return self._image_of(self._host.volume_made(id, Made.IMAGE))

    def create_image(self, instance: str, name: str, *, token: str) -> Image:
        """Copy a stopped machine's boot disk. The same token twice makes one."""
        origin = self.instance(instance)
        there = self._host.made_by(Made.IMAGE, mark(token))
        if there is not None:
            found = self._image_of(there)
            if found.ready:
                return found
            self.delete_image(found.id)  # an earlier try died while it copied
        if origin.state.allocated is not False:
            raise Conflict(f"instance {instance} runs", hint="Stop it first", provider=PROVIDER)
        if not origin.volumes:
            raise Invalid(f"instance {instance} has no disk to make an image of")
        with ExitStack() as undo:
            boot = self._host.volume(origin.volumes[0])
            copy = clone(self._host, boot, name, Made.IMAGE, mark(token))
            undo.callback(self.delete_image, volume_id(copy))
            note = notes.ImageNote(arch=origin.spec.size.arch, firmware=origin.spec.firmware)
            notes.write(self._host, copy.name(), note)
            undo.pop_all()
        return self._image_of(copy)

    def delete_image(self, id: str) -> None:
        """Delete; quiet when it is gone."""
        if VolumeName.parse(id).made is Made.IMAGE:
            delete_unless_used(self._host, id)

    def _image_of(self, vol: libvirt.virStorageVol) -> Image:
        with calling("read image"):
            image = stored(vol.XMLDesc())
        note = notes.read(self._host, vol.name(), notes.ImageNote)
        return Image(
            id=volume_id(vol),
            name=VolumeName.parse(vol.name()).name,
            arch=note.arch if note else Arch.UNKNOWN,
            firmware=note.firmware if note else Firmware.UNKNOWN,
            size=image.capacity,
            ready=note is not None,
        )
