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
    """Make a firewall, still without the rules that name a group."""

    do: Literal["create_firewall"] = "create_firewall"
    firewall: str
    spec: FirewallSpec

    @property
    def title(self) -> str:
        """What it does, for people."""
        return f"create firewall {self.spec.name}"


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


class StopSource(Strict):
    """Shut the source down, so that its disks hold still. Quiet when it is stopped."""

    do: Literal["stop_source"] = "stop_source"
    instance: str

    @property
    def title(self) -> str:
        """What it does, for people."""
        return "stop the source"


class SnapshotVolume(Strict):
    """Take a snapshot of a disk of the running source, to copy from."""

    do: Literal["snapshot_volume"] = "snapshot_volume"
    volume: str
    name: str

    @property
    def title(self) -> str:
        """What it does, for people."""
        return f"take a snapshot of disk {self.name}"


class CopyVolume(Strict):
    """Copy a disk into a new one of ``size`` bytes, going on where an earlier try ended."""

    do: Literal["copy_volume"] = "copy_volume"
    volume: str
    name: str
    size: Bytes

    @property
    def title(self) -> str:
        """What it does, for people."""
        return f"copy disk {self.name}"


class VerifyVolume(Strict):
    """Read the copy back and compare it with what was read from the source."""

    do: Literal["verify_volume"] = "verify_volume"
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


class DeleteSnapshot(Strict):
    """Delete the snapshot a disk was copied from."""

    do: Literal["delete_snapshot"] = "delete_snapshot"
    volume: str
    name: str

    @property
    def title(self) -> str:
        """What it does, for people."""
        return f"delete the snapshot of disk {self.name}"


Step = Annotated[
    UseNetwork
    | CreateNetwork
    | CreateFirewall
    | LinkFirewall
    | StopSource
    | SnapshotVolume
    | CopyVolume
    | VerifyVolume
    | CreateInstance
    | VerifyInstance
    | DeleteSnapshot,
    Field(discriminator="do"),
]
