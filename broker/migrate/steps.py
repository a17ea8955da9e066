"""What a migration does, as data: each step is a value that can be printed, saved and run again.

Networks, subnets, firewalls and volumes are named by their ids at the source throughout. What
stands for them on the target is a fact that the steps find out as they run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from broker.model import Bytes, FirewallRule, FirewallSpec, InstanceSpec, NetworkSpec, Strict


class UseNetwork(Strict):
    """Let a network that is on the target already stand for one of the source."""

    do: Literal["use_network"] = "use_network"
    network: str
    target: str
    name: str
    subnets: Mapping[str, str]

    @property
    def title(self) -> str:
        """What it does, for people."""
        return f"use network {self.name}"


class CreateNetwork(Strict):
    """Make a network. ``subnets`` are the source's, in the order of ``spec.subnets``."""

    do: Literal["create_network"] = "create_network"
    network: str
    spec: NetworkSpec
    subnets: tuple[str, ...]

    @property
    def title(self) -> str:
        """What it does, for people."""
        return f"create network {self.spec.name}"


class CreateFirewall(Strict):
    """Make a firewall, still without the rules that name a group.

    ``proof`` says how what it lets through stands to what the source does.
    """

    do: Literal["create_firewall"] = "create_firewall"
    firewall: str
    spec: FirewallSpec
    proof: str = ""

    @property
    def title(self) -> str:
        """What it does, for people."""
        return f"create firewall {self.spec.name}" + (f" ({self.proof})" if self.proof else "")


class LinkFirewall(Strict):
    """Give a firewall the rules that name groups, now that every group has an id."""

    do: Literal["link_firewall"] = "link_firewall"
    firewall: str
    name: str
    rules: tuple[FirewallRule, ...]

    @property
    def title(self) -> str:
        """What it does, for people."""
        return f"add the rules of firewall {self.name} that name groups"


class VerifyFirewall(Strict):
    """Read a firewall back and prove that it lets through what was planned, no more and no less."""

    do: Literal["verify_firewall"] = "verify_firewall"
    firewall: str
    spec: FirewallSpec

    @property
    def title(self) -> str:
        """What it does, for people."""
        return f"read firewall {self.spec.name} back and prove it"


class StopSource(Strict):
    """Shut the source down, so that its disks hold still. Quiet when it is stopped."""

    do: Literal["stop_source"] = "stop_source"
    instance: str

    @property
    def title(self) -> str:
        """What it does, for people."""
        return "stop the source"


class Disk(Strict):
    """A disk to copy: the source's volume, and the name and size of what it is copied into."""

    volume: str
    name: str
    size: Bytes


class CopyDisks(Strict):
    """Copy disks into new ones, going on where an earlier try ended.

    All are opened before the first is read: a source that runs can hold them still together.
    """

    do: Literal["copy_disks"] = "copy_disks"
    disks: tuple[Disk, ...]

    @property
    def title(self) -> str:
        """What it does, for people."""
        names = ", ".join(disk.name for disk in self.disks)
        return f"copy {'disk' if len(self.disks) == 1 else 'disks'} {names}"

    def tokens(self, token: str) -> list[tuple[Disk, str]]:
        """Return the disks, each with a token of its own, given the step's."""
        return [(disk, f"{token}-{number}") for number, disk in enumerate(self.disks)]


class VerifyDisk(Strict):
    """Read the copy back and compare it with what was read from the source."""

    do: Literal["verify_disk"] = "verify_disk"
    volume: str
    name: str

    @property
    def title(self) -> str:
        """What it does, for people."""
        return f"read disk {self.name} back and compare"


class CreateInstance(Strict):
    """Make and start the machine from the copied ``volumes``.

    ``user_data`` tells to hand on the source's; the text itself may hold secrets and is in no plan.
    """

    do: Literal["create_instance"] = "create_instance"
    source: str
    spec: InstanceSpec
    offer: str | None
    volumes: tuple[str, ...]
    user_data: bool

    @property
    def title(self) -> str:
        """What it does, for people."""
        return f"create and start {self.spec.name}" + (f" ({self.offer})" if self.offer else "")


class VerifyInstance(Strict):
    """Wait until the machine runs and, where asked, its console says ``console`` (a pattern)."""

    do: Literal["verify_instance"] = "verify_instance"
    console: str | None

    @property
    def title(self) -> str:
        """What it does, for people."""
        return "see it run" + (f' and its console say "{self.console}"' if self.console else "")


class ReleaseDisk(Strict):
    """Delete a copied disk that the machine does not need, because it has one of its own by now."""

    do: Literal["release_disk"] = "release_disk"
    volume: str
    name: str

    @property
    def title(self) -> str:
        """What it does, for people."""
        return f"delete the copy of disk {self.name} unless the machine uses it"


Step = Annotated[
    UseNetwork
    | CreateNetwork
    | CreateFirewall
    | LinkFirewall
    | VerifyFirewall
    | StopSource
    | CopyDisks
    | VerifyDisk
    | CreateInstance
    | VerifyInstance
    | ReleaseDisk,
    Field(discriminator="do"),
]
