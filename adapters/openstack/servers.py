"""What the files about instances share: one server, all servers, and waiting for one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import requests

from adapters.openstack import marks
from adapters.openstack.base import Base
from adapters.openstack.translate import servers
from adapters.openstack.translate.states import fault, given_up
from adapters.openstack.waiting import until
from broker.errors import BrokerError, Conflict, NotFound, QuotaExceeded
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
        for each in self._routing("floatingips"):
            if each["port_id"]:
                found.setdefault(each["port_id"], []).append(each["floating_ip_address"])
        return found

    def _images_of(
        self, listed: Iterable[Mapping[str, Any]]
    ) -> dict[str | None, Mapping[str, Any]]:
        """Return the images that servers were made from, those which are still there."""
        found: dict[str | None, Mapping[str, Any]] = {}
        for image in {servers.image_of(server) for server in listed} - {None}:
            with contextlib.suppress(NotFound):
                found[image] = self._session.get("image", f"/images/{image}")
        return found

    def _shown(self, server: Mapping[str, Any]) -> Instance:
        """Return one server as an instance, with its own volumes and cards."""
        return self._told(
            server,
            self._volumes_of(server),
            self._ports_of(server["id"]),
            self._public(),
            self._images_of([server]),
        )

    def _told(
        self,
        server: Mapping[str, Any],
        volumes: Iterable[Mapping[str, Any]],
        ports: Iterable[Mapping[str, Any]],
        public: Mapping[str, list[str]],
        images: Mapping[str | None, Mapping[str, Any]],
    ) -> Instance:
        return servers.instance(
            server,
            volumes,
            ports,
            public,
            image=images.get(servers.image_of(server), {}),
            architecture=self._session.settings.architecture,
            now=datetime.now(UTC),
        )

    def _idle(self, id: str, what: str) -> Mapping[str, Any]:
        """Return the server once nova has nothing to do with it; its fault where it is in ERROR.

        The status alone comes too early: nova refuses the next call while a task is under way.
        """
        return self._settled(id, lambda _: True, what)

    def _settled(
        self, id: str, done: Callable[[Mapping[str, Any]], bool], what: str
    ) -> Mapping[str, Any]:
        """Wait until nova has nothing to do with the server, and it is ``done``."""

        def idle(server: Mapping[str, Any]) -> bool:
            if server["OS-EXT-STS:task_state"] is not None:
                return False
            if server["status"] == "ERROR":
                raise failed(server)
            return done(server)

        return until(lambda: self._server(id), idle, what, SECONDS)

    def _do(
        self,
        id: str,
        action: str,
        done: Callable[[Mapping[str, Any]], bool],
        what: str,
        about: object = None,
    ) -> None:
        """Let nova do something to a server and wait until it has; its reason when it gives up.

        nova sets the task before it answers. So one without a task that is not ``done`` is where it
        was before: no host had room, or the hypervisor refused.
        """
        asked = self._asked(id, action, about)
        if not done(self._idle(id, what)):
            raise self._given_up(id, what, asked.headers["x-openstack-request-id"])

    def _given_up(self, id: str, what: str, request: str) -> BrokerError:
        path = f"/servers/{id}/os-instance-actions/{request}"
        reason = given_up(self._session.get("compute", path)["instanceAction"])
        kind: type[BrokerError] = QuotaExceeded if NO_ROOM in reason else Conflict
        return kind(
            f"nova gave up {what}: {reason}",
            hint="Take another size or zone, or ask the operator, who finds it by the request",
            request_id=request,
        )

    def _act(self, id: str, action: str, about: object = None) -> Any:
        answer = self._asked(id, action, about)
        return answer.json() if answer.content else None

    def _asked(self, id: str, action: str, about: object) -> requests.Response:
        path = f"/servers/{id}/action"
        return self._session.request("compute", "POST", path, json={action: about})


def failed(server: Mapping[str, Any]) -> BrokerError:
    """Return why a server is in ERROR."""
    reason = fault(server)
    kind: type[BrokerError] = QuotaExceeded if NO_ROOM in reason else Conflict
    told = server.get("fault") or {}
    return kind(
        f"server {server['name']} ({server['id']}) failed: {reason}",
        code=str(told.get("code", "")),
        hint="Delete it, then take another size or zone, or ask the operator",
    )
