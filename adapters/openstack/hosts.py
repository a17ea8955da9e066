"""The hypervisors behind a project, of which only administrators are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.openstack.base import Base
from adapters.openstack.errors import calling
from broker.model import Arch, Host

LAST_TOLD = (2, 87)
"""From microversion 2.88 on nova no longer says what a hypervisor has."""


class Hosts(Base):
    """The hosts of one cloud."""

    def hosts(self) -> list[Host]:
        """Return every hypervisor with its threads and memory; AccessDenied for who may not know.

        Nova's own overcommitment is in nobody's answer, so it is not counted.
        """
        with calling("list hosts"):
            return [host(each) for each in self._hypervisors()]

    def _hypervisors(self) -> Iterator[Mapping[str, Any]]:
        most = tuple(int(part) for part in self._session.microversion("compute").split("."))
        version = ".".join(map(str, min(most, LAST_TOLD)))
        marker: dict[str, str] = {}
        while True:
            answer = self._session.request(
                "compute", "GET", "/os-hypervisors/detail", microversion=version, params=marker
            ).json()
            found = answer["hypervisors"]
            yield from found
            if not (found and answer.get("hypervisors_links")):
                return
            marker = {"marker": found[-1]["id"]}


def host(found: Mapping[str, Any]) -> Host:
    """Return a hypervisor as a host; one that is down or takes no guests has capacity 0."""
    usable = found["state"] == "up" and found["status"] == "enabled"
    word = (found.get("cpu_info") or {}).get("arch")
    return Host(
        # several nova-compute on one machine are several hypervisors with one host name
        id=f"{found['hypervisor_hostname']} ({str(found['id'])[:8]})",
        vcpus=found["vcpus"] if usable else 0,
        memory=found["memory_mb"] if usable else 0,
        arch=Arch(word) if word in set(Arch) else Arch.UNKNOWN,
    )
