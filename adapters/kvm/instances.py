"""Instances: libvirt domains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import PurePath
from typing import NamedTuple

import libvirt

from adapters.kvm import notes, reservations, volumes
from adapters.kvm.errors import PROVIDER, calling, translated
from adapters.kvm.host import volume_id
from adapters.kvm.keys import KeyPairCalls
from adapters.kvm.limits import LIMITS, check_instance, check_labels, whole_steps
from adapters.kvm.naming import Made, VolumeName, mark, uuid_for
from adapters.kvm.part import attachments
from adapters.kvm.probe import accelerator
from adapters.kvm.seed import seed, user_data
from adapters.kvm.translate import metadata
from adapters.kvm.translate import state as states
from adapters.kvm.translate.domain import Card, DiskFile, Wish, domain_xml, resized
from adapters.kvm.translate.instance import Addresses, Surroundings, disks, instance
from adapters.kvm.translate.volume import stored
from adapters.kvm.translate.xml import Element, parse
from broker.errors import Conflict, Invalid, NotFound
from broker.model import Bus, Instance, InstanceSpec, NicSpec, Offer, Size, VolumeSpec


class Known(NamedTuple):
    """What domains refer to: ids of networks and filters by name, seeds by their mark."""

    networks: Mapping[str, str]
    filters: Mapping[str, str]
    seeds: Mapping[str, str]
    addresses: Addresses


class InstanceCalls(KeyPairCalls):
    """The contract's Instances, as far as they are about what there is; power is in power.py."""

    def instances(self) -> list[Instance]:
        """Return every domain, running or not."""
        known = self._known()
        return [self._instance_of(domain, xml, known) for domain, xml in self._host.domains()]

    def instance(self, id: str) -> Instance:
        """Return one domain, or NotFound."""
        domain = self._host.domain(id)
        with calling("read domain"):
            return self._instance_of(domain, domain.XMLDesc(), self._known())

    def create_instance(
        self, spec: InstanceSpec, disks: Sequence[str], *, offer: str | None = None, token: str
    ) -> Instance:
        """Make and start a domain. The same token twice makes one."""
        check_instance(spec, len(disks))
        for volume in spec.volumes:
            check_labels(volume.labels)
        if offer is not None:
            raise Invalid(f"there is no offer {offer}: any size can be had")
        own = uuid_for("instance", token)
        key = self._public_key(spec.key_pair) if spec.key_pair else None
        cards = [self._card(nic) for nic in spec.nics]
        wishes = [card.reservation for card in cards if card.reservation]
        try:
            domain = self._host.domain(own)
        except NotFound:
            domain = None
        with ExitStack() as undo:
            if domain is None:
                self._check_free(disks)
                for wish in wishes:
                    reservations.check(self._host, wish, own)
                images = [
                    self._disk_file(disk, wanted, f"{token}/{index}", undo)
                    for index, (disk, wanted) in enumerate(zip(disks, spec.volumes, strict=True))
                ]
                domain = self._define(spec, own, token, cards, images, undo)
            self._prepare(spec, own, key)
            for wish in wishes:
                reservations.reserve(self._host, wish, own)
            with calling("start instance"):
                # one that a user stopped since has another reason; it stays as it is
                if domain.state() == [libvirt.VIR_DOMAIN_SHUTOFF, 0]:
                    domain.create()
            undo.pop_all()
        return self.instance(own)

    def resize_instance(self, id: str, size: Size, *, offer: str | None = None) -> None:
        """Give a stopped domain another size; Conflict when it runs."""
        domain = self._host.domain(id)
        if offer is not None:
            raise Invalid(f"there is no offer {offer}: any size can be had")
        if size.arch not in LIMITS.architectures or size.gpus:
            raise Invalid(f"a machine here is x86_64 without GPUs, not {size}")
        with calling("resize instance"):
            if domain.isActive():
                raise Conflict(f"instance {id} runs", hint="Stop it first", provider=PROVIDER)
            xml = domain.XMLDesc(_WHOLE)
            self._host.connection.defineXML(resized(xml, size))

    def delete_instance(self, id: str, *, keep_volumes: bool = False) -> None:
        """Delete the domain and what came with it; quiet when it is gone."""
        try:
            domain = self._host.domain(id)
        except NotFound:
            return
        with calling("delete instance"):
            root = parse(domain.XMLDesc())
            paths = [disk.path for disk in disks(root)]
            kept = metadata.read(root)
            if domain.isActive():
                domain.destroy()
            for reservation in kept.reserved if kept else ():
                reservations.release(self._host, reservation, id)
            for made in (Made.SEED, Made.CONSOLE):
                vol = self._host.made_by(made, mark(id))
                if vol is not None:
                    vol.delete()
            if not keep_volumes:
                self._delete_images(id, paths)
            if domain.isPersistent():
                domain.undefineFlags(_UNDEFINE)

    def sizes(self) -> list[Offer]:
        """Return nothing: any size can be had."""
        return []

    def console_log(self, id: str) -> str:
        """Return what the guest wrote on its serial console; empty for a domain made by others."""
        with calling("find domain"):
            self._host.domain(id).name()
        vol = self._host.made_by(Made.CONSOLE, mark(id))
        return self._host.read_file(vol.name()).decode(errors="replace") if vol else ""

    # reading

    def _known(self) -> Known:
        with calling("list networks"):
            connection = self._host.connection
            listed = connection.listAllNetworks()
            networks = {each.name(): each.UUIDString() for each in listed}
            filters = {each.name(): each.UUIDString() for each in connection.listAllNWFilters()}
        files = self._host.named_volumes()
        seeds = {name.mark: vol.name() for vol, name in files if name.made is Made.SEED}
        return Known(networks, filters, seeds, reservations.addresses(listed))

    def _instance_of(self, domain: libvirt.virDomain, xml: str, known: Known) -> Instance:
        try:
            with calling("read domain"):
                number, reason = domain.state()
        except NotFound:
            number, reason = libvirt.VIR_DOMAIN_NOSTATE, 0  # deleted since it was listed
        root = parse(xml)
        around = Surroundings(
            state=states.state(number, reason, at=datetime.now(UTC)),
            volumes=self._volumes(domain, root),
            networks=known.networks,
            filters=known.filters,
            addresses=known.addresses,
            user_data=self._user_data(known.seeds.get(mark(domain.UUIDString()))),
        )
        return instance(xml, around)

    def _volumes(
        self, domain: libvirt.virDomain, root: Element
    ) -> dict[str, tuple[str, VolumeSpec]]:
        """Return id and spec of a domain's volumes, by path; its seed is none of them."""
        found = {}
        for disk in disks(root):
            if VolumeName.parse(PurePath(disk.path).name).made is Made.SEED:
                continue
            try:
                vol = self._host.connection.storageVolLookupByPath(disk.path)
            except libvirt.libvirtError as error:
                if error.get_error_code() != libvirt.VIR_ERR_NO_STORAGE_VOL:
                    raise translated(error, "find volume") from error
                size = _capacity(domain, disk.target)
                if size is not None:
                    found[disk.path] = (disk.path, volumes.unpooled(disk.path, size))
                continue
            described = volumes.described(self._host, vol, {})
            found[disk.path] = (described.id, described.spec)
        return found

    def _user_data(self, file: str | None) -> str | None:
        try:
            return user_data(self._host.read_file(file)) if file else None
        except NotFound:
            return None  # deleted since it was listed

    # making

    def _card(self, nic: NicSpec) -> Card:
        network = self._host.network(nic.network)
        filter = self._host.filter(nic.firewalls[0]).name() if nic.firewalls else None  # noqa: A001
        return Card(nic, network.name(), filter, reservations.wished(nic))

    def _check_free(self, ids: Sequence[str]) -> None:
        used = attachments(self._host)
        for id in ids:  # noqa: A001
            vol = self._host.volume(id)
            with calling("find volume"):
                attached = used.get(vol.path())
            if attached or ids.count(id) > 1:
                where = f"on instance {attached.instance}" if attached else "named twice"
                raise Conflict(f"disk {id} is {where}", provider=PROVIDER)

    def _disk_file(self, id: str, wanted: VolumeSpec, token: str, undo: ExitStack) -> DiskFile:
        """Return the file of a disk, at least as large as wanted; images are copied."""
        vol = self._host.volume(id)
        if VolumeName.parse(vol.name()).made is Made.IMAGE:
            marked = mark(token)
            ready = self._host.made_by(Made.VOLUME, marked)
            vol = ready or volumes.clone(self._host, vol, wanted.name, Made.VOLUME, marked)
            undo.callback(volumes.delete_unless_used, self._host, volume_id(vol))
        with calling("read volume"):
            image = stored(vol.XMLDesc())
            if image.capacity < wanted.size:
                volumes.grow(vol, whole_steps(wanted.size))
        notes.label(self._host, vol.name(), wanted.labels)
        return DiskFile(image.path, image.format, wanted.bus)

    def _define(
        self,
        spec: InstanceSpec,
        own: str,
        token: str,
        cards: Sequence[Card],
        images: Sequence[DiskFile],
        undo: ExitStack,
    ) -> libvirt.virDomain:
        folder = self._host.pool_folder
        with calling("create instance"):
            taken = {domain.name() for domain in self._host.connection.listAllDomains()}
        if spec.key_pair or spec.user_data is not None:
            path = f"{folder}/{_file(Made.SEED, own)}"
            images = [*images, DiskFile(path, "raw", Bus.VIRTIO, read_only=True)]
        wish = Wish(
            uuid=own,
            name=spec.name if spec.name not in taken else f"{spec.name}-{mark(token)[:6]}",
            token=token,
            accelerator=accelerator(self._host),
            disks=images,
            cards=cards,
            console=f"{folder}/{_file(Made.CONSOLE, own)}",
            reserved=tuple(
                card.reservation
                for card in cards
                # what was there before is somebody's, and stays
                if card.reservation and not reservations.is_reserved(self._host, card.reservation)
            ),
        )
        with calling("create instance"):
            domain = self._host.connection.defineXML(domain_xml(spec, wish))
        undo.callback(self.delete_instance, own, keep_volumes=True)
        return domain

    def _prepare(self, spec: InstanceSpec, own: str, key: str | None) -> None:
        """Make the seed and the console's file, unless an earlier try has."""
        files = {Made.CONSOLE: b""}
        if spec.key_pair or spec.user_data is not None:
            files[Made.SEED] = seed(
                instance=own, name=spec.name, public_key=key, user_data=spec.user_data
            )
        for made, data in files.items():
            if self._host.made_by(made, mark(own)) is None:
                self._host.write_file(_file(made, own), data)

    def _delete_images(self, id: str, paths: Sequence[str]) -> None:
        others = {path for path, used in attachments(self._host).items() if used.instance != id}
        for path in paths:
            if path in others:
                continue
            try:
                with calling("delete volume"):
                    vol = self._host.connection.storageVolLookupByPath(path)
                    name = vol.name()
                    vol.delete()
            except NotFound:
                continue  # a seed that went before, or a disk in no pool, which is not ours
            notes.delete(self._host, name)


def _file(made: Made, instance_id: str) -> str:
    return VolumeName(instance_id, made, mark(instance_id)).file()


def _capacity(domain: libvirt.virDomain, target: str) -> int | None:
    """Return the size of a disk in no pool, None for one whose image is gone."""
    try:
        return int(domain.blockInfo(target)[0])
    except libvirt.libvirtError:
        return None  # the machine is shown all the same; its XML names the image


_UNDEFINE = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
)
_WHOLE = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
