"""Whether hosts of one's own can carry all machines at once."""

from __future__ import annotations

from collections.abc import Sequence

from broker.model import Host, Size


class Room:
    """The hosts of a place, and what machines need of them together."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        """Take the hosts; there may be none."""
        self._hosts = hosts
        self._vcpus = 0
        self._memory = 0

    def take(self, size: Size, count: int) -> None:
        """Let so many machines of a size be there."""
        self._vcpus += size.vcpus * count
        self._memory += size.memory * count

    def lacks(self) -> str:
        """Return what the hosts lack; empty when nothing, or when there are none."""
        if not self._hosts:
            return ""
        for what, needed, there in (
            ("vCPUs", self._vcpus, sum(host.vcpus for host in self._hosts)),
            ("MiB of memory", self._memory, sum(host.memory for host in self._hosts)),
        ):
            if needed > there:
                return f"all machines together need {needed} {what}; the hosts there have {there}"
        return ""
