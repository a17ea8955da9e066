"""Instances: looking at them, making, resizing and deleting them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.openstack import marks
from adapters.openstack.errors import calling
from adapters.openstack.launch import Launch
from adapters.openstack.power import Power, is_in
from adapters.openstack.servers import SECONDS, failed
from adapters.openstack.translate import flavors
from adapters.openstack.translate.servers import volumes_of
from adapters.openstack.waiting import gone, until
from broker.errors import Conflict, Invalid, NotFound
from broker.model import Arch, Instance, InstanceSpec, Offer, Size


class Instances(Launch, Power):
    """Virtual machines."""

    def instances(self) -> list[Instance]:
        """Return every instance; complete, or an error is raised."""
        with calling("list instances"):
            servers = self._servers()
            known = {volume["id"]: volume for volume in self._all_volumes()}
            ports: dict[str, list[Any]] = {}
            for port in self._session.listed("network", "/ports", "ports"):
                ports.setdefault(port["device_id"], []).append(port)
            public = self._public()
            images = self._images_of(servers)
            return [
                self._told(
                    server,
                    # one that went away between the two listings is not its any more
                    [known[volume] for volume in volumes_of(server) if volume in known],
                    ports.get(server["id"], []),
                    public,
                    images,
                )
                for server in servers
            ]

    def instance(self, id: str) -> Instance:
        """Return one instance by id; NotFound when there is none."""
        with calling("look at instance"):
            return self._shown(self._server(id))

    def create_instance(
        self, spec: InstanceSpec, disks: Sequence[str], *, offer: str | None = None, token: str
    ) -> Instance:
        """Make and start a machine from filled disks, and return it once it runs.

        Each disk becomes a volume of its own. The same token twice makes one.
        """
        with calling("create instance"):
            server = self._with_token(token)
            if server is None:
                self._check(spec, disks)
                flavor = self._flavor(spec.size, offer)
                server = self._launch(spec, disks, flavor, token)
            self._wait_until_up(server["id"])
            return self._shown(self._server(server["id"]))

    def resize_instance(self, id: str, size: Size, *, offer: str | None = None) -> None:
        """Give a stopped machine another size; Conflict when it runs.

        A resize that somebody left unconfirmed is confirmed when it is the one asked for, and taken
        back first when it is another.
        """
        with calling("resize instance"):
            server = self._server(id)
            flavor = self._flavor(size, offer)
            if server["status"] == "VERIFY_RESIZE":
                if server["flavor"]["original_name"] == flavor["name"]:
                    self._confirm(id)
                    return
                self._do(id, "revertResize", is_in("stopped", "active"), "the way back")
                server = self._server(id)
            if server["flavor"]["original_name"] == flavor["name"]:
                return
            if server["OS-EXT-STS:vm_state"] != "stopped":
                raise Conflict(
                    f"{id} is {server['status']}", hint="Stop it, without deallocating it, first"
                )
            about = {"flavorRef": flavor["id"]}
            self._do(id, "resize", is_in("resized"), f"the resize of {id}", about)
            self._confirm(id)

    def delete_instance(self, id: str, *, keep_volumes: bool = False) -> None:
        """Delete the machine and, unless told otherwise, its volumes; quiet when it is gone."""
        with calling("delete instance"), contextlib.suppress(NotFound):
            try:
                server = self._server(id)
            except NotFound:
                self._drop_waiting_port(id)
                return
            ports = self._cards_of(server)
            if server["status"] != "SOFT_DELETED":
                volumes = self._decide_volumes(id, delete=not keep_volumes)
                self._session.delete("compute", f"/servers/{id}")
            else:
                volumes = []
            self._wait_until_gone(id, [] if keep_volumes else volumes)
            self._give_back_public(ports)
            for port in ports:
                self._session.delete("network", f"/ports/{port['id']}")

    def _cards_of(self, server: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Return the cards we made for a server, also those that one which failed does not have."""
        ports = [port for port in self._ports_of(server["id"]) if marks.is_ours(port)]
        token = server["metadata"].get(marks.TOKEN)
        return [*ports, *self._waiting_ports(token)] if token else ports

    def _drop_waiting_port(self, id: str) -> None:
        """Delete a card of ours whose server has not come: `made` tells it for the server."""
        told = self._session.get("network", f"/ports/{marks.id_of(id, 'card')}")["port"]
        if marks.is_ours(told) and not told["device_id"]:
            self._session.delete("network", f"/ports/{id}")

    def sizes(self) -> list[Offer]:
        """Return the flavors."""
        with calling("list sizes"):
            return [
                flavors.offer(flavor, self._session.settings.architecture)
                for flavor in self._flavors()
            ]

    def _flavors(self) -> list[Mapping[str, Any]]:
        return list(self._session.listed("compute", "/flavors/detail", "flavors"))

    def _flavor(self, size: Size, offer: str | None) -> Mapping[str, Any]:
        """Return the flavor by its name, or the one that is exactly the size."""
        known = self._flavors()
        for flavor in known:
            if flavor["name"] == offer or (offer is None and self._is_exactly(flavor, size)):
                return flavor
        names = ", ".join(sorted(flavor["name"] for flavor in known))
        wanted = offer or f"{size.vcpus} vCPUs and {size.memory} MiB"
        raise Invalid(f"there is no flavor {wanted}", hint=f"Choose one of {names}")

    def _is_exactly(self, flavor: Mapping[str, Any], size: Size) -> bool:
        """Tell whether a flavor is of a size; one that does not tell its architecture may be."""
        offer = flavors.offer(flavor, self._session.settings.architecture)
        either = Arch.UNKNOWN in (offer.size.arch, size.arch)
        told = offer.size.model_copy(update={"arch": size.arch}) if either else offer.size
        return told == size and not offer.bare_metal

    def _confirm(self, id: str) -> None:
        self._act(id, "confirmResize")
        self._settled(id, lambda told: told["status"] != "VERIFY_RESIZE", "the confirmation")

    def _decide_volumes(self, id: str, *, delete: bool) -> list[str]:
        """Tell nova what becomes of the volumes, so that nothing is left if we die here."""
        path = f"/servers/{id}/os-volume_attachments"
        attached = self._session.get("compute", path)["volumeAttachments"]
        for each in attached:
            if each["delete_on_termination"] != delete:
                self._session.put(
                    "compute",
                    f"{path}/{each['volumeId']}",
                    {
                        "volumeAttachment": {
                            "volumeId": each["volumeId"],
                            "delete_on_termination": delete,
                        }
                    },
                )
        return [each["volumeId"] for each in attached]

    def _wait_until_gone(self, id: str, volumes: Sequence[str]) -> None:
        def left() -> bool:
            try:
                server = self._server(id)
            except NotFound:
                return False
            if server["OS-EXT-STS:task_state"] is None:
                if server["status"] == "SOFT_DELETED":
                    # this deployment keeps deleted servers, their volumes with them, for a while
                    self._act(id, "forceDelete")
                elif server["status"] == "ERROR":
                    raise failed(server)
            return True

        until(left, lambda more: not more, f"deleting {id}", SECONDS)
        for volume in volumes:
            path = f"/volumes/{volume}"
            until(
                lambda path=path: gone(lambda: self._session.get("block_storage", path)),  # type: ignore[misc]
                bool,
                f"deleting volume {volume}",
                SECONDS,
            )
