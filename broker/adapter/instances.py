"""The contract for instances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from broker.model import Instance, InstanceSpec, Offer, Size, StopMode


class Instances(Protocol):
    """Virtual machines of one account."""

    def instances(self) -> list[Instance]:
        """Return every instance; complete, or an error is raised."""
        ...

    def instance(self, id: str) -> Instance:
        """Return one instance by id; NotFound when there is none."""
        ...

    def create_instance(
        self, spec: InstanceSpec, disks: Sequence[str], *, offer: str | None = None, token: str
    ) -> Instance:
        """Make and start a machine from filled disks, and return it once the provider has it.

        ``disks`` are ids that ``Sink.commit`` returned, or image ids, in the order of
        ``spec.volumes``. ``offer`` is the catalogue name of the size where sizes are offers. The
        same token twice makes one.
        """
        ...

    def start_instance(self, id: str) -> None:
        """Start; quiet when it runs already. A paused or suspended machine resumes."""
        ...

    def stop_instance(self, id: str, mode: StopMode = StopMode.SHUTDOWN) -> None:
        """Stop and return when it is stopped; quiet when it is.

        SHUTDOWN asks the guest and raises Conflict when it does not obey in time; POWER_OFF pulls
        the plug; DEALLOCATE also gives the compute back. A provider with fewer ways takes the
        nearest that does no more harm.
        """
        ...

    def reboot_instance(self, id: str) -> None:
        """Restart a running machine; Conflict when it does not run."""
        ...

    def resize_instance(self, id: str, size: Size, *, offer: str | None = None) -> None:
        """Give a stopped machine another size; Conflict when it runs."""
        ...

    def delete_instance(self, id: str, *, keep_volumes: bool = False) -> None:
        """Delete the machine and, unless told otherwise, its volumes; quiet when it is gone."""
        ...

    def sizes(self) -> list[Offer]:
        """Return the sizes on offer; empty where any size can be had."""
        ...
