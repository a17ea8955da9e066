"""Floating addresses, and what making things of neutron's has in common."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

from adapters.openstack import marks
from adapters.openstack.base import ROUTER, Base
from adapters.openstack.errors import calling
from adapters.openstack.session import Session
from adapters.openstack.translate.networks import public_address
from broker.errors import ConfigError, Conflict, NotFound, Unsupported
from broker.model import PublicAddress


class Addresses(Base):
    """Addresses reachable from outside."""

    def public_addresses(self) -> list[PublicAddress]:
        """Return every floating address held; complete, or an error is raised."""
        with calling("list public addresses"):
            found = list(self._routing("floatingips", project_id=self._session.project))
            on = {}
            if any(each["port_id"] for each in found):
                ports = self._session.listed("network", "/ports", "ports")
                on = {port["id"]: port["device_id"] for port in ports}
            return [public_address(each, on.get(each["port_id"]) or None) for each in found]

    def create_public_address(self, *, token: str) -> PublicAddress:
        """Take a new address. The same token twice takes one."""
        with calling("create public address"):
            mark = marks.description(token)
            known = next(self._routing("floatingips", description=mark), None)
            found = known["id"] if known else self._float(mark)
            told = self._session.get("network", f"/floatingips/{found}")["floatingip"]
            port = told["port_id"]
            return public_address(told, self._device(port) if port else None)

    def attach_public_address(self, id: str, instance: str) -> None:
        """Attach to an instance's first card; quiet when it is there."""
        with calling("attach public address"):
            path = f"/floatingips/{marks.id_of(id, 'public address')}"
            told = self._session.get("network", path)["floatingip"]
            marks.id_of(instance, "instance")
            found = list(self._session.listed("network", "/ports", "ports", device_id=instance))
            if not found:
                self._session.get("compute", f"/servers/{instance}")
                raise Conflict(f"instance {instance} has no card")
            first = min(found, key=lambda port: (port["created_at"], port["name"]))
            if told["port_id"] != first["id"]:
                self._session.put("network", path, {"floatingip": {"port_id": first["id"]}})

    def delete_public_address(self, id: str) -> None:
        """Detach and give back; quiet when it is gone."""
        with calling("delete public address"), contextlib.suppress(NotFound):
            self._session.delete("network", f"/floatingips/{marks.id_of(id, 'public address')}")

    def _outside(self) -> str:
        """Return the network floating addresses and routers' gateways are of."""
        wanted = self._session.settings.external_network
        known = ways_out(self._session)
        names = ", ".join(each["name"] for each in known)
        if wanted:
            known = [each for each in known if wanted in (each["id"], each["name"])]
        elif len(known) > 1:
            known = [each for each in known if each.get("is_default")] or known
        if len(known) == 1:
            return str(known[0]["id"])
        if known:
            raise ConfigError(
                f"{len(known)} external networks could be meant: {names}",
                hint="Name one as `external_network` of the account",
            )
        if wanted and names:
            raise NotFound(f"there is no external network {wanted}", hint=f"There are: {names}")
        raise Unsupported("this deployment shows no external network: there is no way out")

    def _float(self, mark: str, port: str | None = None) -> str:
        """Take an address, for a port where one is named."""
        wish = {"floating_network_id": self._outside(), "description": mark}
        return self._make("floatingip", wish | ({"port_id": port} if port else {}))

    def _give_back_public(self, ports: Iterable[Mapping[str, Any]]) -> None:
        """Give back the addresses that were taken together with these ports of a machine."""
        for mark in {port["description"] for port in ports}:
            for each in self._routing("floatingips", description=mark):
                self._session.delete("network", f"/floatingips/{each['id']}")

    def _device(self, port: str) -> str | None:
        told: str = self._session.get("network", f"/ports/{port}")["port"]["device_id"]
        return told or None

    def _marked(self, member: str, mark: str) -> list[Mapping[str, Any]]:
        """Return what has exactly this description."""
        listed = self._session.listed("network", f"/{member}", member, description=mark)
        return list(listed)

    def _waiting_ports(self, token: str) -> list[Mapping[str, Any]]:
        """Return the cards made for a server that has not come, or failed before it had them."""
        marked = self._marked("ports", marks.description(token))
        return [port for port in marked if not port["device_id"]]

    def _one(self, member: str, mark: str) -> str | None:
        return next((str(each["id"]) for each in self._marked(member, mark)), None)

    def _make(self, what: str, wish: Mapping[str, object]) -> str:
        made = self._session.post("network", f"/{what}s", {what: wish})
        return str(made[what]["id"])


def ways_out(session: Session) -> list[Mapping[str, Any]]:
    """Return the networks that lead outside; none where neutron does not route."""
    if ROUTER not in session.extensions:
        return []
    return list(session.listed("network", "/networks", "networks", **{"router:external": True}))
