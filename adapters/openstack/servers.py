"""What the files about instances share: one server, all servers, and waiting for one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from adapters.openstack import marks
from adapters.openstack.base import Base
from adapters.openstack.translate import servers
from adapters.openstack.waiting import until
from broker.errors import BrokerError, Conflict, QuotaExceeded
from broker.model import Instance

SECONDS = 600.0
"""What a server may take for anything: a large guest's memory is written to disk on suspend."""

NO_ROOM = "No valid host"
"""How nova's scheduler begins when no host has room for a server."""


class Servers(Base):
    """Servers as nova tells them, and as instances."""

    def _server(self, id: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._session.get(
            "compute", f"/servers/{marks.id_of(id, 'instance')}"
        )["server"]
        return found

    def _servers(self) -> list[Mapping[str, Any]]:
        return list(self._session.listed("compute", "/servers/detail", "servers"))

    def _with_token(self, token: str) -> Mapping[str, Any] | None:
        """Return the server the token made; nova filters by name, but not by metadata."""
        for server in self._servers():
            if server["metadata"].get(marks.TOKEN) == token:
                return server
        return None

    def _volumes_of(self, server: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        return [
            self._session.get("block_storage", f"/volumes/{volume}")["volume"]
            for volume in servers.volumes_of(server)
        ]

    def _ports_of(self, id: str) -> list[Mapping[str, Any]]:
        return list(self._session.listed("network", "/ports", "ports", device_id=id))

    def _public(self) -> dict[str, list[str]]:
        """Return the floating addresses of each port."""
        found: dict[str, list[str]] = {}
        for each in self._session.listed("network", "/floatingips", "floatingips"):
            if each["port_id"]:
                found.setdefault(each["port_id"], []).append(each["floating_ip_address"])
        return found

    def _shown(self, server: Mapping[str, Any]) -> Instance:
        """Return one server as an instance, with its own volumes and cards."""
        own = server["id"]
        return self._told(server, self._volumes_of(server), self._ports_of(own), self._public())

    def _told(
        self,
        server: Mapping[str, Any],
        volumes: Iterable[Mapping[str, Any]],
        ports: Iterable[Mapping[str, Any]],
        public: Mapping[str, list[str]],
    ) -> Instance:
        return servers.instance(
            server,
            volumes,
            ports,
            public,
            architecture=self._session.settings.architecture,
            now=datetime.now(UTC),
        )

    def _settled(self, id: str, done: Callable[[Mapping[str, Any]], bool], what: str) -> None:
        """Wait until nova has nothing to do with the server, and it is ``done``.

        The status alone comes too early: nova refuses the next call while a task is under way.
        """

        def idle(server: Mapping[str, Any]) -> bool:
            if server["OS-EXT-STS:task_state"] is not None:
                return False
            if server["status"] == "ERROR":
                raise failed(server)
            return done(server)

        until(lambda: self._server(id), idle, what, SECONDS)

    def _act(self, id: str, action: str, about: object = None) -> Any:
        return self._session.post("compute", f"/servers/{id}/action", {action: about})


def failed(server: Mapping[str, Any]) -> BrokerError:
    """Return why a server is in ERROR."""
    reason = servers.fault(server)
    kind: type[BrokerError] = QuotaExceeded if NO_ROOM in reason else Conflict
    told = server.get("fault") or {}
    return kind(
        f"server {server['name']} ({server['id']}) failed: {reason}",
        code=str(told.get("code", "")),
        hint="Delete it, then take another size or zone, or ask the operator",
    )
