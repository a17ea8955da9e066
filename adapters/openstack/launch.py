"""Making a server: its volumes from disks, its ports, and then itself."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from adapters.openstack import marks
from adapters.openstack.addresses import Addresses
from adapters.openstack.errors import incomplete
from adapters.openstack.key_pairs import key_path
from adapters.openstack.servers import Servers
from adapters.openstack.translate.networks import CLOSED, port_wish
from adapters.openstack.translate.words import BUSES, FIRMWARE, SCSI_MODEL, gib, system_properties
from adapters.openstack.volumes import Volumes
from adapters.openstack.waiting import until
from broker.adapter.performance import check_performance
from broker.errors import BrokerError, Invalid, Unsupported
from broker.model import Arch, Bus, Firmware, InstanceSpec, VolumeSpec

_UNPRINTED = r"\x00-\x1f\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f\u3000\ud800-\U0010ffff"
NAME = rf"(?!\s)[^{_UNPRINTED}]*(?<!\s)"
"""nova refuses what cannot be printed, and blanks at either end; its tables hold no character
beyond U+FFFF, and answer one with an error of the server's.
"""

NAME_MOST = 255
USER_DATA_MOST = 65535 // 4 * 3
"""nova takes 65,535 characters of base64."""

DISKS, NICS = 26, 16
"""vda to vdz; nova has no limit of its own, and each hypervisor another one."""

PLACE = "interop:place"
"""Mark of a volume made for an instance: which of its disks it is."""

CARDS_SECONDS = 120.0
"""How long a port may take to be wired after its server runs. A guest that is up before that
finds no metadata service; what is slower than this is not waited for.
"""


class Launch(Volumes, Servers, Addresses):
    """Makes servers."""

    def _check(self, spec: InstanceSpec, disks: Sequence[str]) -> None:
        """Refuse what would be refused half-way, before anything is made."""
        if not disks or len(disks) != len(spec.volumes):
            raise Invalid(f"{len(spec.volumes)} volumes need as many disks, not {len(disks)}")
        if len(disks) > DISKS:
            raise Invalid(f"{len(disks)} disks: at most {DISKS} fit an instance")
        if len(spec.nics) > NICS:
            raise Invalid(f"{len(spec.nics)} cards: at most {NICS} fit an instance")
        if spec.firmware not in {*FIRMWARE, Firmware.UNKNOWN}:
            raise Unsupported(f"{spec.firmware} needs a hypervisor that nobody can ask for here")
        if len(spec.name) > NAME_MOST or not re.fullmatch(NAME, spec.name):
            raise Invalid(f"nova takes no such name: {spec.name!r}")
        if spec.user_data and len(spec.user_data.encode()) > USER_DATA_MOST:
            raise Invalid(f"user data is over {USER_DATA_MOST} bytes")
        check_performance(spec.volumes)
        for labels in (spec.labels, *(volume.labels for volume in spec.volumes)):
            marks.metadata(labels, "")
        for disk in disks:
            image = self._session.get("image", f"/images/{marks.id_of(disk, 'disk')}")
            if image["status"] != "active":
                raise incomplete(image)
        if spec.key_pair:
            self._session.get("compute", key_path(spec.key_pair))
        for nic in spec.nics:
            self._session.get("network", f"/networks/{marks.id_of(nic.network, 'network')}")
            for firewall in set(nic.firewalls) - {CLOSED}:
                path = f"/security-groups/{marks.id_of(firewall, 'firewall')}"
                self._session.get("network", path)
        if any(nic.public for nic in spec.nics):
            self._outside()

    def _launch(
        self, spec: InstanceSpec, disks: Sequence[str], flavor: Mapping[str, Any], token: str
    ) -> Mapping[str, Any]:
        with self._all_or_nothing(token):
            volumes = self._make_volumes(spec, disks, token)
            ports = self._make_ports(spec, token)
            self._give_public(ports, spec, token)
            wish = self._server_wish(spec, volumes, ports, flavor, token)
            made: Mapping[str, Any] = self._session.post("compute", "/servers", {"server": wish})
        return made["server"]  # type: ignore[no-any-return]

    def _server_wish(
        self,
        spec: InstanceSpec,
        volumes: Sequence[str],
        ports: Sequence[str],
        flavor: Mapping[str, Any],
        token: str,
    ) -> dict[str, object]:
        wish: dict[str, object] = {
            "name": spec.name,
            "flavorRef": flavor["id"],
            "metadata": marks.metadata(spec.labels, token),
            "networks": [{"port": port} for port in ports] or "none",
            "block_device_mapping_v2": [
                {
                    "boot_index": 0 if place == 0 else -1,
                    "uuid": volume,
                    "source_type": "volume",
                    "destination_type": "volume",
                    "delete_on_termination": True,
                }
                for place, volume in enumerate(volumes)
            ],
        }
        if self._session.settings.zone:
            wish["availability_zone"] = self._session.settings.zone
        if spec.key_pair:
            wish["key_name"] = spec.key_pair
        if spec.user_data:
            wish["user_data"] = base64.b64encode(spec.user_data.encode()).decode()
            # where no metadata service can be reached the guest finds it on this drive
            wish["config_drive"] = True
        return wish

    @contextmanager
    def _all_or_nothing(self, token: str) -> Iterator[None]:
        """Clear up the parts of a server that will not be made: another try is not worth it."""
        try:
            yield
        except BrokerError as error:
            if not error.retryable:
                try:
                    self._drop_parts(token)
                except BrokerError as left:
                    error.add_note(f"what was made for it is still there: {left}")
            raise

    def _drop_parts(self, token: str) -> None:
        for address in self._routing("floatingips", description=marks.description(token)):
            self._session.delete("network", f"/floatingips/{address['id']}")
        for port in self._waiting_ports(token):
            self._session.delete("network", f"/ports/{port['id']}")
        for volume in self._volumes_with(token):
            if PLACE in volume["metadata"]:
                self._drop_volume(volume["id"])

    def _make_volumes(self, spec: InstanceSpec, disks: Sequence[str], token: str) -> list[str]:
        """Return the volumes, made beside each other; what an earlier try made is taken."""
        known = {
            volume["metadata"].get(PLACE): volume["id"] for volume in self._volumes_with(token)
        }
        made = [
            known.get(str(place)) or self._volume_from(disk, wish, token, place)
            for place, (disk, wish) in enumerate(zip(disks, spec.volumes, strict=True))
        ]
        for place, (volume, wish) in enumerate(zip(made, spec.volumes, strict=True)):
            self._ready_volume(volume, gib(wish.size))
            self._forget_disk(volume)
            if place == 0:
                self._tell_hypervisor(volume, wish, spec)
        return made

    def _volume_from(self, disk: str, wish: VolumeSpec, token: str, place: int) -> str:
        image = self._session.get("image", f"/images/{disk}")
        size = max(gib(wish.size), image.get("min_disk") or 0)
        metadata = {**marks.metadata(wish.labels, token), PLACE: str(place)}
        return self._new_volume(wish, size, metadata, {"imageRef": disk})

    def _forget_disk(self, volume: str) -> None:
        """Take off the disk's marks: cinder would give them to every image made of the volume."""
        for key in (marks.IMAGE_TOKEN, marks.IMAGE_ROLE, marks.IMAGE_WRITTEN):
            self._session.request(
                "block_storage",
                "POST",
                f"/volumes/{volume}/action",
                json={"os-unset_image_metadata": {"key": key}},
                quiet=(404,),
            )

    def _tell_hypervisor(self, volume: str, wish: VolumeSpec, spec: InstanceSpec) -> None:
        """Say on the boot volume what the guest is and needs; nova reads it, to find a host too."""
        properties = {**FIRMWARE.get(spec.firmware, {}), **system_properties(spec.system)}
        if spec.size.arch is not Arch.UNKNOWN:
            properties["hw_architecture"] = spec.size.arch
        if wish.bus is not Bus.UNKNOWN and wish.bus in BUSES:
            properties["hw_disk_bus"] = BUSES[wish.bus]
        if wish.bus is Bus.SCSI:
            properties |= SCSI_MODEL
        path = f"/volumes/{volume}/action"
        if properties:
            body = {"os-set_image_metadata": {"metadata": properties}}
            self._session.post("block_storage", path, body)
        self._session.post("block_storage", path, {"os-set_bootable": {"bootable": True}})

    def _make_ports(self, spec: InstanceSpec, token: str) -> list[str]:
        """Return the ports of the cards; what an earlier try made is taken."""
        mark = marks.description(token)
        known = {port["name"]: str(port["id"]) for port in self._marked("ports", mark)}
        made: list[str] = []
        for place, nic in enumerate(spec.nics):
            name = f"interop-{place:02}"
            if name not in known:
                known[name] = self._make("port", port_wish(nic, name, mark))
            made.append(known[name])
        return made

    def _wait_until_up(self, id: str) -> None:
        """Wait until the server runs and its cards are wired, which a guest needs to boot well."""
        self._settled(id, lambda server: server["status"] != "BUILD", f"starting {id}")
        until(
            lambda: [port["status"] for port in self._ports_of(id)],
            lambda told: "BUILD" not in told,
            f"wiring the cards of {id}",
            CARDS_SECONDS,
        )

    def _give_public(self, ports: Sequence[str], spec: InstanceSpec, token: str) -> None:
        """Give each card that asks for one a floating address. May be called twice."""
        wishes = [port for port, nic in zip(ports, spec.nics, strict=True) if nic.public]
        worn = self._public() if wishes else {}
        for port in wishes:
            if port not in worn:
                self._float(marks.description(token), port)
